"""`warehouse watch`: did last night run? Asked from outside, by cron, a systemd timer or a container's health check.

It knows nothing of Prefect, starts nothing, and has an answer where Postgres is dead. Whoever sends the answer on through other
channels takes it from `flows.watching.verdict.reasons`.
"""

from __future__ import annotations

from datetime import timedelta

import click

from connectors.settings import load_settings
from flows.speech import Speaker, command, json_option, option, pass_speaker, say_json


@command(
    "watch",
    "上一夜有没有运行：看一次就结束，不启动任何服务；数据库或 Prefect 停止时也能回答。\n\n"
    "退出码：0 正常，1 有问题（例如上一夜没有运行）。",
    "Did last night run? One look; starts nothing, and answers while the database or Prefect is dead.\n\n"
    "Exit codes: 0 all is well, 1 something is wrong (last night did not run, for one).",
)
@option(
    "--hours",
    type=click.IntRange(1, 24 * 366),
    zh="不按 02:00 的时间表，而是：最近多少小时内应有一次完成的运行",
    en="Instead of the 02:00 schedule: a night must have come to its end within so many hours",
)
@json_option
@pass_speaker
def command_line(speaker: Speaker, hours: int | None, as_json: bool) -> int:
    """Look once, and tell."""
    from flows.watching.facts import read_facts
    from flows.watching.verdict import reasons

    facts = read_facts(load_settings())
    wrong = reasons(facts, timedelta(hours=hours) if hours else None)
    night = facts.pulse.good_night if facts.pulse else None
    last = night["business_date"] if night else (facts.recorded.business_date if facts.recorded else None)
    if as_json:
        found = [reason.to_dict() for reason in wrong]
        say_json({"is_well": not wrong, "reasons": found, "last_night": last, "next_night": facts.next_due})
        return int(bool(wrong))
    for reason in wrong:
        speaker.say(reason.zh, reason.en)
    if not wrong:
        speaker.say(
            f"正常：上一夜的业务日期 {last or '—（还没有应当运行的）'}，下一夜 {facts.next_due:%Y-%m-%d %H:%M}。",
            f"All is well: the last night is that of {last or '— (none was due yet)'}, the next is due {facts.next_due:%Y-%m-%d %H:%M}.",
        )
    return int(bool(wrong))
