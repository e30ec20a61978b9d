"""Closed periods: which they are, what lies in them, and opening one again.

A closing covers its period and every shorter one inside it; a period is closed while a closing that was not reopened covers it.
Whoever closes or reopens holds the publish lease, so that what is closed stays the same between a build and its publish.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

from connectors.errors import PeriodClosed
from connectors.warehouse.events import Event, append_events
from connectors.warehouse.recorded import digests, rows_of
from expectations.periods import Period, PeriodKind, parse_period, periods_between

KINDS: tuple[PeriodKind, ...] = ("month", "quarter", "year", "plan")


@dataclass(frozen=True, slots=True)
class ClosedPeriod:
    """A closing that is in effect: its period, the release whose figures it froze, who closed it and when."""

    closing_id: int
    period: str
    period_type: str
    first_day: date
    last_day: date
    release_id: int
    author: str
    closed_at: datetime

    def has(self, period: Period) -> bool:
        """Whether that period lies in this one."""
        return self.first_day <= period.first_day and period.last_day <= self.last_day


@dataclass(frozen=True, slots=True)
class Reopened:
    """What reopening did: the closings that are in effect no more (the asked period's first), and the answers that came into force."""

    period: str
    closings: tuple[str, ...]
    let_in: int


def closed_periods(conn: psycopg.Connection[Any]) -> list[ClosedPeriod]:
    """The closings in effect, the longest first, then by day."""
    with conn.cursor(row_factory=class_row(ClosedPeriod)) as cursor:
        return cursor.execute(
            "select * from ops.period_closed order by last_day - first_day desc, first_day, closing_id"
        ).fetchall()


def covers(closed: Iterable[ClosedPeriod], period_id: str) -> ClosedPeriod | None:
    """The longest of these closings that the period lies in; None where it is open."""
    period = parse_period(period_id)
    return next((c for c in closed if c.has(period)), None)


def ids_within(first_day: date, last_day: date) -> list[str]:
    """The ids of all periods that lie in the span whole: months, quarters, years and plans."""
    found = [p for kind in KINDS for p in periods_between(kind, first_day, last_day)]
    return [p.id for p in found if first_day <= p.first_day and p.last_day <= last_day]


def closed_ids(closed: Iterable[ClosedPeriod]) -> list[str]:
    """The ids of every period that these closings cover, sorted."""
    return sorted({period for c in closed for period in ids_within(c.first_day, c.last_day)})


def require_open(conn: psycopg.Connection[Any], period_id: str) -> None:
    """Raises: PeriodClosed if the period is closed. Ask under the intake lock, and it stays so."""
    found = covers(closed_periods(conn), period_id)
    if found is not None:
        raise PeriodClosed(period_id, found.period, found.author, f"{found.closed_at:%Y-%m-%d}")


def reopen(conn: psycopg.Connection[Any], period: str, *, reason: str, author: str) -> Reopened | None:
    """Open a closed period again, with every closing inside it, and let in the answers that waited; None where it is not closed.

    The caller holds the publish lease. What changes from the next release on is a restatement.
    Raises: PeriodClosed where a longer closed period has it inside, since the longer one's figures would change too.
    """
    # Loading asks this module which periods are closed.
    from connectors.warehouse.loading import INTAKE_LOCK

    asked = parse_period(period)
    with conn.transaction():
        conn.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (INTAKE_LOCK,))
        closed = closed_periods(conn)
        around = covers(closed, asked.id)
        if around is None:
            return None
        if around.period != asked.id:
            raise PeriodClosed(asked.id, around.period, around.author, f"{around.closed_at:%Y-%m-%d}")
        mine = [c for c in closed if asked.first_day <= c.first_day and c.last_day <= asked.last_day]
        events: list[Event] = []
        for closing in mine:
            [(reopening_id,)] = conn.execute(
                "insert into ops.reopening (closing_id, reason, author, reopened_at) values (%s, %s, %s, now())"
                " returning reopening_id",
                (closing.closing_id, reason, author),
            ).fetchall()
            rows = rows_of(conn, ops_reopening=reopening_id)
            told = {"closing_id": closing.closing_id, "reopening_id": reopening_id, "rows": rows}
            events.append(Event("reopened", author, reason, period=closing.period, details=told))
            events += _let_in(conn, closing.closing_id, reopening_id, reason, author)
        append_events(conn, events)
    return Reopened(asked.id, tuple(c.period for c in mine), sum(event.kind == "let_in" for event in events))


def _let_in(conn: psycopg.Connection[Any], closing_id: int, reopening_id: int, reason: str, author: str) -> list[Event]:
    """Bring into force what waited because of a closing; gives the events: each let in, and what it replaces superseded."""
    waiting = conn.execute(
        "select h.submission_id, s.delivery_id, s.form_id, s.unit_id, s.period, f.submission_id from ops.submission_held h"
        " join ops.submission s using (submission_id)"
        " left join ops.submission_in_force f on (f.form_id, f.unit_id, f.period) = (s.form_id, s.unit_id, s.period)"
        " where h.closing_id = %s order by h.submission_id",
        (closing_id,),
    ).fetchall()
    conn.execute(
        "insert into ops.submission_let_in (submission_id, reopening_id, let_in_at) select unnest(%s::bigint[]), %s, now()",
        ([row[0] for row in waiting], reopening_id),
    )
    digest_of = digests(conn, "ops.submission_let_in", [row[0] for row in waiting])
    in_force: dict[tuple[str, str, str], int | None] = {row[2:5]: row[5] for row in waiting}
    events = []
    for submission_id, delivery_id, *key, _ in waiting:
        form_id, unit_id, period = key
        rows = {"ops.submission_let_in": {str(submission_id): digest_of[submission_id]}}
        place = {"form_id": form_id, "unit_id": unit_id, "period": period}
        told = {"submission_id": submission_id, "delivery_id": delivery_id, "details": {"rows": rows}}
        events.append(Event("let_in", author, reason, **told, **place))
        if (before := in_force[form_id, unit_id, period]) is not None:
            events.append(
                Event("superseded", author, reason, submission_id=before, details={"by": submission_id}, **place)
            )
        in_force[form_id, unit_id, period] = submission_id
    return events
