"""`warehouse report`: the static report with charts, and the account of a year."""

from __future__ import annotations

from pathlib import Path

import click

from connectors.settings import load_settings
from flows.speech import Speaker, command, json_option, option, pass_speaker, say_json


@command(
    "report",
    "生成带图的报告（一个 HTML 文件，不需要网络）；期间为一年时，同时生成年度工作报告（HTML 和 Word）。",
    "Write the report with charts (one HTML file, no network needed); for a year its account too (HTML and Word).",
)
@option(
    "--period",
    zh="期间，如 2021；默认为最近结束的月份所在的年",
    en="The period, such as 2021; by default the year of the last ended month",
)
@option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    zh="写到哪个文件夹",
    en="The folder to write to",
)
@json_option
@pass_speaker
def command_line(speaker: Speaker, period: str | None, output: Path, as_json: bool) -> int:
    """Write the report, and the account where the period is a year."""
    from flows.reports import write_reports

    done = write_reports(load_settings(), period, output)
    written = [str(path) for path in done.year_account]
    if as_json:
        say_json({"report": str(done.page), "year_account": written, "period": done.period})
        return 0
    speaker.say(f"报告（{done.period}）：{done.page}", f"Report ({done.period}): {done.page}")
    for file in written:
        speaker.say(f"年度工作报告（{done.period}）：{file}", f"The year's account ({done.period}): {file}")
    return 0
