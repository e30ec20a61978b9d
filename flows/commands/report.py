"""`warehouse report`: the static report with charts, and the account of a year."""

from __future__ import annotations

from pathlib import Path

import click

from connectors.settings import load_settings
from flows.desk import known_period, reading
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
    from connectors.report import write_account, write_report
    from connectors.warehouse.releases import read_releases
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
    is_year = asked is None or asked.kind == "year"
    account = write_account(settings, chosen, output) if is_year else None
    written = [str(account.page), str(account.document)] if account else []
    if as_json:
        say_json({"report": str(path), "year_account": written, "period": chosen})
        return 0
    speaker.say(f"报告（{chosen}）：{path}", f"Report ({chosen}): {path}")
    for file in written:
        speaker.say(f"年度工作报告（{chosen}）：{file}", f"The year's account ({chosen}): {file}")
    return 0
