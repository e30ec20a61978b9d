"""The canonical dump: everything that the warehouse knows, without what two good histories may differ in.

Ids out of sequences become what they stand for (a delivery its name and hash, a submission its form, unit, period and version,
the run that closed a finding whether it is open);
clock times other than that of arrival, ids of runs, receipts and manifests (which name both) and sealed bytes (fresh nonces) are left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg
from psycopg import sql

OWN_SCHEMAS = ("archive", "landing", "quarantine", "registers", "pii", "ops")
READ_SCHEMAS = ("marts", "bi_candidate", "bi")
LEFT_OUT_TABLES = {
    ("ops", "run"),
    ("ops", "run_step"),
    ("ops", "source_look"),
    ("ops", "lease"),
    ("ops", "dbt_build"),
    ("ops", "cross_check"),
    ("ops", "event"),
    ("ops", "event_head"),
    ("ops", "alembic_version"),
    # They tell of failed runs too, which only a disturbed history has; the rest follows from what is dumped.
    ("ops", "alert"),
    ("ops", "alert_change"),
}
LEFT_OUT_COLUMNS = {
    "plan_id",
    "staged",
    "run_id",
    "from_run_id",
    "finding_id",
    "collected_at",
    "decided_at",
    "published_at",
    "nonce",
    "ciphertext",
    "modified_ns",
    "receipt",
    "build_id",
    # How many stand behind a change is counted beside them.
    "submission_ids",
    "manifest",
    "pack_sha256",
}

DELIVERY = "(select d.object_name || '|' || d.sha256 from archive.delivery d where d.delivery_id = t.{0})"
SUBMISSION = (
    "(select s.form_id || '|' || s.unit_id || '|' || s.period || '|' || s.version"
    " from ops.submission s where s.submission_id = t.{0})"
)
MEANING = {
    "delivery_id": DELIVERY,
    "duplicate_of": DELIVERY,
    "submission_id": SUBMISSION,
    "until_run_id": "(t.{0} is null)",
}


def canonical_dump(
    conn: psycopg.Connection[Any], schemas: Iterable[str] = (*OWN_SCHEMAS, *READ_SCHEMAS)
) -> dict[str, list[str]]:
    """Every row of every table of these schemas as text, sorted, by `schema.table`."""
    dump: dict[str, list[str]] = {}
    for schema, table, columns in _tables(conn, list(schemas)):
        if (schema, table) in LEFT_OUT_TABLES:
            continue
        parts = [
            sql.SQL(MEANING[c].format(c)) if c in MEANING else sql.SQL("t.{}").format(sql.Identifier(c))  # type: ignore[arg-type]
            for c in columns
            if c not in LEFT_OUT_COLUMNS
        ]
        query = sql.SQL("select ({})::text from {} t").format(
            sql.SQL("row({})").format(sql.SQL(", ").join(parts)), sql.Identifier(schema, table)
        )
        dump[f"{schema}.{table}"] = sorted(row[0] for row in conn.execute(query))
    return dump


def _tables(conn: psycopg.Connection[Any], schemas: list[str]) -> list[tuple[str, str, list[str]]]:
    return conn.execute(
        "select c.table_schema::text, c.table_name::text, array_agg(c.column_name::text order by c.ordinal_position)"
        " from information_schema.columns c join information_schema.tables t using (table_schema, table_name)"
        " where c.table_schema = any(%s) and t.table_type = 'BASE TABLE'"
        " and (c.data_type <> 'timestamp with time zone' or c.column_name = 'received_at') group by 1, 2 order by 1, 2",
        (schemas,),
    ).fetchall()
