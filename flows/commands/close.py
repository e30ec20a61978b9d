"""`warehouse close`: freeze the figures of a period that has ended."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import click

from connectors.settings import load_settings
from flows.desk import author_option, known_period, reading, sound_reason
from flows.speech import Speaker, command, json_option, option, pass_speaker, say_json
from flows.usage import WrongUsage

if TYPE_CHECKING:
    from connectors.warehouse.closing_checks import State

MOST_UNITS = 12
"""So many units of a form are named; `--json` names them all."""


@command(
    "close",
    "结账：PERIOD（如 2021-03、2021-Q1、2021）的数字从此不变，写成带签名的结账包；其中较短的期间一并结账。\n\n"
    "要求：期间已结束；当前发布包含收到的一切；检验是新的；应报的都已收到。不满足的一次全部列出，退出码 1。\n"
    "结账后才到的报送照常收取、判定，等重新打开（warehouse reopen）时计入。",
    "Close a PERIOD (2021-03, 2021-Q1, 2021) and those inside it: its figures stay, in a signed pack beside the warehouse.\n\n"
    "It must have ended, the release must hold everything that came, the checks must be fresh, and every expected answer in.\n"
    "What is unmet is told at once, with exit code 1. What comes later waits until the period is reopened.",
)
@click.argument("period", metavar="PERIOD")
@author_option
@option("--incomplete", is_flag=True, zh="没有收齐也结账，须写明理由", en="Close although answers are missing; say why")
@option("--reason", zh="没有收齐仍要结账的理由", en="Why it is closed although answers are missing")
@json_option
@pass_speaker
def command_line(
    speaker: Speaker, period: str, author: str, incomplete: bool, reason: str | None, as_json: bool
) -> int:
    """Close a period."""
    from connectors.warehouse.close_period import close
    from connectors.warehouse.lease import hold
    from flows.night_steps import LEASE

    asked = known_period(period)
    assert asked is not None  # noqa: S101 - it is required
    if incomplete != (reason is not None):
        raise WrongUsage(
            "--incomplete 和 --reason 要一起用：没有收齐也结账，并写明理由。",
            "Use --incomplete and --reason together: close although answers are missing, and why.",
        )
    signed = sound_reason(author)
    why = sound_reason(reason) if reason is not None else None
    settings = load_settings()
    with reading(settings) as conn, hold(settings, LEASE, f"close {asked.id}") as lease:
        ended = close(settings, conn, lease, asked, author=signed, incomplete_reason=why)
    closed, state = ended.closed, ended.state
    if as_json:
        say_json(
            {
                "period": asked.id,
                "closed": closed is not None,
                "is_new": ended.is_new,
                "closing_id": closed.closing_id if closed else None,
                "closed_with": closed.period if closed else None,
                "release_id": closed.release_id if closed else None,
                "pack": str(ended.pack) if ended.pack else None,
                "obstacles": [{"code": o.code, "zh": o.zh, "en": o.en} for o in state.obstacles] if state else [],
                "expected": state.expected if state else None,
                "missing": [
                    {"form": m.form_id, "unit": m.unit_id, "period": m.period, "state": m.state} for m in state.missing
                ]
                if state
                else None,
                "rows_waiting": state.rows_waiting if state else None,
                "errors": state.errors if state else None,
                "warnings": state.warnings if state else None,
            }
        )
        return 0 if closed else 1
    if closed and not ended.is_new:
        speaker.say(
            f"{asked.id} 已随 {closed.period} 结账（{closed.author}，{closed.closed_at:%Y-%m-%d %H:%M}，第 {closed.release_id} 期），没有再做什么。",
            f"{asked.id} was closed with {closed.period} before ({closed.author}, {closed.closed_at:%Y-%m-%d %H:%M},"
            f" release {closed.release_id}); nothing was done.",
        )
        return 0
    if closed:
        speaker.say(
            f"{asked.id} 已结账：以第 {closed.release_id} 期的数字，结账包 {ended.pack}。",
            f"{asked.id} is closed with release {closed.release_id}; its pack is {ended.pack}.",
        )
    else:
        speaker.say(f"{asked.id} 不能结账：", f"{asked.id} cannot be closed:")
    assert state is not None  # noqa: S101 - only what was closed before has none
    _tell(state, speaker)
    return 0 if closed else 1


def _tell(state: State, speaker: Speaker) -> None:
    for obstacle in state.obstacles:
        speaker.say(f"- {obstacle.zh}。", f"- {obstacle.en}.")
    units: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for m in state.missing:
        units[m.period, speaker.words(f"《{m.form_title}》", m.form_id), m.state].append(m.unit_id)
    for (period, form, how), listed in sorted(units.items()):
        more = f" … {speaker.words('共', 'in all')} {len(listed)}" if len(listed) > MOST_UNITS else ""
        said = speaker.words(STATES_ZH.get(how, how), how)
        named = speaker.words("、", ", ").join(listed[:MOST_UNITS]) + more
        speaker.say(f"  缺 {period} {form}（{said}）：{named}", f"  missing {period} {form} ({said}): {named}")
    speaker.say(
        f"应报 {state.expected} 份，未收 {len(state.missing)} 份；其中待更正 {state.rows_waiting} 行，"
        f"必须改的问题 {state.errors} 处，请核对的 {state.warnings} 处。",
        f"{state.expected} answers expected, {len(state.missing)} missing; {state.rows_waiting} rows wait,"
        f" {state.errors} errors and {state.warnings} warnings are open.",
    )


STATES_ZH = {"refused": "已退回待重报", "overdue": "逾期未报", "awaited": "未到期", "held": "结账后才到"}
