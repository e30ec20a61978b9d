"""Withdrawing: the answer of a unit for a form and period is taken back, and none is in force until another is accepted.

It stays in the ledger with all its rows; only what counts changes. No former version comes back by itself: the unit replaced it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import class_row

from connectors.warehouse.closing import require_open
from connectors.warehouse.events import Event, append_events
from connectors.warehouse.loading import INTAKE_LOCK
from connectors.warehouse.recorded import rows_of
from expectations.contract import forms

TAKEN_BACK = "exists (select from ops.withdrawal w join ops.submission o using (submission_id) where o.delivery_id = s.delivery_id)"
"""True of a submission `s` whose delivery was withdrawn, in whichever of its versions: a replay of it may be newer than the one that counted."""


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The submission that was withdrawn, and how many rows of it count no more."""

    submission_id: int
    delivery_id: int
    version: int
    rows_loaded: int
    object_name: str


def withdraw(
    conn: psycopg.Connection[Any], form_id: str, unit_id: str, period: str, *, reason: str, author: str
) -> Withdrawn | None:
    """Withdraw the submission in force; None where there is none. Waits for a load that goes on, so that it knows what is in force.

    Raises: PeriodClosed where it is in a closed period; nothing of that can change before it is reopened.
    """
    with conn.transaction(), conn.cursor(row_factory=class_row(Withdrawn)) as cursor:
        conn.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (INTAKE_LOCK,))
        found = cursor.execute(
            "select s.submission_id, s.delivery_id, s.version, s.rows_loaded, d.object_name"
            " from ops.submission_in_force s join archive.delivery d using (delivery_id)"
            " where (s.form_id, s.unit_id, s.period) = (%s, %s, %s)",
            (form_id, unit_id, period),
        ).fetchone()
        if found is not None:
            if not forms()[form_id].is_register:
                require_open(conn, period)
            conn.execute(
                "insert into ops.withdrawal (submission_id, reason, author, decided_at) values (%s, %s, %s, now())",
                (found.submission_id, reason, author),
            )
            append_events(
                conn,
                [
                    Event(
                        "withdrawn",
                        author,
                        reason,
                        found.delivery_id,
                        found.submission_id,
                        form_id,
                        unit_id,
                        period,
                        {"version": found.version, "rows": rows_of(conn, ops_withdrawal=found.submission_id)},
                    )
                ],
            )
    return found
