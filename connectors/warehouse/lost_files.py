"""Archived files that no key opens any more: sealed with a key that was destroyed before a backup of them was brought back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg


def write_lost(conn: psycopg.Connection[Any], names: Iterable[str]) -> None:
    """Note that the files with these SHA-256 cannot be had any more; harmless when repeated."""
    conn.execute(
        "insert into archive.lost_file (sha256, lost_at) select unnest(%s::text[]), now() on conflict do nothing",
        (sorted(names),),
    )


def read_lost(conn: psycopg.Connection[Any]) -> frozenset[str]:
    """The SHA-256 of the files that were lost; what came again since is in the archive all the same."""
    return frozenset(row[0] for row in conn.execute("select sha256 from archive.lost_file"))
