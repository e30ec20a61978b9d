"""`warehouse release`: what was published, and what changed between two releases."""

from __future__ import annotations

from typing import Any

import click

from connectors.settings import load_settings
from flows.comparison import plain_number
from flows.desk import reading
from flows.speech import Speaker, SpokenGroup, command, json_option, option, pass_speaker, say_json
from flows.tables import draw_table
from flows.usage import WrongUsage

CAUSES_ZH = {"new_data": "新数据", "correction": "更正", "register_change": "名册变动"}


@click.group("release", cls=SpokenGroup, zh="发布记录与两次发布的差异。", en="Releases, and what changed between two.")
def command_line() -> None:
    """Releases."""


@command("list", "列出各期发布，最近的在前。", "List releases, the newest first.")
@option("--limit", type=int, default=20, show_default=True, zh="最多列出多少期", en="How many at most")
@json_option
@pass_speaker
def list_releases(speaker: Speaker, limit: int, as_json: bool) -> int:
    """List releases."""
    from connectors.warehouse.ledger import read_releases

    with reading(load_settings()) as conn:
        rows = read_releases(conn, limit)
    if as_json:
        say_json(rows)
        return 0
    headings = speaker.words(
        "期 发布时间 业务日期 变动数字 原因", "release published_at night figures_changed cause"
    ).split()
    table = [
        [r["release_id"], f"{r['published_at']:%Y-%m-%d %H:%M:%S}", r["night"], r["figures_changed"], r["cause"]]
        for r in rows
    ]
    text = draw_table(headings, table, (0, 3))
    speaker.say(text, text)
    return 0


@command("diff", "两期之间变动的数字（A、B 为期号）。", "The figures that differ between the releases A and B.")
@click.argument("old", metavar="A", type=int)
@click.argument("new", metavar="B", type=int)
@option("--limit", type=int, default=100, show_default=True, zh="最多列出多少个", en="How many at most")
@json_option
@pass_speaker
def show_difference(speaker: Speaker, old: int, new: int, limit: int, as_json: bool) -> int:
    """Show what changed."""
    from connectors.warehouse.ledger import read_release_difference, read_releases

    with reading(load_settings()) as conn:
        newest = next((r["release_id"] for r in read_releases(conn, 1)), 0)
        for release_id in (old, new):
            if not 0 <= release_id <= newest:
                raise WrongUsage(
                    f"没有第 {release_id} 期；现有 1 到 {newest}。",
                    f"There is no release {release_id}; there are 1 to {newest}.",
                )
        rows = read_release_difference(conn, old, new, limit)
    if as_json:
        say_json(rows)
        return 0
    headings = speaker.words(
        "指标 层级 组织 期间 原值 新值 原因", "indicator level organisation period old new cause"
    ).split()
    text = draw_table(headings, [_line(row, speaker) for row in rows], (4, 5))
    speaker.say(text, text)
    speaker.note(f"共 {len(rows)} 个", f"{len(rows)} figures")
    return 0


def _line(row: dict[str, Any], speaker: Speaker) -> list[object]:
    return [
        row["indicator_id"],
        row["org_level"],
        row["org_id"],
        row["period"],
        plain_number(row["old_value"]),
        plain_number(row["new_value"]),
        speaker.words(CAUSES_ZH.get(row["cause"], row["cause"]), row["cause"]),
    ]


command_line.add_command(list_releases)
command_line.add_command(show_difference)
