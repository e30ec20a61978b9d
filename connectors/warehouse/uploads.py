"""What came over HTTP: which file a unit put into the inbox by its token, and what became of it in the nights after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

from connectors.replies.receipts import Receipt
from connectors.sources.declared import INBOX
from connectors.warehouse.sequences import next_ids
from connectors.warehouse.upload_tokens import Bearer


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload. `delivery_id` and what stands behind it are None until a night has taken it in and answered it; `night` is the business
    date under which its answer lies."""

    upload_id: int
    unit_id: str
    file_name: str
    object_name: str
    sha256: str
    size_bytes: int
    uploaded_at: datetime
    delivery_id: int | None
    kind: str | None
    receipt: Receipt | None
    night: date | None


def next_upload_id(conn: psycopg.Connection[Any]) -> int:
    """The number of an upload to come; one that comes to nothing is never used again."""
    [upload_id] = next_ids(conn, "ops.upload", "upload_id", 1)
    return upload_id


def record_upload(
    conn: psycopg.Connection[Any],
    upload_id: int,
    bearer: Bearer,
    file_name: str,
    object_name: str,
    sha256: str,
    size_bytes: int,
) -> None:
    """Write down that a file lies in the inbox."""
    conn.execute(
        "insert into ops.upload (upload_id, token_id, unit_id, file_name, object_name, sha256, size_bytes, uploaded_at)"
        " values (%s, %s, %s, %s, %s, %s, %s, clock_timestamp())",
        (upload_id, bearer.token_id, bearer.unit_id, file_name, object_name, sha256, size_bytes),
    )


def read_uploads(
    conn: psycopg.Connection[Any], unit_id: str, upload_ids: Sequence[int] | None = None, limit: int = 50
) -> list[Upload]:
    """The uploads of a unit (those asked for, or all), the latest first."""
    with conn.cursor(row_factory=class_row(Upload)) as cursor:
        return cursor.execute(
            "select u.upload_id, u.unit_id, u.file_name, u.object_name, u.sha256, u.size_bytes, u.uploaded_at,"
            "  d.delivery_id, r.kind, r.receipt, n.business_date as night"
            " from ops.upload u"
            " left join lateral (select delivery_id from archive.delivery"
            "   where source_id = %(inbox)s and object_name = u.object_name order by delivery_id desc limit 1) d on true"
            " left join ops.reply r using (delivery_id)"
            " left join ops.delivery_outcome o using (delivery_id) left join ops.run n on n.run_id = o.run_id"
            " where u.unit_id = %(unit)s and (%(ids)s::bigint[] is null or u.upload_id = any(%(ids)s))"
            " order by u.upload_id desc limit %(limit)s",
            {
                "inbox": INBOX,
                "unit": unit_id,
                "ids": None if upload_ids is None else list(upload_ids),
                "limit": limit,
            },
        ).fetchall()


def deliveries_of(conn: psycopg.Connection[Any], object_name: str) -> list[int]:
    """The deliveries that a file of the inbox, and whatever was packed in it, became and that were decided."""
    found = conn.execute(
        "select d.delivery_id from archive.delivery d join ops.delivery_outcome o using (delivery_id)"
        " where d.source_id = %(inbox)s and (d.object_name = %(name)s or starts_with(d.object_name, %(name)s || '/'))"
        " order by d.delivery_id",
        {"inbox": INBOX, "name": object_name},
    )
    return [row[0] for row in found]


def newest_of_name(conn: psycopg.Connection[Any], unit_id: str, file_name: str) -> tuple[int, str] | None:
    """The unit's newest upload of that file name: its id and the SHA-256 of its bytes."""
    return conn.execute(
        "select upload_id, sha256 from ops.upload where unit_id = %s and file_name = %s order by upload_id desc limit 1",
        (unit_id, file_name),
    ).fetchone()


def count_since(conn: psycopg.Connection[Any], unit_id: str, hours: int) -> int:
    """How many files the unit uploaded in the last so many hours."""
    [(count,)] = conn.execute(
        "select count(*) from ops.upload where unit_id = %s and uploaded_at > clock_timestamp() - make_interval(hours => %s)",
        (unit_id, hours),
    ).fetchall()
    return int(count)
