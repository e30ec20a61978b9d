"""Holding: an answer for a closed period is read, judged and loaded like any other, and waits to come into force.

It has its ledger row, its rows, findings and receipt; only `ops.submission_in_force` leaves it out until the period is reopened.
What it says is compared with what was sent last, held or not: the newest word of a unit counts when the period opens again, so the
same content again is a copy, and a return to what is in force is an answer of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import psycopg

from connectors.warehouse.closing import closed_periods, covers
from connectors.warehouse.events import Event
from connectors.warehouse.recorded import digests

if TYPE_CHECKING:
    from connectors.warehouse.loading import Numbered


WAITS = (
    "exists (select from ops.submission_held h left join ops.submission_let_in l using (submission_id)"
    " where h.submission_id = s.submission_id and l.submission_id is null)"
)
"""True of a submission `s` that waits."""


def hold_answers(conn: psycopg.Connection[Any], numbered: Sequence[Numbered], run_id: int) -> list[Event]:
    """Make those of these accepted answers wait whose period is closed; gives an event for each, to be appended last.

    Registers do not wait: they are in force for all time, and the figures of closed periods are kept from them by the publish.
    """
    answers = [n for n in numbered if n.decision.outcome == "accepted" and not n.form.is_register]
    closed = closed_periods(conn) if answers else []
    if not closed:
        return []
    held = [(n, closing) for n in answers if (closing := covers(closed, n.reading.period or ""))]
    for n, closing in held:
        conn.execute(
            "insert into ops.submission_held (submission_id, closing_id, run_id, held_at) values (%s, %s, %s, now())",
            (n.submission_id, closing.closing_id, run_id),
        )
    digest_of = digests(conn, "ops.submission_held", [n.submission_id for n, _ in held])
    return [
        Event(
            "held",
            f"run {run_id}",
            delivery_id=n.decision.delivery_id,
            submission_id=n.submission_id,
            form_id=n.form.form_id,
            unit_id=n.reading.unit_id,
            period=n.reading.period,
            details={
                "closing_id": closing.closing_id,
                "closed_with": closing.period,
                "rows": {"ops.submission_held": {str(n.submission_id): digest_of[n.submission_id]}},
            },
        )
        for n, closing in held
    ]
