"""`warehouse status`: the last run, its account, the release, and whether anything runs now."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connectors.settings import Settings, load_settings
from flows.account import Summary, draw_summary, read_summary
from flows.speech import Speaker, command, json_option, option, pass_speaker, say_json

if TYPE_CHECKING:
    from connectors.warehouse.audit import Head
    from flows.watching.facts import Facts


@command(
    "status",
    "最近一次运行的账目、上一夜与下一夜、当前发布、正在运行的内容；不启动任何服务。",
    "The last run with its account, the last and the next night, the release, and what runs now; starts nothing.",
)
@option(
    "--html",
    "page",
    type=click.Path(path_type=Path, dir_okay=False),
    zh="另把状态页写到这个文件（HTML，手机可读）",
    en="Write the status page to this file too (HTML)",
)
@json_option
@pass_speaker
def command_line(speaker: Speaker, page: Path | None, as_json: bool) -> int:
    """Tell how things stand."""
    from connectors.postgres import status
    from flows.prefect_home import recorded_serving, serving_address
    from flows.watching.facts import read_facts

    settings = load_settings()
    database, facts = status(settings), read_facts(settings)
    if page is not None:
        _write_page(page, facts)
    summary, chain, closings, waiting = (
        _standing(settings, speaker.lang) if database.is_running else (None, None, [], 0)
    )
    serving = serving_address(settings)
    health = recorded_serving(settings) if serving else None
    if as_json:
        say_json(
            {
                "database": asdict(database),
                "serving": serving,
                "last_run": summary.to_dict() if summary else None,
                "chain": asdict(chain) if chain else None,
                "closed": closings,
                "figures_waiting": waiting,
                "health": health.health if health else None,
                **_outlook(facts),
            }
        )
        return 0
    is_running = speaker.words("运行中", "running") if database.is_running else speaker.words("未运行", "not running")
    speaker.say(f"数据库：{database.target}（{is_running}）", f"Database: {database.target} ({is_running})")
    speaker.say(f"界面与定时任务：{serving or '未启动'}", f"UI and schedule: {serving or 'not started'}")
    if health:
        speaker.say(f"状态页：{health.health}/status", f"Status page: {health.health}/status")
    _tell_outlook(facts, speaker)
    if page is not None:
        speaker.say(f"状态页已写到：{page}", f"The status page is written: {page}")
    if chain:
        speaker.say(
            f"事件链：{chain.event_id} 个事件，末端哈希 {chain.short_hash or '—'}",
            f"Chain of events: {chain.event_id} events, ends with hash {chain.short_hash or '—'}",
        )
    if summary is None:
        speaker.say("没有可以读取的运行记录。开始：warehouse run", "No run to be read. Begin with: warehouse run")
        return 0
    speaker.say("", "")
    if summary.run["status"] == "running":
        _tell_unfinished(summary, speaker)
    text = draw_summary(summary, speaker)
    speaker.say(text, text)
    if closings:
        _tell_closed(closings, waiting, speaker)
    return 0


def _outlook(facts: Facts) -> dict[str, Any]:
    """The nights by the schedule, the release, the sources, and what is wrong, as JSON-able facts."""
    from flows.watching.verdict import reasons

    return {
        "next_night": facts.next_due,
        "missed_nights": facts.missed,
        "reasons": [reason.to_dict() for reason in reasons(facts)],
        "current_release": facts.pulse.release if facts.pulse else None,
        "sources": facts.pulse.sources if facts.pulse else [],
        "deliveries_undecided": facts.pulse.waiting["deliveries_undecided"] if facts.pulse else 0,
    }


def _tell_outlook(facts: Facts, speaker: Speaker) -> None:
    from flows.watching.verdict import reasons

    at = f"{facts.next_due:%Y-%m-%d %H:%M}"
    speaker.say(f"下一夜：{at}（北京时间）", f"Next night: {at} in Shanghai")
    if facts.pulse and facts.pulse.release:
        number, published = facts.pulse.release["release_id"], f"{facts.pulse.release['published_at']:%Y-%m-%d %H:%M}"
        speaker.say(f"当前发布：第 {number} 期，{published} 发布", f"Release: {number}, published {published}")
    for source in facts.pulse.sources if facts.pulse else []:
        name, last = source["source_id"], f"{source['last_delivery_at']:%Y-%m-%d %H:%M}"
        speaker.say(f"来源 {name}：最近一次收到文件 {last}", f"Source {name}: last delivery {last}")
    for reason in reasons(facts):
        speaker.say(f"⚠ {reason.zh}", f"⚠ {reason.en}")


def _write_page(page: Path, facts: Facts) -> None:
    from connectors.report.writing import write_whole
    from flows.watching.page import status_page

    page.parent.mkdir(parents=True, exist_ok=True)
    write_whole(page, status_page(facts).encode())


def _standing(settings: Settings, lang: str) -> tuple[Summary | None, Head | None, list[dict[str, Any]], int]:
    """The last run, the end of the chain of events, the closings in effect, and how many of their figures would be another today."""
    from connectors.warehouse.audit import read_head
    from connectors.warehouse.closing_ledger import count_waiting_changes, read_closings
    from connectors.warehouse.engine import connect
    from connectors.warehouse.ledger import is_prepared

    with connect(settings) as conn:
        if not is_prepared(conn):
            return None, None, [], 0
        closings = [row for row in read_closings(conn) if row["reopened_at"] is None]
        return read_summary(conn, lang=lang), read_head(conn), closings, count_waiting_changes(conn)


def _tell_closed(closings: list[dict[str, Any]], waiting: int, speaker: Speaker) -> None:
    periods = ", ".join(sorted({row["period"] for row in closings}))
    held = sum(row["held"] for row in closings)
    speaker.say(
        f"\n已结账：{periods}；等待重述的报送 {held} 份，数字 {waiting} 个（warehouse closings）。"
        if held or waiting
        else f"\n已结账：{periods}；没有等待重述的。",
        f"\nClosed: {periods}; {held} answers and {waiting} figures wait (warehouse closings).",
    )


def _tell_unfinished(summary: Summary, speaker: Speaker) -> None:
    if summary.run["is_alive"]:
        step = summary.steps[-1]["step"] if summary.steps else "prepare"
        speaker.say(f"正在运行，当前步骤：{step}", f"Running now, at the step: {step}")
    else:
        speaker.say(
            "该运行中途停止。再次执行 warehouse run 会接着完成。",
            "That run stopped half-way. Run `warehouse run` to go on with it.",
        )
