"""When the workbooks of the sample arrive: mostly on time, some late, by the same clerks again and again."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from connectors.sample.chance import Chance
from connectors.sample.organisation import enterprises
from expectations.contract import Form
from expectations.periods import parse_period
from expectations.workdays import due_date

SHANGHAI = ZoneInfo("Asia/Shanghai")


def arrival(form: Form, unit_id: str, period: str) -> datetime:
    """When the unit's first workbook for the form and period arrives: by its due date, or up to 12 days late."""
    chance = Chance("arrival", form.form_id, unit_id, period)
    span, due = parse_period(period), due_date(form, parse_period(period))
    if chance.happens(0.35 if unit_id in _late_units() else 0.025):
        day = due + timedelta(days=chance.between(1, 12))
    else:
        day = span.last_day + timedelta(days=chance.between(1, (due - span.last_day).days))
    return at_work(day, chance)


def correction(first: datetime, *names: object) -> datetime:
    """When the corrected workbook follows the first one: 2 to 9 days later."""
    chance = Chance("correction", *names)
    return at_work(first.date() + timedelta(days=chance.between(2, 9)), chance)


def at_work(day: date, chance: Chance) -> datetime:
    """A moment of that day between 08:30 and 18:00 in Shanghai."""
    return datetime.combine(day, time(8, 30), SHANGHAI) + timedelta(seconds=chance.between(0, 34_200))


@cache
def _late_units() -> frozenset[str]:
    return frozenset(Chance("late").some([unit.unit_code for unit in enterprises()], 6))
