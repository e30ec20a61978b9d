"""When the workbooks of the sample arrive: mostly on time, some late, by the same clerks again and again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from connectors.sample.chance import Chance
from connectors.sample.organisation import enterprises
from expectations.contract import Form
from expectations.periods import parse_period
from expectations.workdays import due_date

SHANGHAI = ZoneInfo("Asia/Shanghai")

LAST_DAY = (1, 28)
"""The day of January by which the last workbook of a year is there: the year's first night comes after it."""


def arrival(form: Form, unit_id: str, period: str, rows: Iterable[Mapping[str, object]] = ()) -> datetime:
    """When the unit's first workbook for the form and period arrives: by its due date, or up to 12 days late.

    A form that is due before its period ends arrives in the fortnight before it is due, after the last day that its rows name.
    """
    chance = Chance("arrival", form.form_id, unit_id, period)
    span, due = parse_period(period), due_date(form, parse_period(period))
    earliest = span.last_day if due > span.last_day else max(due - timedelta(days=14), _last_day_named(rows, due))
    if chance.happens(0.35 if unit_id in _late_units() else 0.025):
        day = due + timedelta(days=chance.between(1, 12))
    else:
        day = earliest + timedelta(days=chance.between(1, max(1, (due - earliest).days)))
    return at_work(day, chance)


def correction(first: datetime, period: str, *names: object) -> datetime:
    """When the corrected workbook follows the first one: 2 to 9 days later, and before the year's first night."""
    chance = Chance("correction", *names)
    last = date(parse_period(period).last_day.year + 1, *LAST_DAY)
    return at_work(min(first.date() + timedelta(days=chance.between(2, 9)), last), chance)


def at_work(day: date, chance: Chance) -> datetime:
    """A moment of that day between 08:30 and 18:00 in Shanghai."""
    return datetime.combine(day, time(8, 30), SHANGHAI) + timedelta(seconds=chance.between(0, 34_200))


def _last_day_named(rows: Iterable[Mapping[str, object]], due: date) -> date:
    """The last day on which something happened that the rows tell of, at least one day before the form is due."""
    days = [value for row in rows for value in row.values() if isinstance(value, date)]
    return min(max(days, default=date.min), due - timedelta(days=1))


@cache
def _late_units() -> frozenset[str]:
    return frozenset(Chance("late").some([unit.unit_code for unit in enterprises()], 6))
