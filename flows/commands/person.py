"""`warehouse person`: what is held about one person, found by citizen ID, and erased; and the log of who asked."""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from collections import Counter
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connectors.settings import Settings, load_settings
from flows.desk import author_option, reading, reason_option, sound_reason
from flows.progress import progress
from flows.speech import Speaker, SpokenGroup, command, json_option, option, pass_speaker, say_json
from flows.tables import draw_table
from flows.usage import WrongUsage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import psycopg

    from connectors.keys import Keyring
    from connectors.warehouse.people import PersonRow

id_file_option = option(
    "--id-file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    zh="写有身份证号的文件（仅一行）；不给则当场询问。命令行参数人人可见，号码不要写在命令里",
    en="A file with the citizen ID on its one line; without it you are asked. Never write an ID into a command: everybody sees it",
)


@click.group(
    "person",
    cls=SpokenGroup,
    zh="个人信息：按身份证号查找、导出、抹除某人的全部数据；列出谁查看过。每次都先记下查看人和理由。",
    en="A person's data, by citizen ID: find, export, erase; and who asked. Each asking is written down first, with its reason.",
)
def command_line() -> None:
    """People."""


@command(
    "find",
    "查找某人出现在哪些报送的哪些行（每个版本都查，包括待更正的行）；不显示姓名等内容。\n\n"
    "没有身份证号、或号码无法识别的行查不到。",
    "Where a person is named: every version of every submission, waiting rows too; shows no name. Rows without a readable ID are not found.",
)
@id_file_option
@reason_option
@author_option
@json_option
@pass_speaker
def find(speaker: Speaker, id_file: Path | None, reason: str, author: str, as_json: bool) -> int:
    """Find a person's rows."""
    from connectors.warehouse.people import find_rows
    from connectors.warehouse.unmasking import Asked, record_unmasking

    asked = Asked(sound_reason(author), "person find", sound_reason(reason))
    citizen_id = _citizen_id(speaker, id_file)
    with _room(load_settings()) as (conn, keyring):
        token = keyring.token(citizen_id)
        rows = find_rows(conn, token)
        record_unmasking(conn, asked, token, len(rows))
    if as_json:
        say_json([asdict(row) for row in rows])
        return 0
    headings = speaker.words(
        "报表 单位 期间 版本 行 生效 待更正 文件", "form unit period version row in_force waits file"
    ).split()
    yes = speaker.words("是", "yes")
    lines = [
        [
            r.form_id,
            r.unit_id,
            r.period,
            r.version,
            r.row_number,
            yes * r.is_in_force,
            yes * r.is_waiting,
            r.object_name,
        ]
        for r in rows
    ]
    if lines:
        text = draw_table(headings, lines, (3, 4))
        speaker.say(text, text)
    files = len({r.sha256 for r in rows})
    speaker.note(
        f"共 {len(rows)} 行，在 {files} 个文件中。已记下本次查找。",
        f"{len(rows)} rows, in {files} files. This search was written down.",
    )
    return 0


@command(
    "export",
    "把某人的全部数据写入文件（JSON，只有本账户可读）：个人信息原文，以及所在行的其他内容。同一行中其他人的信息不写入。\n\n"
    "文件含个人信息：交给本人后请删除。",
    "Write all that is held about a person to a file (JSON, for this account only): personal fields as they were sent and the facts of "
    "their rows; nothing about other people of a row. Delete the file once it is handed over.",
)
@id_file_option
@option(
    "-o",
    "--output",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    zh="写入的文件；已有的文件不会被覆盖",
    en="The file to write; one that is there is not written over",
)
@reason_option
@author_option
@json_option
@pass_speaker
def export(speaker: Speaker, id_file: Path | None, path: Path, reason: str, author: str, as_json: bool) -> int:
    """Export a person's data."""
    from connectors.home import new_private_file
    from connectors.warehouse.people import find_rows, open_rows
    from connectors.warehouse.unmasking import Asked, record_unmasking

    asked = Asked(sound_reason(author), "person export", sound_reason(reason))
    if path.exists():
        raise WrongUsage(f"文件 {path} 已存在，请换一个名称。", f"{path} is there already; choose another name.")
    citizen_id = _citizen_id(speaker, id_file)
    with _room(load_settings()) as (conn, keyring):
        token = keyring.token(citizen_id)
        rows = find_rows(conn, token)
        unmasking_id = record_unmasking(conn, asked, token, len(rows))
        opened = open_rows(conn, keyring, token, rows)
    content = {
        "unmasking_id": unmasking_id,
        "rows": [{**asdict(o.row), "title": _title(o.row), "personal": o.personal, "facts": o.facts} for o in opened],
    }
    with new_private_file(path) as file:
        file.write(json.dumps(content, ensure_ascii=False, indent=2, default=str) + "\n")
    closed = sum(o.personal is None for o in opened)
    if as_json:
        say_json({"path": str(path), "rows": len(rows), "unreadable": closed, "unmasking_id": unmasking_id})
        return 0
    speaker.say(
        f"已写入 {path}：{len(rows)} 行（查看记录 {unmasking_id}）。文件含个人信息，交付后请删除。",
        f"Wrote {path}: {len(rows)} rows (unmasking {unmasking_id}). It holds personal data; delete it once handed over.",
    )
    if closed:
        speaker.note(
            f"其中 {closed} 行的个人信息已不能打开：加密所用的密钥已经销毁。",
            f"The personal part of {closed} rows cannot be opened any more: its key was destroyed.",
        )
    return 0


@command(
    "erase",
    "抹除某人：数据行、待更正的行、存档的原件、批注文件里的姓名和身份证号都换成虚构的，人数等数字不变。\n\n"
    "夜间任务、回补等进行时拒绝。随后更换密钥：此前的备份中，所有人的个人信息和原件都不能再打开，请立即重新备份。不能撤销。",
    "Erase a person: in rows, waiting rows, archived originals and annotated workbooks an invented person takes their place, so that no figure "
    "changes. Refused beside runs. Keys are then changed: what older backups hold of anybody's personal data and originals cannot be opened any "
    "more; make a backup at once. It cannot be undone.",
)
@id_file_option
@reason_option
@author_option
@option("--yes", is_flag=True, zh="不再询问，直接抹除", en="Do not ask before it is done")
@json_option
@pass_speaker
def erase(speaker: Speaker, id_file: Path | None, reason: str, author: str, yes: bool, as_json: bool) -> int:
    """Erase a person."""
    from connectors.warehouse.erasing import erasure
    from connectors.warehouse.people import find_rows
    from connectors.warehouse.unmasking import Asked, record_unmasking
    from connectors.workbooks.pool import ReaderPool
    from flows.night import today
    from flows.night_steps import LEASE

    asked = Asked(sound_reason(author), "person erase", sound_reason(reason))
    citizen_id = _citizen_id(speaker, id_file)
    settings = load_settings()
    with _room(settings) as (conn, keyring):
        token = keyring.token(citizen_id)
        rows = find_rows(conn, token)
        record_unmasking(conn, asked, token, len(rows))
        _show_what_goes(speaker, rows)
        if not yes:
            _confirm(speaker)
        with (
            erasure.alone(settings, conn, LEASE, today()),
            ReaderPool(settings) as pool,
            progress(speaker.words("检查存档", "looking through the archive"), "archive") as tell,
        ):
            done = erasure.erase(settings, conn, pool, citizen_id, asked, tell)
    if as_json:
        say_json({**asdict(done), "rows": len(rows), "backups": _older_backups(settings)})
        return 0
    if done.erasure_id is None:
        speaker.say("没有找到此人，没有改动。", "Nothing of this person was found; nothing was changed.")
        return 0
    speaker.say(
        f"抹除 {done.erasure_id} 完成：{len(rows)} 行；原件改写 {done.rewritten} 份、销毁 {done.destroyed} 份；删除批注文件 {done.answers} 份；"
        f"销毁旧密钥 {len(done.keys)} 个。",
        f"Erasure {done.erasure_id} is done: {len(rows)} rows; {done.rewritten} originals rewritten, {done.destroyed} destroyed; "
        f"{done.answers} annotated workbooks removed; {len(done.keys)} former keys destroyed.",
    )
    for name in done.files:
        speaker.note(
            f"来源处的文件不归本系统，请另行处理：{name}", f"Not ours to change, see to it at its source: {name}"
        )
    for name in _older_backups(settings):
        speaker.note(
            f"旧备份，其中的个人信息已不能打开，可以删除：{name}",
            f"Older backup, its personal data are shut; may be deleted: {name}",
        )
    speaker.note(
        "请立即重新备份（warehouse db backup），并销毁另存在别处的旧密钥副本和导出的文件。",
        "Make a backup now (warehouse db backup); destroy copies of the former keys, and exports, that are kept elsewhere.",
    )
    return 0


@command(
    "expire",
    "销毁保存期满的个人信息：期间早已结束的报送中的个人信息、原件和批注文件；数字和个人代号保留。\n\n"
    "写一份签名的证明，可用 warehouse receipt verify 验证。设置了 WAREHOUSE_RETENTION_YEARS 时，每月的任务也会这样做。不能撤销。",
    "Destroy personal data that were kept long enough: the personal part of answers of periods long ended, their originals and annotated "
    "workbooks; figures and tokens stay. Writes a signed proof, which `warehouse receipt verify` checks. With "
    "WAREHOUSE_RETENTION_YEARS set, a monthly job does the same. It cannot be undone.",
)
@option(
    "--years",
    type=click.IntRange(1, 100),
    zh="保存几年，从期间结束后的 1 月 1 日起算；不给则用 WAREHOUSE_RETENTION_YEARS",
    en="How many years are kept, from the first of January after a period; WAREHOUSE_RETENTION_YEARS if not given",
)
@option("--preview", is_flag=True, zh="只列出会销毁多少，不动手", en="Only say how much would go")
@option("--yes", is_flag=True, zh="不再询问，直接销毁", en="Do not ask before it is done")
@reason_option
@author_option
@json_option
@pass_speaker
def expire(
    speaker: Speaker, years: int | None, preview: bool, yes: bool, reason: str, author: str, as_json: bool
) -> int:
    """Destroy what was kept long enough."""
    from connectors.archive import Archive
    from connectors.warehouse import retention
    from connectors.warehouse.erasing.erasure import alone
    from flows.night import today
    from flows.night_steps import LEASE

    settings = load_settings()
    years, author, reason = years or settings.retention_years, sound_reason(author), sound_reason(reason)
    if years is None:
        raise WrongUsage(
            "没有说保存几年：请给 --years，或设置 WAREHOUSE_RETENTION_YEARS。",
            "How many years are kept? Give --years, or set WAREHOUSE_RETENTION_YEARS.",
        )
    before = retention.kept_since(today(), years)
    with _room(settings) as (conn, keyring):
        due = retention.read_due(conn, Archive(settings, keyring), before)
        said = {"before": before.isoformat(), "rows": due.rows, "originals": len(due.originals)}
        speaker.note(
            f"{before} 以前结束的期间：个人信息 {due.rows} 行，原件 {len(due.originals)} 份。",
            f"Of periods that ended before {before}: the personal part of {due.rows} rows, {len(due.originals)} originals.",
        )
        proofs = []
        if not preview:
            if due and not yes:
                _confirm(speaker)
            label = speaker.words("销毁原件", "destroying originals")
            with alone(settings, conn, LEASE, today(), "expire"), progress(label, "originals") as tell:
                proofs = retention.expire(settings, conn, before, author, reason, tell)
    if as_json:
        say_json({**said, "proofs": [str(path) for path in proofs]})
        return 0
    for path in proofs:
        speaker.say(f"已销毁。证明：{path}", f"Destroyed. The proof: {path}")
    if not proofs:
        speaker.say("没有改动。", "Nothing was changed.")
        return 0
    speaker.note(
        "旧备份在其密钥停用之前仍能打开：请更换密钥（warehouse keys new、reseal、retire），重新备份，并删除旧备份。",
        "Older backups open until their keys are retired: change keys (warehouse keys new, reseal, retire), back up anew, delete older backups.",
    )
    return 0


@command("log", "列出谁在什么时候、因什么理由查找或查看过个人信息。", "List who asked about people, when and why.")
@option("--limit", type=click.IntRange(1), default=100, show_default=True, zh="最多几条", en="At most so many")
@json_option
@pass_speaker
def log(speaker: Speaker, limit: int, as_json: bool) -> int:
    """List the log of unmaskings."""
    from connectors.warehouse.unmasking import read_unmaskings

    with reading(load_settings()) as conn:
        found = read_unmaskings(conn, limit)
    if as_json:
        say_json([asdict(line) for line in found])
        return 0
    headings = speaker.words(
        "编号 时间 查看人 账户 命令 行数 理由 个人代号", "id at author account command rows reason token"
    )
    lines = [
        [
            u.unmasking_id,
            f"{u.happened_at:%Y-%m-%d %H:%M:%S}",
            u.author,
            u.account,
            u.command,
            u.rows,
            u.reason,
            u.person_token,
        ]
        for u in found
    ]
    text = draw_table(headings.split(), lines, (0, 5))
    speaker.say(text, text)
    speaker.note(f"共 {len(found)} 条", f"{len(found)} lines")
    return 0


@contextmanager
def _room(settings: Settings) -> Iterator[tuple[psycopg.Connection[Any], Keyring]]:
    """A connection to a warehouse that has been filled, and the keys that it was filled with."""
    from connectors.warehouse.key_register import open_keyring

    with reading(settings) as conn:
        yield conn, open_keyring(conn, settings)


def _citizen_id(speaker: Speaker, id_file: Path | None) -> str:
    """The citizen ID of a file, of what is piped in, or typed unseen. Raises: WrongUsage, which never repeats it."""
    from expectations.citizen_id import CitizenIdError, parse_citizen_id

    if id_file is not None:
        text = id_file.read_text(encoding="utf-8-sig")
    elif sys.stdin.isatty():
        text = click.prompt(
            speaker.words("身份证号（输入时不显示）", "Citizen ID (not shown)"), hide_input=True, err=True
        )
    else:
        text = sys.stdin.read(1_000)
    try:
        return parse_citizen_id(re.sub(r"[\s'‘’-]+", "", unicodedata.normalize("NFKC", text)).upper())
    except CitizenIdError:
        raise WrongUsage(
            "给出的不是有效的身份证号（18 位，含校验位；或 15 位旧号码）。",
            "That is no citizen ID (18 characters with a check character, or the 15 digits of old).",
        ) from None


def _show_what_goes(speaker: Speaker, rows: Sequence[PersonRow]) -> None:
    counts = Counter((r.form_id, r.unit_id, r.period) for r in rows)
    if counts:
        headings = speaker.words("报表 单位 期间 行", "form unit period rows").split()
        speaker.note(*[draw_table(headings, [[*place, count] for place, count in sorted(counts.items())], (3,))] * 2)
    files = len({r.sha256 for r in rows})
    speaker.note(
        f"将抹除 {len(rows)} 行（各版本都算），改写或销毁 {files} 份原件；存档的其他文件也会逐一检查。不能撤销。",
        f"{len(rows)} rows (of every version) will be erased and {files} originals rewritten or destroyed; all others in the archive are "
        "looked through. It cannot be undone.",
    )


def _confirm(speaker: Speaker) -> None:
    """Raises: WrongUsage where nobody can be asked or somebody says no."""
    if not sys.stdin.isatty():
        raise WrongUsage(
            "没有改动：请加 --yes，或在终端上执行。", "Nothing was changed: add --yes, or call it at a terminal."
        )
    if not click.confirm(speaker.words("不能撤销，确定？", "It cannot be undone. Go on?"), err=True):
        raise WrongUsage("没有改动。", "Nothing was changed.")


def _older_backups(settings: Settings) -> list[str]:
    """The backups beside the last one that was recorded, by name."""
    from flows.watching.records import last_recorded_backup

    last = last_recorded_backup(settings)
    return sorted(str(path) for path in Path(last.path).parent.glob("*.backup")) if last else []


def _title(row: PersonRow) -> str:
    from expectations.contract import forms

    return forms()[row.form_id].title_zh


for _each in (find, export, erase, expire, log):
    command_line.add_command(_each)
