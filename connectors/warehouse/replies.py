"""Replies: every decided delivery gets its receipt, and an answer where there is something to mend or to check.

Whatever was decided and not yet answered is answered, by whichever run comes next. Files are written before their row: a run that
was killed in between writes the same files again.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, cast

import psycopg
from psycopg.rows import dict_row

from connectors.replies.answer import Answer, RowCounts
from connectors.replies.progress import progress_between
from connectors.replies.receipts import make_receipt, receipt_line
from connectors.replies.signing import SigningKey
from connectors.replies.writing import RECEIPT, UNKNOWN_UNIT, safe_name, write_answer, write_reply
from connectors.warehouse.audit import read_head
from connectors.warehouse.ledger import Row, finding_of
from connectors.warehouse.lost_files import read_lost

if TYPE_CHECKING:
    from connectors.archive import Archive
    from connectors.settings import Settings

CHUNK = 2_000
"""Deliveries that are answered between two commits. They are taken unit by unit, so that a unit's receipts are in one file:
to make a file costs more than to sign what is in it."""

REPLY_LOCK = "reply"

_Source = tuple[int, int | None]
"""What a finding is about: a delivery, and the submission that it became, if it became one."""


@dataclass(slots=True)
class Replied:
    """How many were answered: receipts for all, of them with an annotated workbook, of them with a problem list beside the original."""

    receipts: int = 0
    annotated: int = 0
    listed: int = 0


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery with what there is to say about it; `night` is the business date under which it was decided."""

    answer: Answer
    sha256: str
    size_bytes: int
    decided_at: datetime
    night: date


@dataclass(frozen=True, slots=True)
class _Reply:
    """A delivery answered: where, how, and with which receipt (one line of JSON)."""

    delivery_id: int
    folder: Path
    kind: str
    reason: str | None
    receipt: str


def reply_to_deliveries(settings: Settings, conn: psycopg.Connection[Any], archive: Archive, run_id: int) -> Replied:
    """Answer every delivery that was decided and not answered. Harmless when repeated. Raises: FolderUnwritable, KeyringError."""
    replied = Replied()
    key: SigningKey | None = None
    while True:
        with conn.transaction():
            # One at a time: of two runs, the second finds nothing left to answer.
            conn.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (REPLY_LOCK,))
            waiting = _waiting(conn)
            if not waiting:
                return replied
            key = key or SigningKey.load(settings)
            settings.replies_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            kinds = Counter(_write(conn, settings, archive, key, waiting, run_id))
        replied.receipts += kinds.total()
        replied.annotated += kinds["annotated"]
        replied.listed += kinds["listed"]


def _waiting(conn: psycopg.Connection[Any]) -> list[int]:
    found = conn.execute(
        "select o.delivery_id from ops.delivery_outcome o"
        " left join ops.delivery_outcome original on original.delivery_id = o.duplicate_of"
        " left join ops.submission s on s.submission_id = coalesce(o.submission_id, original.submission_id)"
        " where not exists (select from ops.reply r where r.delivery_id = o.delivery_id)"
        # What a backfill brought in out of a folder was sent by nobody just now.
        " and not exists (select from archive.delivery d join ops.backfill b using (run_id)"
        "   where d.delivery_id = o.delivery_id and not b.sends_answers)"
        " order by s.unit_id, o.delivery_id limit %s",
        (CHUNK,),
    )
    return [row[0] for row in found]


def _write(
    conn: psycopg.Connection[Any],
    settings: Settings,
    archive: Archive,
    key: SigningKey,
    delivery_ids: Sequence[int],
    run_id: int,
) -> list[str]:
    """Answer these deliveries and record it; gives what kind of answer each got."""
    head = read_head(conn)
    chain = {"event_id": head.event_id, "hash": head.hash}
    lost = read_lost(conn)
    replies = [_reply(settings, archive, key, due, chain, lost) for due in read_due(conn, delivery_ids)]
    folders: dict[Path, list[_Reply]] = defaultdict(list)
    for reply in replies:
        folders[reply.folder].append(reply)
    for folder, mine in folders.items():
        text = "[\n" + ",\n".join(reply.receipt for reply in mine) + "\n]\n"
        write_reply(folder, f"{mine[0].delivery_id}_{RECEIPT}", text.encode())
    now = datetime.now().astimezone()
    with (
        conn.cursor() as cursor,
        cursor.copy("copy ops.reply (delivery_id, kind, reason, receipt, replied_at, run_id) from stdin") as copy,
    ):
        for reply in replies:
            copy.write_row((reply.delivery_id, reply.kind, reply.reason, reply.receipt, now, run_id))
    return [reply.kind for reply in replies]


def remove_answers(settings: Settings, delivery_ids: Collection[int]) -> int:
    """Remove the annotated workbooks and problem lists made of these deliveries, drafts too; their receipts, which hold nothing personal, stay."""
    asked, removed = {str(delivery_id) for delivery_id in delivery_ids}, 0
    for path in settings.replies_dir.glob("*/*/*.xlsx"):
        if path.name.lstrip(".").split("_")[0] in asked:
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def read_receipts(
    conn: psycopg.Connection[Any], *, unit_id: str | None = None, form_id: str | None = None, limit: int = 100
) -> list[Row]:
    """Receipts, the latest first: delivery_id, kind, reason, replied_at and the receipt itself."""
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "select delivery_id, kind, reason, replied_at, receipt from ops.reply"
            " where (%(unit)s::text is null or receipt ->> 'unit' = %(unit)s)"
            " and (%(form)s::text is null or receipt ->> 'form' = %(form)s) order by delivery_id desc limit %(limit)s",
            {"unit": unit_id, "form": form_id, "limit": limit},
        ).fetchall()


def read_receipt(conn: psycopg.Connection[Any], delivery_id: int) -> Row | None:
    """The receipt of a delivery, if it was answered."""
    found = conn.execute("select receipt from ops.reply where delivery_id = %s", (delivery_id,)).fetchone()
    return cast("Row", found[0]) if found else None


def reply_folder(settings: Settings, night: date, unit_id: str | None) -> Path:
    """Where the answers of a night to a unit lie."""
    return settings.replies_dir / night.isoformat() / safe_name(unit_id, UNKNOWN_UNIT)


def find_reply(settings: Settings, night: date, answer: Answer) -> Path | None:
    """The workbook with which a delivery was answered, if it was answered with one that is still there."""
    folder = reply_folder(settings, night, answer.unit_id)
    return next((path for path in folder.glob(f"{answer.delivery_id}_*.xlsx") if path.is_file()), None)


def read_due(conn: psycopg.Connection[Any], delivery_ids: Sequence[int]) -> list[Due]:
    """What there is to say about these deliveries, in the order of their ids."""
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            "select d.delivery_id, d.object_name, d.sha256, d.size_bytes, d.received_at, o.outcome, o.decided_at, r.business_date,"
            "  o.submission_id, o.rows_read, o.rows_loaded, o.rows_quarantined, o.rows_ignored, s.form_id, s.unit_id, s.period, s.version, s.sheet,"
            "  waits.period as waits_for,"
            "  before.delivery_id as delivery_before, before.submission_id as submission_before"
            " from ops.delivery_outcome o join archive.delivery d using (delivery_id) join ops.run r on r.run_id = o.run_id"
            # A delivery may stand behind several submissions, since it may be replayed; its outcome names the first.
            " left join ops.delivery_outcome original on original.delivery_id = o.duplicate_of"
            " left join ops.submission s on s.submission_id = coalesce(o.submission_id, original.submission_id)"
            " left join ops.submission before on o.submission_id is not null"
            "   and (before.form_id, before.unit_id, before.period, before.version)"
            "     = (s.form_id, s.unit_id, s.period, s.version - 1)"
            " left join ops.submission_held held on held.submission_id = s.submission_id"
            "   and not exists (select from ops.submission_let_in l where l.submission_id = held.submission_id)"
            " left join ops.closing waits on waits.closing_id = held.closing_id"
            " where d.delivery_id = any(%s) order by d.delivery_id",
            (list(delivery_ids),),
        ).fetchall()
    asked = [row["delivery_id"] for row in rows]
    own = _findings(conn, [*asked, *(row["delivery_before"] for row in rows if row["delivery_before"])])
    cross = _cross_findings(conn, asked)
    return [_due(row, own, cross) for row in rows]


def _due(row: Row, own: Mapping[_Source, list[Row]], cross: Mapping[_Source, list[Row]]) -> Due:
    mine = own.get((row["delivery_id"], row["submission_id"]), [])
    findings = [finding_of(f) for f in mine]
    said: Row = next(iter(mine), {})
    progress = None
    if row["delivery_before"]:
        progress = progress_between(
            [finding_of(f) for f in own.get((row["delivery_before"], row["submission_before"]), [])], findings
        )
    answer = Answer(
        delivery_id=row["delivery_id"],
        file_name=PurePosixPath(row["object_name"]).name,
        outcome=row["outcome"],
        form_id=row["form_id"] or said.get("form_id"),
        unit_id=row["unit_id"] or said.get("unit_id"),
        period=row["period"] or said.get("period"),
        version=row["version"],
        sheet=row["sheet"],
        received_at=row["received_at"],
        rows=RowCounts(row["rows_read"], row["rows_loaded"], row["rows_quarantined"], row["rows_ignored"]),
        findings=(*findings, *(finding_of(f) for f in cross.get((row["delivery_id"], row["submission_id"]), []))),
        fingerprints=tuple(f["fingerprint"] if f["severity"] == "warning" else None for f in mine),
        progress=progress,
        waits_for=row["waits_for"] if row["outcome"] == "accepted" else None,
    )
    return Due(answer, row["sha256"], row["size_bytes"], row["decided_at"], row["business_date"])


def _findings(conn: psycopg.Connection[Any], delivery_ids: Sequence[int]) -> dict[_Source, list[Row]]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return _by_source(
            cursor.execute(
                "select * from ops.finding where delivery_id = any(%s) order by finding_id", (list(delivery_ids),)
            ).fetchall()
        )


def _cross_findings(conn: psycopg.Connection[Any], delivery_ids: Sequence[int]) -> dict[_Source, list[Row]]:
    """What rules that compare submissions say of these deliveries; it may change without them, and is no part of their progress."""
    with conn.cursor(row_factory=dict_row) as cursor:
        return _by_source(
            cursor.execute(
                "select f.* from ops.finding_open f join ops.cross_finding c using (finding_id)"
                " where f.delivery_id = any(%s) order by finding_id",
                (list(delivery_ids),),
            ).fetchall()
        )


def _by_source(rows: Sequence[Row]) -> dict[_Source, list[Row]]:
    found: dict[_Source, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["delivery_id"], row["submission_id"]].append(row)
    return found


def _reply(
    settings: Settings, archive: Archive, key: SigningKey, due: Due, chain: Mapping[str, object], lost: frozenset[str]
) -> _Reply:
    """Answer one delivery: write what is to be mended, and sign the receipt."""
    answer = due.answer
    folder = reply_folder(settings, due.night, answer.unit_id)
    kind, reason = "receipt", None
    if answer.is_wanted:
        parts = (safe_name(answer.form_id, ""), safe_name(answer.period, ""))
        stem = "_".join([str(answer.delivery_id), *filter(None, parts)])
        # Of a file that was too large to be read, no more than shows that comes into memory: it gets a list.
        # An original that was lost with its key cannot be annotated: it gets a list too.
        is_lost = due.sha256 in lost and not archive.path(due.sha256).exists()
        data = b"" if is_lost else archive.get(due.sha256, settings.max_file_mb * 1_000_000 + 1)
        written = write_answer(folder, stem, answer, data)
        kind, reason = ("annotated", None) if written.is_annotated else ("listed", written.reason_zh)
    receipt = make_receipt(answer, due.sha256, due.size_bytes, due.decided_at, chain, key)
    return _Reply(answer.delivery_id, folder, kind, reason, receipt_line(receipt))
