"""`warehouse reopen`: open a closed period again, so that it can be restated."""

from __future__ import annotations

from dataclasses import asdict

import click

from connectors.settings import load_settings
from flows.desk import author_option, known_period, reading, reason_option, sound_reason
from flows.speech import Speaker, command, json_option, pass_speaker, say_json


@command(
    "reopen",
    "重新打开已结账的期间：等待的报送从下一次运行起计入，变动的数字记为“已更正”，并写出重述说明。\n\n"
    "其中较短的期间一并打开；随较长期间结账的，要打开那个较长的期间。",
    "Open a closed period again: what waited counts from the next run on, figures that change are restated, and a note says why.\n\n"
    "The closings inside it are reopened too; a period that was closed with a longer one is reopened with that.",
)
@click.argument("period", metavar="PERIOD")
@reason_option
@author_option
@json_option
@pass_speaker
def command_line(speaker: Speaker, period: str, reason: str, author: str, as_json: bool) -> int:
    """Reopen a period."""
    from connectors.warehouse.closing import reopen
    from connectors.warehouse.lease import hold
    from flows.night_steps import LEASE

    asked = known_period(period)
    assert asked is not None  # noqa: S101 - it is required
    why, signed = sound_reason(reason), sound_reason(author)
    settings = load_settings()
    with reading(settings) as conn, hold(settings, LEASE, f"reopen {asked.id}"):
        reopened = reopen(conn, asked.id, reason=why, author=signed)
    if as_json:
        say_json(asdict(reopened) if reopened else {"period": asked.id, "closings": [], "let_in": 0})
        return 0
    if reopened is None:
        speaker.say(f"{asked.id} 没有结账，不需要重新打开。", f"{asked.id} is not closed; there is nothing to reopen.")
        return 0
    speaker.say(
        f"已重新打开 {'、'.join(reopened.closings)}，{reopened.let_in} 份等待的报送计入；"
        "下一次运行（warehouse run）发布重述，之后再结账：warehouse close。",
        f"Reopened {', '.join(reopened.closings)}; {reopened.let_in} answers that waited count now. The next run (warehouse run)"
        " publishes the restatement; close it again after that: warehouse close.",
    )
    return 0
