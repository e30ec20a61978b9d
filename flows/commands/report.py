"""`warehouse report`: the static report with charts."""

from __future__ import annotations

from pathlib import Path

import click

from connectors.settings import load_settings
from flows.desk import known_period, reading
from flows.speech import Speaker, command, json_option, option, pass_speaker, say_json


@command(
    "report",
    "生成带图的报告（一个 HTML 文件，不需要网络）。",
    "Write the report with charts (one HTML file, no network needed).",
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
    """Write the report."""
    from connectors.report import write_report
    from connectors.warehouse.ledger import read_releases
    from flows.failures import NothingYet
    from flows.night import today
    from flows.night_steps import last_ended_month_year

    settings = load_settings()
    asked = known_period(period)
    with reading(settings) as conn:
        releases = read_releases(conn, limit=1)
    if not releases:
        raise NothingYet
    night = releases[0]["night"]
    chosen = asked.id if asked else last_ended_month_year(min(night, today()))
    path = write_report(settings, chosen, output)
    if as_json:
        say_json({"report": str(path), "period": chosen})
    else:
        speaker.say(f"报告（{chosen}）：{path}", f"Report ({chosen}): {path}")
    return 0
