"""Archived files that nobody can have any more: sealed with a key that was destroyed before a backup brought them back, or destroyed
because a person in them was erased or they were kept long enough."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg


def write_lost(conn: psycopg.Connection[Any], names: Iterable[str], reason: str = "key_retired") -> None:
    """Note that the files with these SHA-256 cannot be had any more, for that reason; harmless when repeated.

    What came again after its key was retired, and is destroyed now, is noted anew.
    """
    conn.execute(
        "insert into archive.lost_file as l (sha256, lost_at, reason) select unnest(%s::text[]), now(), %s"
        " on conflict (sha256) do update set lost_at = excluded.lost_at, reason = excluded.reason"
        " where l.reason = 'key_retired' and excluded.reason <> 'key_retired'",
        (sorted(names), reason),
    )


def read_lost(conn: psycopg.Connection[Any]) -> frozenset[str]:
    """The SHA-256 of the files that were lost; what came again since is in the archive all the same."""
    return frozenset(row[0] for row in conn.execute("select sha256 from archive.lost_file"))
