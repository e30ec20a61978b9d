"""`warehouse release`: what was published, what a release changed and why, and what changed between two."""

from __future__ import annotations

import click

from connectors.settings import load_settings
from flows.desk import reading
from flows.releases import draw_difference, draw_release, draw_releases
from flows.speech import Speaker, SpokenGroup, command, json_option, option, pass_speaker, say_json
from flows.usage import WrongUsage


@click.group("release", cls=SpokenGroup, zh="发布记录与两次发布的差异。", en="Releases, and what changed between two.")
def command_line() -> None:
    """Releases."""


@command("list", "列出各期发布，最近的在前。", "List releases, the newest first.")
@option("--limit", type=int, default=20, show_default=True, zh="最多列出多少期", en="How many at most")
@json_option
@pass_speaker
def list_releases(speaker: Speaker, limit: int, as_json: bool) -> int:
    """List releases."""
    from connectors.warehouse.publish import current_release
    from connectors.warehouse.releases import read_releases

    with reading(load_settings()) as conn:
        rows = read_releases(conn, limit)
        newest = current_release(conn) or 0
    if as_json:
        say_json(rows)
        return 0
    text = draw_releases(rows, speaker)
    speaker.say(text, text)
    if newest > len(rows):
        speaker.note(f"共 {newest} 期，列出最近 {len(rows)} 期", f"{newest} releases, the last {len(rows)} listed")
    return 0


@command(
    "show",
    "一期发布：变动原因、变动最大的数字、引起变动的报送（N 为期号）。",
    "One release: causes, its largest changes, and the submissions behind them.",
)
@click.argument("release_id", metavar="N", type=int)
@option(
    "--limit",
    type=int,
    default=15,
    show_default=True,
    zh="每张表最多列出多少行",
    en="How many lines of each table at most",
)
@json_option
@pass_speaker
def show_release(speaker: Speaker, release_id: int, limit: int, as_json: bool) -> int:
    """Show one release."""
    from connectors.warehouse.publish import current_release
    from connectors.warehouse.releases import read_release

    with reading(load_settings()) as conn:
        found = read_release(conn, release_id, limit)
        newest = current_release(conn) or 0
    if found is None:
        raise _no_release(release_id, newest)
    if as_json:
        say_json(found)
    else:
        text = draw_release(found, speaker)
        speaker.say(text, text)
    return 0


@command(
    "diff",
    "两期之间变动的数字及其间的全部原因（A、B 为期号）。",
    "The figures that differ between the releases A and B, with all causes in between.",
)
@click.argument("old", metavar="A", type=int)
@click.argument("new", metavar="B", type=int)
@option("--limit", type=int, default=100, show_default=True, zh="最多列出多少个", en="How many at most")
@json_option
@pass_speaker
def show_difference(speaker: Speaker, old: int, new: int, limit: int, as_json: bool) -> int:
    """Show what changed."""
    from connectors.warehouse.publish import current_release
    from connectors.warehouse.releases import read_release_difference

    with reading(load_settings()) as conn:
        newest = current_release(conn) or 0
        for release_id in (old, new):
            if not 0 <= release_id <= newest:
                raise _no_release(release_id, newest)
        rows = read_release_difference(conn, old, new, limit)
    total = rows[0]["total"] if rows else 0
    if as_json:
        say_json([{name: value for name, value in row.items() if name != "total"} for row in rows])
    else:
        text = draw_difference(rows, speaker)
        speaker.say(text, text)
    if total > len(rows):
        speaker.note(
            f"共 {total} 个，列出 {len(rows)} 个（--limit 可改）", f"{total} figures, {len(rows)} listed (see --limit)"
        )
    else:
        speaker.note(f"共 {total} 个", f"{total} figures")
    return 0


def _no_release(release_id: int, newest: int) -> WrongUsage:
    return WrongUsage(
        f"没有第 {release_id} 期；现有 1 到 {newest}。" if newest else "还没有发布过。",
        f"There is no release {release_id}; there are 1 to {newest}." if newest else "Nothing has been published yet.",
    )


command_line.add_command(list_releases)
command_line.add_command(show_release)
command_line.add_command(show_difference)
