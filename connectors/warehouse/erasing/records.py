"""The record of erasures: what was begun, how far it came, and what takes the person's place; nothing of the person but, until it ends, the token."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row


@dataclass(frozen=True, slots=True)
class Erasure:
    """One erasure. `person_token` is None once it is finished; `key_id` is the seal key that was made for it."""

    erasure_id: int
    person_token: str | None
    substitute_token: str
    substitute_id: str
    key_id: str | None
    author: str
    reason: str
    started_at: datetime
    rows_erased_at: datetime | None
    finished_at: datetime | None


def read_unfinished(conn: psycopg.Connection[Any], token: str | None = None) -> list[Erasure]:
    """The erasures that were begun and are not finished, of everybody or of one person."""
    with conn.cursor(row_factory=class_row(Erasure)) as cursor:
        return cursor.execute(
            "select * from pii.erasure where finished_at is null and (%(token)s::text is null or person_token = %(token)s)"
            " order by erasure_id",
            {"token": token},
        ).fetchall()


def begin_erasure(
    conn: psycopg.Connection[Any], token: str, substitute_token: str, substitute_id: str, author: str, reason: str
) -> Erasure:
    """Write down that an erasure begins."""
    conn.execute(
        "insert into pii.erasure (person_token, substitute_token, substitute_id, author, reason, started_at)"
        " values (%s, %s, %s, %s, %s, clock_timestamp())",
        (token, substitute_token, substitute_id, author, reason),
    )
    [begun] = read_unfinished(conn, token)
    return begun


def write_key(conn: psycopg.Connection[Any], erasure_id: int, key_id: str) -> None:
    """Write down which seal key was made for it."""
    conn.execute("update pii.erasure set key_id = %s where erasure_id = %s", (key_id, erasure_id))


def finish_erasure(conn: psycopg.Connection[Any], erasure_id: int) -> None:
    """Write down that it is done, and forget whose it was."""
    conn.execute(
        "update pii.erasure set person_token = null, finished_at = clock_timestamp() where erasure_id = %s",
        (erasure_id,),
    )
