"""Looks at sources as they are remembered: one row a look, so that people hear which source is broken and since when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class LookResult:
    """How a look ended: its outcome (see `ops.source_look`), attempts, counts of files, and why it was no better."""

    outcome: str
    attempts: int = 1
    received: int = 0
    unchanged: int = 0
    waiting: int = 0
    skipped: int = 0
    refused: int = 0
    error_zh: str | None = None
    error_en: str | None = None

    @property
    def counts(self) -> str:
        """The counts as one line for logs."""
        told = {
            "received": self.received,
            "unchanged": self.unchanged,
            "waiting": self.waiting,
            "skipped": self.skipped,
        }
        if self.refused:
            told["refused"] = self.refused
        return " ".join(f"{name}={count}" for name, count in told.items())


def begin_look(conn: psycopg.Connection[Any], source_id: str, kind: str, run_id: int) -> int:
    """Remember that a look begins; gives its number."""
    row = conn.execute(
        "insert into ops.source_look (source_id, kind, run_id, began_at, outcome)"
        " values (%s, %s, %s, clock_timestamp(), 'looking') returning look_id",
        (source_id, kind, run_id),
    ).fetchone()
    assert row is not None  # noqa: S101 - `returning` gives a row or raises
    return int(row[0])


def end_look(conn: psycopg.Connection[Any], look_id: int, result: LookResult) -> None:
    """Remember how a look ended; the first end of a look is its end."""
    conn.execute(
        "update ops.source_look set ended_at = clock_timestamp(), outcome = %s, attempts = %s, received = %s, unchanged = %s,"
        " waiting = %s, skipped = %s, refused = %s, error_zh = %s, error_en = %s where look_id = %s and outcome = 'looking'",
        (
            result.outcome, result.attempts, result.received, result.unchanged, result.waiting, result.skipped,
            result.refused, result.error_zh, result.error_en, look_id,
        ),
    )  # fmt: skip


def read_broken(conn: psycopg.Connection[Any], run_id: int) -> list[Row]:
    """The sources that a run could not read to the end: source_id, kind, outcome, error_zh, error_en, and `good_until`, when a look
    at it last ended well (never: None)."""
    return _rows(
        conn,
        "select distinct on (l.source_id) l.source_id, l.kind, l.outcome, l.error_zh, l.error_en, g.good_until"
        " from ops.source_look l left join lateral (select max(ended_at) as good_until from ops.source_look good"
        "   where good.source_id = l.source_id and good.outcome = 'good' and good.look_id < l.look_id) g on true"
        " where l.run_id = %(run)s and l.outcome <> 'good'"
        " and not (l.outcome = 'looking' and exists (select from ops.run r where r.run_id = l.run_id and r.status = 'running'))"
        " and not exists (select from ops.source_look later"
        "   where later.run_id = l.run_id and later.source_id = l.source_id and later.look_id > l.look_id)"
        " order by l.source_id, l.look_id desc",
        {"run": run_id},
    )


def read_broken_now(conn: psycopg.Connection[Any]) -> dict[str, str]:
    """How the newest look ended at each source that it could not read to the end, by source."""
    rows = _rows(
        conn,
        "select source_id, outcome from (select distinct on (source_id) source_id, outcome from ops.source_look"
        "   order by source_id, look_id desc) newest where outcome not in ('good', 'looking')",
        {},
    )
    return {row["source_id"]: row["outcome"] for row in rows}


def count_refused(conn: psycopg.Connection[Any], run_id: int) -> list[Row]:
    """The sources where something came in this run from senders who may not hand in: source_id, refused."""
    return _rows(
        conn,
        "select source_id, max(refused) as refused from ops.source_look where run_id = %(run)s and refused > 0"
        " group by source_id order by source_id",
        {"run": run_id},
    )


def read_last_looks(conn: psycopg.Connection[Any], source_ids: Sequence[str]) -> dict[str, Row]:
    """Of each source its newest look (began_at, ended_at, outcome, counts, error) and `good_until`, when one last ended well."""
    rows = _rows(
        conn,
        "select distinct on (source_id) l.*, (select max(ended_at) from ops.source_look good"
        "   where good.source_id = l.source_id and good.outcome = 'good') as good_until"
        " from ops.source_look l where source_id = any(%(ids)s) order by source_id, look_id desc",
        {"ids": list(source_ids)},
    )
    return {row["source_id"]: row for row in rows}


def _rows(conn: psycopg.Connection[Any], query: Any, params: dict[str, Any]) -> list[Row]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, params).fetchall()
