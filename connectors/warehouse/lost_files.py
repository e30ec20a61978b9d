"""Archived files that nobody can have any more: sealed with a key that was destroyed before a backup brought them back, or destroyed
because a person in them was erased."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg


def write_lost(conn: psycopg.Connection[Any], names: Iterable[str], reason: str = "key_retired") -> None:
    """Note that the files with these SHA-256 cannot be had any more, for that reason; harmless when repeated."""
    conn.execute(
        "insert into archive.lost_file (sha256, lost_at, reason) select unnest(%s::text[]), now(), %s on conflict do nothing",
        (sorted(names), reason),
    )


def read_lost(conn: psycopg.Connection[Any]) -> frozenset[str]:
    """The SHA-256 of the files that were lost; what came again since is in the archive all the same."""
    return frozenset(row[0] for row in conn.execute("select sha256 from archive.lost_file"))
