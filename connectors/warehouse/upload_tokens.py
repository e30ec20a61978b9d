"""The tokens by which a unit is known at the HTTP intake: 125 random bits each, of which only the SHA-256 is kept.

A token is written `7KQ2M-9XRAB-…`, five groups of five digits and letters, of which none is taken for another (Crockford's base 32); case,
blanks and hyphens make no difference, because people copy it from paper.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
GROUPS, GROUP = 5, 5
LOOKALIKES = str.maketrans("OIL", "011")


@dataclass(frozen=True, slots=True)
class UploadToken:
    """A token that was issued; `ended_at` is None while nobody has taken it back."""

    token_id: int
    unit_id: str
    last_day: date
    author: str
    issued_at: datetime
    ended_at: datetime | None = None
    end_reason: str | None = None
    end_author: str | None = None


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who holds a token that is good today."""

    token_id: int
    unit_id: str


def issue_token(conn: psycopg.Connection[Any], unit_id: str, last_day: date, author: str) -> tuple[int, str]:
    """A new token of a unit: its id, and its text, which is known to nobody but the caller from then on."""
    plain = "".join(secrets.choice(ALPHABET) for _ in range(GROUPS * GROUP))
    [(token_id,)] = conn.execute(
        "insert into ops.upload_token (unit_id, digest, last_day, author, issued_at)"
        " values (%s, %s, %s, %s, clock_timestamp()) returning token_id",
        (unit_id, _digest(plain), last_day, author),
    ).fetchall()
    return token_id, "-".join(plain[start : start + GROUP] for start in range(0, len(plain), GROUP))


def bearer_of(conn: psycopg.Connection[Any], text: str) -> Bearer | None:
    """Whose token a text is; None where it is nobody's, was taken back, or is past its last day."""
    plain = "".join(text.upper().replace("-", " ").split()).translate(LOOKALIKES)
    if len(plain) != GROUPS * GROUP:
        return None
    with conn.cursor(row_factory=class_row(Bearer)) as cursor:
        return cursor.execute(
            "select t.token_id, t.unit_id from ops.upload_token t"
            " where t.digest = %s and t.last_day >= current_date"
            " and not exists (select from ops.upload_token_end e where e.token_id = t.token_id)",
            (_digest(plain),),
        ).fetchone()


def read_tokens(
    conn: psycopg.Connection[Any], unit_id: str | None = None, *, with_ended: bool = False
) -> list[UploadToken]:
    """The tokens, the newest last; those that are no longer good only if asked for."""
    with conn.cursor(row_factory=class_row(UploadToken)) as cursor:
        return cursor.execute(
            "select t.token_id, t.unit_id, t.last_day, t.author, t.issued_at,"
            " e.ended_at, e.reason as end_reason, e.author as end_author"
            " from ops.upload_token t left join ops.upload_token_end e using (token_id)"
            " where (%(unit)s::text is null or t.unit_id = %(unit)s)"
            " and (%(all)s or (e.token_id is null and t.last_day >= current_date)) order by t.token_id",
            {"unit": unit_id, "all": with_ended},
        ).fetchall()


def end_token(conn: psycopg.Connection[Any], token_id: int, reason: str, author: str) -> bool:
    """Take a token back; false where there is none of that id, or it was taken back before."""
    found = conn.execute(
        "insert into ops.upload_token_end (token_id, reason, author, ended_at)"
        " select token_id, %s, %s, clock_timestamp() from ops.upload_token where token_id = %s"
        " on conflict (token_id) do nothing",
        (reason, author, token_id),
    )
    return found.rowcount == 1


def _digest(plain: str) -> bytes:
    return hashlib.sha256(plain.encode()).digest()
