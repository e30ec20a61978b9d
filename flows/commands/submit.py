"""`warehouse submit`: put workbooks into the inbox."""

from __future__ import annotations

from pathlib import Path

import click

from connectors.settings import load_settings
from flows.inbox import files_under, put_into_inbox
from flows.speech import Speaker, command, json_option, pass_speaker, say_json


@command(
    "submit",
    "把报表放入收件文件夹（WAREHOUSE_INBOX），不改动原文件。",
    "Put workbooks into the inbox (WAREHOUSE_INBOX); the originals stay as they are.",
)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@json_option
@pass_speaker
def command_line(speaker: Speaker, paths: tuple[Path, ...], as_json: bool) -> int:
    """Put files into the inbox."""
    inbox = load_settings().inbox
    done = [put_into_inbox(inbox, path) for path in files_under(paths)]
    if as_json:
        say_json([{"file": str(p.source), "inbox": str(p.target), "is_new": p.is_new} for p in done])
        return 0
    for put in done:
        known = speaker.words("放入" if put.is_new else "已在", "put at" if put.is_new else "already at")
        speaker.say(f"{put.source} {known} {put.target}", f"{put.source} {known} {put.target}")
    speaker.say(
        f"共 {len(done)} 个文件。它们在下一次运行时读取（每天 02:00，或现在执行 warehouse run）；结果见 warehouse findings。",
        f"{len(done)} files. The next run reads them (02:00 each day, or now: warehouse run); then see warehouse findings.",
    )
    return 0
