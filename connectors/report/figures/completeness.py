"""Who handed in what, and when: one answer per form, unit and period that was expected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
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
    MISSING = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """One expected submission. `month` is the month in which its period ends; `is_in_period` is false for context only."""

    form_id: str
    form_title: str
    unit_id: str
    period: str
    month: str
    is_accepted: bool
    is_on_time: bool
    is_nil: bool
    is_due: bool
    due_date: date
    received_at: datetime | None
    is_in_period: bool

    @property
    def state(self) -> State:
        """On time, late, nil (on time and nothing to report), missing, or not due yet on the night of the release."""
        if not self.is_accepted:
            return State.MISSING if self.is_due else State.PENDING
        if not self.is_on_time:
            return State.LATE
        return State.NIL if self.is_nil else State.ON_TIME


def read_answers(conn: psycopg.Connection[Any], span: Span) -> tuple[Answer, ...]:
    """Every expected submission whose period ends within the report's period or the year in which that ends."""
    with conn.cursor(row_factory=class_row(Answer)) as cursor:
        found = cursor.execute(
            "select c.form_id, c.form_title as form_title, c.unit_id, c.period, to_char(p.last_day, 'YYYY-MM') as month,"
            " c.accepted as is_accepted, c.on_time as is_on_time, c.nil_return as is_nil,"
            " c.due_date < (select max(night) from bi.release) as is_due, c.due_date,"
            " c.received_at at time zone 'Asia/Shanghai' as received_at,"
            " p.last_day between %(first_day)s and %(last_day)s as is_in_period"
            " from bi.completeness c join bi.period p using (period)"
            " where c.expected and p.last_day between least(%(first_day)s, %(year_start)s) and %(last_day)s"
            " order by c.unit_id, c.form_id, p.last_day",
            {"first_day": span.first_day, "last_day": span.last_day, "year_start": span.year_start},
        )
        return tuple(found.fetchall())
