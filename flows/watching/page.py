"""The status page: how things stand, in Chinese, on one page that works on a phone; the frame of the report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from connectors.report.page import page_environment
from flows.account import STATUS
from flows.moments import STEPS
from flows.signs_of_life import Life
from flows.watching.facts import Facts, age_of
from flows.watching.verdict import Reason, reasons

SERVICES = {"prefect-server": "流程服务（Prefect）", "prefect-worker": "执行器", "intake": "网上报送"}
LIVES: Mapping[Life, str] = {"up": "在运行", "silent": "在运行，没有应答", "down": "没有在运行"}

SEVERITIES = {"critical": "严重", "error": "错误", "warning": "提醒", "info": "提示"}


def status_page(facts: Facts, wrong: list[Reason] | None = None) -> str:
    """The page as HTML. `wrong` stands for what is found wrong with the facts where given."""
    found = reasons(facts) if wrong is None else wrong
    return (
        page_environment()
        .get_template("status.html.j2")
        .render(
            at=facts.at,
            reasons=[reason.zh for reason in found],
            cards=_cards(facts),
            steps=_steps(facts),
            waits=_waits(facts),
            sources=_sources(facts),
            machine=_machine(facts),
        )
    )


def ago(moment: datetime, at: datetime) -> str:
    """How long ago, in the largest unit that says something."""
    age = age_of(moment, at)
    if age < timedelta(minutes=1):
        return "刚刚"
    if age < timedelta(hours=1):
        return f"{age // timedelta(minutes=1)} 分钟前"
    if age < timedelta(days=2):
        return f"{age // timedelta(hours=1)} 小时前"
    return f"{age.days} 天前"


def night_status(night: dict[str, Any]) -> str:
    """How a night stands, in words."""
    status = night["status"]
    return STATUS["stopped" if status == "running" and not night["is_alive"] else status][0]


def _cards(facts: Facts) -> list[tuple[str, str, str]]:
    """Title, what is large, and what stands below it."""
    pulse = facts.pulse
    night = pulse.night if pulse else None
    release = pulse.release if pulse else None
    cards = []
    if night:
        when = night["finished_at"] or night["started_at"]
        cards.append(("上一夜", night_status(night), f"业务日期 {night['business_date']}，{ago(when, facts.at)}"))
    elif facts.recorded:
        known = facts.recorded
        cards.append(
            (
                "上一夜（据记录）",
                STATUS[known.status][0],
                f"业务日期 {known.business_date}，{ago(known.ended_at, facts.at)}",
            )
        )
    else:
        cards.append(("上一夜", "尚无", "还没有运行过"))
    cards.append(("下一夜", f"{facts.next_due:%H:%M}", f"{facts.next_due:%Y-%m-%d}（北京时间）"))
    if release:
        published = f"{release['published_at']:%Y-%m-%d %H:%M} 发布，{ago(release['published_at'], facts.at)}"
        cards.append(("当前发布", f"第 {release['release_id']} 期", published))
    else:
        cards.append(("当前发布", "尚无", "还没有发布过"))
    if pulse:
        cards.append(
            ("待更正", f"{pulse.waiting['rows_waiting']} 行", f"未决文件 {pulse.waiting['deliveries_undecided']} 个")
        )
    return cards


def _steps(facts: Facts) -> list[tuple[str, str]]:
    if not facts.pulse:
        return []
    return [(STEPS.get(step, (step,))[0], f"{seconds:.1f} 秒") for step, seconds in facts.pulse.steps.items()]


def _waits(facts: Facts) -> list[tuple[str, int]]:
    return [(SEVERITIES[severity], count) for severity, count in facts.pulse.findings.items()] if facts.pulse else []


def _sources(facts: Facts) -> list[tuple[str, int, str]]:
    if not facts.pulse:
        return []
    return [
        (
            row["source_id"],
            row["deliveries"],
            f"{row['last_delivery_at']:%Y-%m-%d %H:%M}（{ago(row['last_delivery_at'], facts.at)}）",
        )
        for row in facts.pulse.sources
    ]


def _machine(facts: Facts) -> list[tuple[str, str, bool]]:
    """What, how it stands, and whether that is good."""
    rows = [("数据库", "有应答" if facts.database_answers else "没有应答", facts.database_answers)]
    rows += [(SERVICES.get(name, name), LIVES[life], life == "up") for name, life in facts.services.items()]
    for room in facts.room:
        left = f"剩余 {room.free / 10**9:.0f} GB，共 {room.total / 10**9:.0f} GB"
        rows.append((f"磁盘 {room.folder}", left, not room.is_short))
    if facts.pulse:
        held = "、".join(f"{lease['name']}（{lease['holder']}）" for lease in facts.pulse.leases if lease["is_held"])
        rows.append(("发布租约", held or "空闲", True))
    return rows
