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
    select t.target_id, t.indicator_id, t.name_zh, t.unit, t.period, t.period_type, p.as_of_day, t.actual, t.target,
        t.path_value, t.forecast, t.verdict, t.plan_first_day, t.plan_last_day
    from bi.target_progress t
    join bi.period p using (period)
    where t.org_level = 'province'
        and (t.period = %(period)s or (p.period_type in ('quarter', 'year', 'plan') and p.as_of_day <= %(last_day)s))
    order by t.target_id, p.as_of_day, p.last_day desc
"""


@dataclass(frozen=True, slots=True)
class TargetPoint:
    """One target of the province as of the last day of a period; values in the target's `unit`.

    `indicator_id` names two with a semicolon between where two shares are added up. `forecast` is of the end of the path,
    which runs from `plan_first_day` to `plan_last_day`: the plan, or one year of it.
    """

    target_id: str
    indicator_id: str
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

    @property
    def is_of_one_year(self) -> bool:
        """Whether each year is counted anew."""
        return self.plan_first_day.year == self.plan_last_day.year


@dataclass(frozen=True, slots=True)
class Course:
    """One target: where it stands now, and by which quarters or years it came there (none where each year is counted anew)."""

    now: TargetPoint
    steps: tuple[TargetPoint, ...]


def read_targets(conn: psycopg.Connection[Any], period_id: str, span: Span) -> tuple[Course, ...]:
    """Every target with a value for the period, or else for the plan as far as it has come."""
    with conn.cursor(row_factory=class_row(TargetPoint)) as cursor:
        points = cursor.execute(_POINTS, {"period": period_id, "last_day": span.last_day}).fetchall()
    courses = []
    for target_id in dict.fromkeys(point.target_id for point in points):
        own = [point for point in points if point.target_id == target_id]
        now = next((p for p in own if p.period == period_id), next((p for p in own if p.period_type == "plan"), None))
        if now is not None:
            courses.append(Course(now, _steps(now, own)))
    return tuple(courses)


def _steps(now: TargetPoint, own: list[TargetPoint]) -> tuple[TargetPoint, ...]:
    if now.is_of_one_year:
        return ()
    # By quarters where the target has them, else by years: what is gathered over the plan is told at the end of each.
    for kind in ("quarter", "year"):
        days = {
            p.as_of_day: p
            for p in own
            if p.period_type == kind and p.plan_first_day <= p.as_of_day <= now.as_of_day and not p.is_of_one_year
        }
        if days:
            return tuple({**days, now.as_of_day: now}[day] for day in sorted({*days, now.as_of_day}))
    return ()
