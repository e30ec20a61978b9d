"""Who handed in what, and when: one answer per form, unit and period that was expected."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import psycopg
from psycopg.rows import class_row

from connectors.report.figures.release import Span


class State(IntEnum):
    """What became of an expected submission, from the best to the one that needs most attention."""

    NIL = 1
    ON_TIME = 2
    PENDING = 3
    LATE = 4
    REFUSED = 5
    MISSING = 6


@dataclass(frozen=True, slots=True)
class Answer:
    """One expected submission. `month` is the month in which its period ends; `is_in_period` is false for context only."""

    form_id: str
    form_title: str
    unit_id: str
    period: str
    month: str
    outcome: str
    is_on_time: bool
    is_nil: bool
    is_in_period: bool

    @property
    def state(self) -> State:
        """On time, late, nil (on time and nothing to report), refused, missing, or not due yet on the night of the release."""
        match self.outcome:
            case "accepted" if not self.is_on_time:
                return State.LATE
            case "accepted":
                return State.NIL if self.is_nil else State.ON_TIME
            case "refused":
                return State.REFUSED
            case "awaited":
                return State.PENDING
            case _:
                return State.MISSING


def read_answers(conn: psycopg.Connection[Any], span: Span) -> tuple[Answer, ...]:
    """Every expected submission whose period ends within the report's period or the year in which that ends."""
    with conn.cursor(row_factory=class_row(Answer)) as cursor:
        found = cursor.execute(
            "select c.form_id, c.form_title, c.unit_id, c.period, to_char(p.last_day, 'YYYY-MM') as month,"
            " c.state as outcome, c.on_time as is_on_time, c.nil_return as is_nil,"
            " p.last_day between %(first_day)s and %(last_day)s as is_in_period"
            " from bi.completeness c join bi.period p using (period)"
            " where c.expected and p.last_day between least(%(first_day)s, %(year_start)s) and %(last_day)s"
            " order by c.unit_id, c.form_id, p.last_day",
            {"first_day": span.first_day, "last_day": span.last_day, "year_start": span.year_start},
        )
        return tuple(found.fetchall())
