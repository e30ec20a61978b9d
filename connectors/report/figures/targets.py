"""Targets of the plan: where the province stands, where a straight path would be, and where it is heading."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.rows import class_row

from connectors.report.figures.release import Span

_POINTS = """
    select t.target_id, t.name_zh, t.unit, t.period, t.period_type, p.as_of_day, t.actual, t.target, t.path_value,
        t.forecast, t.verdict, plan.first_day as plan_first_day, plan.last_day as plan_last_day
    from bi.target_progress t
    join bi.period p using (period)
    join bi.period plan on plan.period_type = 'plan' and p.first_day between plan.first_day and plan.last_day
    where t.org_level = 'province'
        and (t.period = %(period)s or (p.period_type in ('quarter', 'plan') and p.as_of_day <= %(last_day)s))
    order by t.target_id, p.as_of_day, p.last_day desc
"""


@dataclass(frozen=True, slots=True)
class TargetPoint:
    """One target of the province as of the last day of a period; values in the target's `unit`.

    `forecast` is of the end of the path; the path of a target for the whole plan runs from `plan_first_day` to `plan_last_day`.
    """

    target_id: str
    name_zh: str
    unit: str
    period: str
    period_type: str
    as_of_day: date
    actual: Decimal | None
    target: Decimal
    path_value: Decimal | None
    forecast: Decimal | None
    verdict: str
    plan_first_day: date
    plan_last_day: date


@dataclass(frozen=True, slots=True)
class Course:
    """One target: where it stands now, and by which quarters it came there (none where each year is counted anew)."""

    now: TargetPoint
    quarters: tuple[TargetPoint, ...]


def read_targets(conn: psycopg.Connection[Any], period_id: str, span: Span) -> tuple[Course, ...]:
    """Every target with a value for the period, or else for the plan as far as it has come."""
    with conn.cursor(row_factory=class_row(TargetPoint)) as cursor:
        points = cursor.execute(_POINTS, {"period": period_id, "last_day": span.last_day}).fetchall()
    courses = []
    for target_id in dict.fromkeys(point.target_id for point in points):
        own = [point for point in points if point.target_id == target_id]
        now = next((p for p in own if p.period == period_id), next((p for p in own if p.period_type == "plan"), None))
        if now is not None:
            quarters = {p.as_of_day: p for p in own if p.period_type == "quarter" and p.as_of_day <= now.as_of_day}
            if quarters:
                quarters[now.as_of_day] = now
            courses.append(Course(now, tuple(quarters[day] for day in sorted(quarters))))
    return tuple(courses)
