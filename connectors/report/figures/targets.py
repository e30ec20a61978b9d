"""Targets of the plan: where the province stands, where a straight path would be, and where it is heading."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.rows import class_row

from connectors.report.figures.release import Span


@dataclass(frozen=True, slots=True)
class TargetPoint:
    """One target of the province at the end of one quarter or year; values in the target's `unit`.

    `plan_first_day` and `plan_last_day` bound the straight path; `forecast` is of the plan's end.
    """

    target_id: str
    name_zh: str
    unit: str
    period: str
    last_day: date
    actual: Decimal | None
    target: Decimal
    path_value: Decimal | None
    forecast: Decimal | None
    verdict: str
    plan_first_day: date
    plan_last_day: date


def read_targets(conn: psycopg.Connection[Any], span: Span) -> tuple[TargetPoint, ...]:
    """Every point of every target up to the end of the span, oldest first within a target; quarters and years only."""
    with conn.cursor(row_factory=class_row(TargetPoint)) as cursor:
        found = cursor.execute(
            "select t.target_id, t.name_zh, t.unit, t.period, p.last_day, t.actual, t.target, t.path_value, t.forecast,"
            " t.verdict, t.plan_first_day, t.plan_last_day"
            " from bi.target_progress t join bi.period p using (period) join bi.unit u on u.unit_id = t.org_id"
            " where u.unit_kind = 'province' and p.period_type in ('quarter', 'year') and p.last_day <= %s"
            " order by t.target_id, p.last_day, p.period_type",
            (span.last_day,),
        )
        return tuple(found.fetchall())
