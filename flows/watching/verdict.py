"""What is wrong, from the facts alone: each reason with a code that machines know and a sentence for people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta

from flows.schedule import GRACE
from flows.watching.facts import Facts
from flows.watching.records import GOOD

STALE_RUN = timedelta(hours=6)
"""A night takes minutes; one that has been at work for so long stands still."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that is wrong."""

    code: str
    zh: str
    en: str

    def to_dict(self) -> dict[str, str]:
        """The reason as JSON-able facts."""
        return asdict(self)


def reasons(facts: Facts, longest: timedelta | None = None) -> list[Reason]:
    """Everything that is wrong, the gravest first; empty where all is well.

    `longest` stands for the schedule where given: the last night may be so old, whatever hour it is run at.
    """
    return [*_database(facts), *_services(facts), *_night(facts, longest), *_room(facts)]


def _database(facts: Facts) -> Iterator[Reason]:
    if facts.database_answers:
        return
    known = facts.recorded
    last_zh = f"；记录中的上一夜：业务日期 {known.business_date}，{known.ended_at:%m-%d %H:%M} 结束" if known else ""
    last_en = (
        f"; the last night on record is that of {known.business_date}, ended {known.ended_at:%m-%d %H:%M}"
        if known
        else ""
    )
    yield Reason(
        "database",
        f"数据库没有应答（{facts.database_says}）{last_zh}。请运行 warehouse doctor；内置数据库可用 warehouse db start 启动。",
        f"The database does not answer ({facts.database_says}){last_en}. Run warehouse doctor; warehouse db start starts the embedded one.",
    )


def _services(facts: Facts) -> Iterator[Reason]:
    for name, life in facts.services.items():
        if life == "silent":
            yield Reason(
                f"service:{name}",
                f"服务 {name} 在运行而没有应答；若不恢复，会被结束并重新启动。若反复出现，请查看 logs/{name}.log。",
                f"The service {name} runs and does not answer; unless it recovers it is ended and started again. If that repeats, see "
                f"logs/{name}.log.",
            )
        elif life == "down":
            yield Reason(
                f"service:{name}",
                f"服务 {name} 没有在运行，正在重新启动；若反复出现，请查看 logs/{name}.log。",
                f"The service {name} does not run and is being started again; if that repeats, see logs/{name}.log.",
            )


def _night(facts: Facts, longest: timedelta | None) -> Iterator[Reason]:
    night = facts.pulse.night if facts.pulse else None
    if night and night["is_alive"] and facts.at - night["started_at"] > STALE_RUN:
        hours = (facts.at - night["started_at"]) / timedelta(hours=1)
        yield Reason(
            "night_stands_still",
            f"运行 {night['run_id']} 已经 {hours:.0f} 小时没有结束。请查看日志；必要时结束该进程，下一次运行会接着完成。",
            f"Run {night['run_id']} has not ended for {hours:.0f} hours. See its log; end it if need be, the next one goes on with it.",
        )
        return
    missed = _overdue(facts) if longest is None else _too_old(facts, longest)
    if not missed or (night and night["is_alive"]):
        return
    zh, en = missed
    if night and night["status"] == "failed" and str(night["business_date"]) == facts.last_due.date().isoformat():
        yield Reason(
            "night_failed",
            f"上一夜没有成功：运行 {night['run_id']}（业务日期 {night['business_date']}）失败，读者仍看到上一期。"
            "原因见 warehouse status，排除后执行 warehouse run。",
            f"The last night failed: run {night['run_id']} of {night['business_date']}; readers still see the release before. "
            "See warehouse status, then warehouse run.",
        )
        return
    yield Reason("night_missing", zh, en)


def _overdue(facts: Facts) -> tuple[str, str] | None:
    if not facts.missed or (facts.at - facts.last_due < GRACE and len(facts.missed) == 1):
        return None
    count, first = len(facts.missed), facts.missed[0]
    since_zh = "" if count == 1 else f"，自 {first} 起共 {count} 夜"
    since_en = "" if count == 1 else f", {count} nights since {first}"
    return (
        f"上一夜没有运行：{facts.last_due:%Y-%m-%d %H:%M} 应当运行的夜间流程没有完成{since_zh}。"
        "请确认 warehouse serve 在运行（它会自动补跑），或执行 warehouse run。",
        f"Last night did not run: the night due {facts.last_due:%Y-%m-%d %H:%M} has not come to its end{since_en}. "
        "See that warehouse serve runs (it catches up by itself), or call warehouse run.",
    )


def _too_old(facts: Facts, longest: timedelta) -> tuple[str, str] | None:
    good = facts.pulse.good_night if facts.pulse else None
    known = facts.recorded if facts.recorded and facts.recorded.status in GOOD else None
    ended = good["finished_at"] if good else (known.ended_at if known else None)
    if ended is not None and facts.at - ended <= longest:
        return None
    hours = longest / timedelta(hours=1)
    last_zh = f"上一次完成于 {ended:%Y-%m-%d %H:%M}" if ended else "从未完成过"
    last_en = f"the last one ended {ended:%Y-%m-%d %H:%M}" if ended else "none ever did"
    return (
        f"{hours:g} 小时内没有完成的夜间流程：{last_zh}。请执行 warehouse run，并检查定时任务。",
        f"No night has come to its end within {hours:g} hours: {last_en}. Call warehouse run, and look at the timer.",
    )


def _room(facts: Facts) -> Iterator[Reason]:
    for room in facts.room:
        if room.is_short:
            yield Reason(
                "disk",
                f"{room.folder} 所在磁盘只剩 {room.free / 10**9:.1f} GB（共 {room.total / 10**9:.0f} GB）。请清理磁盘或扩容。",
                f"The disk of {room.folder} has {room.free / 10**9:.1f} GB left of {room.total / 10**9:.0f} GB. Make room on it.",
            )
