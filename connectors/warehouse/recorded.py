"""The rows that the chain of events vouches for: the digest of each stands in the event that made it.

These tables are append-only, so a digest holds for ever: whoever changes, deletes or adds a row without an event is found by
`warehouse audit verify` (`audit.py`). Only the erasure of a person changes rows; its event tells their new digests, which hold from
then on. A digest is made by Postgres of what it stored, and does not depend on the settings of a session.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

Rows = dict[str, dict[str, str]]
"""What stands in an event's details as `rows`: by table and key of the row, the row's digest (SHA-256, hexadecimal)."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A table of the chain: its key, and what its digests are of. Never changed: old digests would fit no more."""

    table: str
    key: str
    columns: tuple[str, ...]
    times: frozenset[str] = frozenset()
    key_type: str = "bigint"

    @property
    def name(self) -> sql.Composable:
        """The table, as SQL writes it."""
        return sql.Identifier(*self.table.split("."))

    def digest_of(self, alias: str) -> sql.Composed:
        """The digest of a row of it, in SQL that knows the row by this alias."""
        # Days and times as numbers: as texts they depend on the session.
        parts = [
            sql.SQL("extract(epoch from {})" if column in self.times else "{}").format(sql.Identifier(alias, column))
            for column in self.columns
        ]
        return sql.SQL("encode(sha256(convert_to(row({})::text, 'UTF8')), 'hex')").format(sql.SQL(", ").join(parts))


def _recorded(table: str, columns: str, key_type: str = "bigint") -> Recorded:
    names = tuple(columns.split())
    times = frozenset(name for name in names if name.endswith(("_at", "_day")) or name == "night")
    return Recorded(table, names[0], names, times, key_type)


RECORDED: Mapping[str, Recorded] = {
    recorded.table: recorded
    for recorded in (
        _recorded(
            "archive.delivery",
            "delivery_id source_id object_name size_bytes modified_ns sha256 received_at collected_at run_id form_hint",
        ),
        _recorded(
            "ops.delivery_outcome",
            "delivery_id outcome duplicate_of submission_id rows_read rows_loaded rows_quarantined rows_ignored run_id decided_at",
        ),
        _recorded(
            "ops.submission",
            "submission_id delivery_id form_id edition unit_id period version outcome is_nil sheet columns content_token rows_read"
            " rows_loaded rows_quarantined rows_ignored received_at decided_at run_id cause",
        ),
        _recorded(
            "ops.replay",
            "submission_id replayed_submission_id delivery_id rows_read rows_loaded rows_quarantined rows_ignored ignored run_id",
        ),
        _recorded("ops.withdrawal", "submission_id reason author decided_at"),
        _recorded(
            "ops.correction",
            "correction_id submission_id delivery_id form_id unit_id period row_number field value_before value reason author"
            " decided_at",
        ),
        _recorded(
            "ops.correction_approval",
            "correction_id author approver reason submission_id decided_at",
        ),
        _recorded("ops.waiver", "waiver_id rule_code unit_id first_day last_day reason author decided_at"),
        _recorded("ops.waiver_end", "waiver_id reason author decided_at"),
        _recorded(
            "ops.confirmation",
            "fingerprint code form_id unit_id period delivery_id confirmed_at run_id",
            "text",
        ),
        _recorded("bi.release", "release_id published_at night cause row_counts"),
        _recorded(
            "ops.closing",
            "closing_id period period_type first_day last_day release_id author closed_at expected missing reason pack_sha256",
        ),
        _recorded("ops.reopening", "reopening_id closing_id reason author reopened_at"),
        _recorded("ops.submission_held", "submission_id closing_id run_id held_at"),
        _recorded("ops.submission_let_in", "submission_id reopening_id let_in_at"),
        _recorded("ops.unmasking", "unmasking_id happened_at author account command reason person_token rows"),
    )
}


def digests(conn: psycopg.Connection[Any], table: str, keys: Iterable[int | str]) -> dict[int | str, str]:
    """The digests of these rows of a table, by key; those that are not there are left out."""
    listed = list(keys)
    if not listed:
        return {}
    recorded = RECORDED[table]
    query = sql.SQL("select {key}, {digest} from {table} t where {key} = any(%s::{type}[])").format(
        key=sql.Identifier(recorded.key),
        digest=recorded.digest_of("t"),
        table=recorded.name,
        type=sql.SQL(recorded.key_type),
    )
    return dict(conn.execute(query, (listed,)).fetchall())


def rows_of(conn: psycopg.Connection[Any], **keys: int | str) -> Rows:
    """`rows` of an event that made one row of each of these tables (`ops_withdrawal=17`), for its details."""
    return {
        table: {str(key): digest for key, digest in digests(conn, table, [key]).items()}
        for name, key in keys.items()
        for table in [name.replace("_", ".", 1)]
    }
