"""Personal data that were kept long enough, destroyed: the personal part of rows, originals and answers of periods that ended long ago.

Due is every answer to a form about people whose period ended before a day; of the archive, the files all of whose answers are due, and
those that came before that day and in which no form was found. Facts and tokens stay, so that no figure changes.
Each time there is an event `expired`, and a signed proof of it in `<home>/retention`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from connectors.archive import Archive
from connectors.home import write_private
from connectors.replies.receipts import sealed
from connectors.replies.signing import SigningKey
from connectors.warehouse.backfill.staging import drop_all
from connectors.warehouse.copying import clear_away_the_dead
from connectors.warehouse.events import Event, append_events
from connectors.warehouse.key_register import open_keyring
from connectors.warehouse.lost_files import write_lost
from connectors.warehouse.replies import remove_answers
from expectations.contract import forms
from expectations.periods import parse_period

if TYPE_CHECKING:
    from connectors.settings import Settings

Tell = Callable[[int, int], None]
"""Told how many originals of how many are destroyed."""


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be destroyed: answers, the deliveries and the originals (SHA-256) that they came in, and how many rows of the locked room."""

    submissions: tuple[int, ...]
    deliveries: tuple[int, ...]
    originals: tuple[str, ...]
    rows: int

    def __bool__(self) -> bool:
        return bool(self.originals or self.rows)


def kept_since(today: date, years: int) -> date:
    """What ended before this day is due on `today`: years are counted from the first of January that follows a period."""
    return date(today.year - years, 1, 1)


def read_due(conn: psycopg.Connection[Any], archive: Archive, before: date) -> Due:
    """What is due and is still there. Raises: ArchiveError, KeyringError."""
    about_people = [form.form_id for form in forms().values() if form.personal_fields]
    answered, due = dict[int, bool](), list[int]()
    for submission_id, delivery_id, form_id, period in conn.execute(
        "select submission_id, delivery_id, form_id, period from ops.submission"
    ):
        is_due = form_id in about_people and parse_period(period).last_day < before
        answered[delivery_id] = answered.get(delivery_id, True) and is_due
        if is_due:
            due.append(submission_id)
    files, deliveries = defaultdict[str, list[bool]](list), list[int]()
    for delivery_id, sha256, outcome, of, is_old in conn.execute(
        "select d.delivery_id, d.sha256, o.outcome, coalesce(o.duplicate_of, d.delivery_id),"
        " d.received_at < %s::timestamp at time zone 'Asia/Shanghai'"
        " from archive.delivery d left join ops.delivery_outcome o using (delivery_id)",
        (before,),
    ):
        is_due = answered.get(of, outcome is not None and is_old)
        files[sha256].append(is_due)
        if is_due:
            deliveries.append(delivery_id)
    originals = [
        sha256
        for sha256, each in sorted(files.items())
        if all(each) and archive.path(sha256).exists() and archive.get(sha256, at_most=1)
    ]
    [(rows,)] = conn.execute("select count(*) from pii.personal_row where submission_id = any(%s)", (due,)).fetchall()
    return Due(tuple(sorted(due)), tuple(sorted(deliveries)), tuple(originals), rows)


def expire(
    settings: Settings, conn: psycopg.Connection[Any], before: date, author: str, reason: str, tell: Tell
) -> list[Path]:
    """Destroy what is due, while `erasing.erasure.alone` is held; gives the proofs that were written, none where nothing was due.

    Killed anywhere, it goes on when repeated. Older backups keep what they have until the seal keys of then are retired: the proof names
    the keys. Raises: ArchiveError, KeyringError, FolderUnwritable, DatabaseError.
    """
    archive = Archive(settings, open_keyring(conn, settings))
    due = read_due(conn, archive, before)
    # First, so that whoever goes on after a kill knows of the file.
    write_lost(conn, due.originals, "expired")
    for done, sha256 in enumerate(due.originals, start=1):
        archive.redact(sha256, b"")
        tell(done, len(due.originals))
    archive.settle()
    remove_answers(settings, due.deliveries)
    drop_all(settings)
    clear_away_the_dead(conn)
    with conn.transaction():
        rows = conn.execute(
            "delete from pii.personal_row where submission_id = any(%s)", (list(due.submissions),)
        ).rowcount
        destroyed = [
            row[0]
            for row in conn.execute(
                "select sha256 from archive.lost_file where reason = 'expired' and lost_at >"
                " coalesce((select max(happened_at) from ops.event where kind = 'expired'), '-infinity') order by 1"
            )
        ]
        if rows or destroyed:
            left = read_due(conn, archive, before)
            keys = conn.execute(
                "select substr(name, 6) from pii.key_fingerprint where name like 'seal-%%' and retired_at is null order by 1"
            )
            details = {
                **{"before": before.isoformat(), "rows": rows, "originals": destroyed},
                **{"rows_left": left.rows, "originals_left": len(left.originals)},
                "open_keys": [key_id for (key_id,) in keys],
            }
            append_events(conn, [Event("expired", author, reason, details=details)])
    return _write_proofs(settings, conn)


def _write_proofs(settings: Settings, conn: psycopg.Connection[Any]) -> list[Path]:
    """Write the proof of every event that has none; gives the new ones."""
    folder, written = settings.home / "retention", list[Path]()
    for event_id, happened_at, author, reason, details, digest in conn.execute(
        "select event_id, happened_at, author, reason, details, hash from ops.event where kind = 'expired' order by 1"
    ).fetchall():
        path = folder / f"销毁证明_{event_id}.json"
        if path.exists():
            continue
        text = (
            f"{happened_at:%Y-%m-%d} 销毁 {details['before']} 以前结束的期间的个人信息 {details['rows']} 行、原件 {len(details['originals'])} 份"
            f"（{author}：{reason}）；销毁后还剩 {details['rows_left']} 行、{details['originals_left']} 份。"
            f"密钥 {'、'.join(details['open_keys'])} 停用并销毁之前，旧备份仍能打开。"
        )
        chain = {"event_id": event_id, "hash": digest, "happened_at": happened_at.isoformat()}
        proof = sealed(
            {"text": text, **details, "author": author, "reason": reason, "chain": chain}, SigningKey.load(settings)
        )
        folder.mkdir(mode=0o700, exist_ok=True)
        write_private(path, json.dumps(proof, ensure_ascii=False, indent=2) + "\n")
        written.append(path)
    return written
