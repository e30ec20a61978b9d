"""Periods and working days of the sample year."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

NIGHT = date(2022, 1, 31)
"""The business date of the night that is counted again."""

HOLIDAYS = frozenset(
    date.fromisoformat(first) + timedelta(days=number)
    for first, days in (
        ("2021-01-01", 3), ("2021-02-11", 7), ("2021-04-03", 3), ("2021-05-01", 5), ("2021-06-12", 3),
        ("2021-09-19", 3), ("2021-10-01", 7), ("2022-01-01", 3), ("2022-01-31", 7),
    )
    for number in range(days)
)  # fmt: skip
"""New Year, Spring Festival, Qingming, Labour Day, Dragon Boat, Mid-Autumn and National Day, as the State Council gave them."""

MAKE_UP_DAYS = frozenset(
    map(
        date.fromisoformat,
        (
            "2021-02-07", "2021-02-20", "2021-04-25", "2021-05-08", "2021-09-18", "2021-09-26", "2021-10-09",
            "2022-01-29", "2022-01-30",
        ),
    )
)  # fmt: skip
"""Saturdays and Sundays that were worked for them."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A period: its kind, its name, its first and last day."""

    first: date
    last: date
    kind: str
    name: str

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    @property
    def year_before(self) -> Span:
        """The same days of the year before, as far as this period has come."""
        first, last = (day.replace(year=day.year - 1) for day in (self.first, self.as_of))
        return Span(first, last, self.kind, f"before {self.name}")

    @property
    def as_of(self) -> date:
        """The day whose state the period shows: its last, or the night's while it runs."""
        return min(self.last, NIGHT)


def span(name: str) -> Span:
    """The period of that name."""
    if found := re.fullmatch(r"(\d{4})-(\d{2})", name):
        return _months("month", name, int(found[1]), int(found[2]), 1)
    if found := re.fullmatch(r"(\d{4})-Q([1-4])", name):
        return _months("quarter", name, int(found[1]), 3 * int(found[2]) - 2, 3)
    if found := re.fullmatch(r"(\d{4})", name):
        return _months("year", name, int(found[1]), 1, 12)
    first, last = name.split("-")
    return Span(date(int(first), 1, 1), date(int(last), 12, 31), "plan", name)


def spans() -> Iterator[Span]:
    """Every period that had begun by the night."""
    names = ["2021-2025", "2021", "2022", *(f"2021-Q{quarter}" for quarter in range(1, 5)), "2022-Q1"]
    return map(span, [*names, *(f"2021-{month:02}" for month in range(1, 13)), "2022-01"])


def due_day(due: int | tuple[int, int], period: Span) -> date:
    """The last day on time: a month and day of the period's year, so many days after it, or (negative) so many working days."""
    if isinstance(due, tuple):
        return date(period.first.year, *due)
    if due >= 0:
        return period.last + timedelta(days=due)
    day, left = period.last, -due
    while left:
        day += timedelta(days=1)
        is_weekend = day.isoweekday() > 5
        left -= day in MAKE_UP_DAYS or not (is_weekend or day in HOLIDAYS)
    return day


def _months(kind: str, name: str, year: int, month: int, count: int) -> Span:
    last = month + count - 1
    return Span(date(year, month, 1), date(year, last, monthrange(year, last)[1]), kind, name)
