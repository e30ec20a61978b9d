"""Ids ahead of the rows that bear them: for rows that are copied in together with others that name them."""

from __future__ import annotations

from typing import Any

import psycopg


def next_ids(conn: psycopg.Connection[Any], table: str, column: str, count: int) -> list[int]:
    """So many new ids of a table's identity column, rising; an id that is not used is a gap, which harms nobody."""
    found = conn.execute(
        "select nextval(pg_get_serial_sequence(%s, %s)) from generate_series(1, %s)", (table, column, count)
    )
    return [row[0] for row in found]
