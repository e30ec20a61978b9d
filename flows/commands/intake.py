"""`warehouse intake`: the tokens by which units upload over HTTP."""

from __future__ import annotations

import csv
import io
import os
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from connectors.settings import load_settings
from flows.desk import author_option, reading, reason_option, sound_reason
from flows.schedule import now
from flows.speech import Speaker, SpokenGroup, command, json_option, option, pass_speaker, say_json
from flows.tables import draw_table
from flows.usage import DayType, WrongUsage

if TYPE_CHECKING:
    from connectors.warehouse.upload_tokens import UploadToken

LASTS = timedelta(days=366)
"""A token is good for a year unless said otherwise."""


@click.group(
    "intake",
    cls=SpokenGroup,
    zh="网上报送的口令：发放、列出、收回。页面由 warehouse serve 提供。",
    en="Tokens for the intake over HTTP: issue, list, revoke. Its pages are served by `warehouse serve`.",
)
def command_line() -> None:
    """Tokens."""


@command(
    "issue",
    "给一个单位（--unit）或名册中还没有口令的所有单位（--all）发口令。\n\n"
    "口令只在这时显示一次，系统里不保存；丢了就收回再发。--all 写成 CSV 文件，只有当前账户可读。",
    "Issue a token to a unit (--unit) or to all units of the register that have none (--all).\n\n"
    "It is shown once and not kept. --all writes a CSV file that only this account can read.",
)
@option("--unit", "unit_id", zh="单位代码", en="The unit's code")
@option("--all", "is_all", is_flag=True, zh="所有还没有口令的单位", en="All units that have none")
@option("--to", "last_day", type=DayType(), zh="有效期的最后一天，默认一年后", en="The last day; a year from now")
@option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), zh="CSV 文件（--all）", en="The CSV file (--all)"
)
@author_option
@json_option
@pass_speaker
def issue(
    speaker: Speaker,
    unit_id: str | None,
    is_all: bool,
    last_day: date | None,
    output: Path | None,
    author: str,
    as_json: bool,
) -> int:
    """Issue tokens."""
    from connectors.warehouse.ledger import read_units
    from connectors.warehouse.upload_tokens import issue_token, read_tokens

    today = now().date()
    last = last_day or today + LASTS
    _check(unit_id, is_all, last, today, output)
    with reading(load_settings()) as conn:
        names = {code: name for code, name, _ in read_units(conn, today, today)}
        if unit_id and unit_id not in names:
            raise WrongUsage(f"今天的单位名册中没有 {unit_id}。", f"Today's register has no unit {unit_id}.")
        have = {token.unit_id for token in read_tokens(conn)}
        wanted = [unit_id] if unit_id else [code for code in names if code not in have]
        # One transaction: a file that cannot be written leaves no token that nobody knows.
        with conn.transaction():
            issued = [(code, names[code], issue_token(conn, code, last, sound_reason(author))[1]) for code in wanted]
            if output is not None:
                _write(output, [(*line, last.isoformat()) for line in issued])
    if as_json:
        tokens = [{"unit": code, "token": token} for code, _, token in issued]
        # With a file, the tokens stand in it and nowhere else.
        shown = {"file": str(output), "count": len(issued)} if output else {"tokens": tokens}
        say_json({**shown, "last_day": last.isoformat()})
    elif output is not None:
        speaker.say(
            f"给 {len(issued)} 个单位发了口令，有效到 {last}：{output}",
            f"Tokens for {len(issued)} units, good until {last}: {output}",
        )
    else:
        speaker.say(
            f"{unit_id} 的口令（有效到 {last}，只显示这一次）：{issued[0][2]}",
            f"The token of {unit_id} (good until {last}, shown this once): {issued[0][2]}",
        )
    return 0


@command("list", "列出口令（不显示口令本身）。", "List tokens (never the token itself).")
@option("--unit", "unit_id", zh="单位代码", en="The unit's code")
@option("--ended", "with_ended", is_flag=True, zh="连同已过期、已收回的", en="Those that are no longer good too")
@json_option
@pass_speaker
def list_tokens(speaker: Speaker, unit_id: str | None, with_ended: bool, as_json: bool) -> int:
    """List tokens."""
    from connectors.warehouse.upload_tokens import read_tokens

    with reading(load_settings()) as conn:
        tokens = read_tokens(conn, unit_id, with_ended=with_ended)
    if as_json:
        say_json([asdict(token) for token in tokens])
        return 0
    headings = speaker.words("编号 单位 有效到 发放人 发放时间 收回", "id unit until author issued revoked")
    text = draw_table(headings.split(), [_line(token) for token in tokens], (0,))
    speaker.say(text, text)
    speaker.note(f"共 {len(tokens)} 个", f"{len(tokens)} tokens")
    return 0


@command(
    "revoke",
    "收回一个口令（编号见 warehouse intake list），立即失效；已上传的文件不受影响。",
    "Take a token back (its id is in: warehouse intake list), at once; what was uploaded stays.",
)
@click.argument("token_id", metavar="ID", type=int)
@reason_option
@author_option
@json_option
@pass_speaker
def revoke(speaker: Speaker, token_id: int, reason: str, author: str, as_json: bool) -> int:
    """Take a token back."""
    from connectors.warehouse.upload_tokens import end_token

    with reading(load_settings()) as conn:
        if not end_token(conn, token_id, sound_reason(reason), sound_reason(author)):
            raise WrongUsage(
                f"没有口令 {token_id}，或它已经收回。", f"There is no token {token_id}, or it was taken back already."
            )
    if as_json:
        say_json({"token_id": token_id, "revoked": True})
        return 0
    speaker.say(f"口令 {token_id} 已收回。", f"Token {token_id} is taken back.")
    return 0


def _check(unit_id: str | None, is_all: bool, last: date, today: date, output: Path | None) -> None:
    if (unit_id is None) is not is_all:
        raise WrongUsage("请用 --unit 写明单位，或用 --all。", "Name a unit with --unit, or use --all.")
    if is_all and output is None:
        raise WrongUsage("--all 要用 -o 写明 CSV 文件。", "--all wants a CSV file: -o FILE.")
    if last < today:
        raise WrongUsage(f"{last} 已经过去。", f"{last} is past.")
    if output is not None and output.exists():
        raise WrongUsage(
            f"{output} 已经存在，没有改动；请换一个文件名。", f"{output} exists and was left alone; name another."
        )


def _write(output: Path, lines: list[tuple[str, str, str, str]]) -> None:
    """With a byte order mark, so that Excel shows Chinese."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("单位代码", "单位名称", "口令", "有效到"))
    writer.writerows(lines)
    with os.fdopen(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(b"\xef\xbb\xbf" + text.getvalue().encode())


def _line(token: UploadToken) -> list[object]:
    ended = f"{token.ended_at:%Y-%m-%d}：{token.end_reason}" if token.ended_at else ""
    return [token.token_id, token.unit_id, token.last_day, token.author, f"{token.issued_at:%Y-%m-%d %H:%M}", ended]


for _each in (issue, list_tokens, revoke):
    command_line.add_command(_each)
