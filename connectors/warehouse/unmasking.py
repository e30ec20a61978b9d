"""The log of unmaskings: whoever asks about a person by citizen ID is written down, and the writing committed, before they see anything.

What programs open for themselves (a night that reads a workbook, a reply that goes back to who sent it) is none: nobody sees it
who did not have it. The log has no personal value, so that auditors may read it; it is of the chain of events (`recorded.py`).
"""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

from connectors.warehouse.events import Event, append_events
from connectors.warehouse.recorded import rows_of


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks about a person, by which command, and why; neither name nor reason is personal data of the person."""

    author: str
    command: str
    reason: str


@dataclass(frozen=True, slots=True)
class Unmasking:
    """One line of the log; `account` is the system account that really asked, `rows` how many rows it was shown."""

    unmasking_id: int
    happened_at: datetime
    author: str
    account: str
    command: str
    reason: str
    person_token: str
    rows: int


def record_unmasking(conn: psycopg.Connection[Any], asked: Asked, person_token: str, rows: int) -> int:
    """Write down, in a transaction that is committed when this returns, that somebody is about to see so many rows; gives its id."""
    with conn.transaction():
        [(unmasking_id,)] = conn.execute(
            "insert into ops.unmasking (happened_at, author, account, command, reason, person_token, rows)"
            " values (clock_timestamp(), %s, %s, %s, %s, %s, %s) returning unmasking_id",
            (asked.author, system_account(), asked.command, asked.reason, person_token, rows),
        ).fetchall()
        details = {"unmasking_id": unmasking_id, "command": asked.command, "count": rows}
        details |= {"rows": rows_of(conn, ops_unmasking=unmasking_id)}
        append_events(conn, [Event("unmasked", asked.author, asked.reason, details=details)])
    return int(unmasking_id)


def read_unmaskings(conn: psycopg.Connection[Any], limit: int) -> list[Unmasking]:
    """The log, the newest first."""
    with conn.cursor(row_factory=class_row(Unmasking)) as cursor:
        return cursor.execute("select * from ops.unmasking order by unmasking_id desc limit %s", (limit,)).fetchall()


def system_account() -> str:
    """The account that this process runs as, which its environment cannot change."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        # A container may run as a number that nobody named.
        return str(os.getuid())
