"""`warehouse explain`: from a figure to the cells that it is made of."""

from __future__ import annotations

import click

from connectors.settings import load_settings
from flows.as_of import known_release
from flows.desk import known_period, reading
from flows.explanation import draw_explanation
from flows.speech import Speaker, command, json_option, option, pass_speaker, say_json
from flows.usage import WrongUsage


@command(
    "explain",
    "追溯一个数字：指标→分子分母→报送→行→单元格（INDICATOR 是指标代号，如 relief_paid）。",
    "Walk a figure to its submissions, rows and cells (INDICATOR, such as relief_paid).",
)
@click.argument("indicator_id", metavar="INDICATOR")
@option("--unit", "org_id", zh="单位、行业组代码；默认全省", en="A unit's or group's code; the province by default")
@option(
    "--period",
    required=True,
    zh="期间，如 2021、2021-Q1、2021-03、2021-2025",
    en="The period, such as 2021, 2021-Q1, 2021-03, 2021-2025",
)
@option(
    "--limit",
    type=int,
    default=20,
    show_default=True,
    zh="每个分子、分母最多列出多少行；0 为全部",
    en="How many rows of each side to list; 0: all",
)
@option(
    "--as-of",
    zh="当时的数字：期号（12、第12期）、日期（当日终了）或时刻（2022-01-31T18:00，北京时间）；默认当前一期",
    en="As it was: a release (12), a day (its end) or a time (2022-01-31T18:00, Shanghai); the current release by default",
)
@json_option
@pass_speaker
def command_line(
    speaker: Speaker, indicator_id: str, org_id: str | None, period: str, limit: int, as_of: str | None, as_json: bool
) -> int:
    """Explain a figure. Exit code 3 where its rows do not add up to it: that is our failure."""
    from connectors.warehouse.explain import explain
    from connectors.warehouse.explain_as_of import explain_as_of

    asked = known_period(period)
    assert asked is not None  # noqa: S101 - the option is required
    with reading(load_settings()) as conn:
        release_id = None if as_of is None else known_release(conn, as_of)
        if release_id is None:
            found = explain(conn, indicator_id, asked.id, org_id, limit or None)
        else:
            found = explain_as_of(conn, release_id, indicator_id, asked.id, org_id, limit or None)
    if found is None:
        where = org_id or speaker.words("全省", "the province")
        when_zh, when_en = ("", "") if release_id is None else (f"第 {release_id} 期", f" in release {release_id}")
        raise WrongUsage(
            f"{when_zh}没有发布过这个数字：{indicator_id}，{where}，{asked.id}。指标代号见年度报告。",
            f"No such figure was published{when_en}: {indicator_id}, {where}, {asked.id}.",
        )
    if as_json:
        say_json(found.to_json())
    else:
        text = draw_explanation(found, speaker)
        speaker.say(text, text)
    return 0 if found.is_reconciled or found.rows_unknown else 3
