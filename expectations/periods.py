"""The periods that forms answer for: months, quarters, years and the five-year plan, under one spelling each."""

from __future__ import annotations

import calendar
import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

PeriodKind = Literal["month", "quarter", "year", "plan"]

PLAN_YEARS = 5
"""A plan covers five years; since 1981 every plan has begun in a year that ends in 1 or 6."""

_QUARTERS = {"1": 1, "2": 2, "3": 3, "4": 4, "一": 1, "二": 2, "三": 3, "四": 4}
_MONTH = re.compile(r"(\d{4})(?:[-./](\d{1,2})|年(\d{1,2})月)(?:份)?")
_QUARTER = re.compile(r"(\d{4})(?:-?Q([1-4])|年?第?([1-4一二三四])季度?)", re.IGNORECASE)
_YEAR = re.compile(r"(\d{4})(?:年度?)?")
_PLAN = re.compile(r"(\d{4})[-~至](\d{4})(?:年)?")


class PeriodError(ValueError):
    """A text is not the name of a period.

    Attributes:
        text: what was given.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(f"'{text}' is not a period; write 2021-03, 2021-Q1, 2021 or 2021-2025.")


@dataclass(frozen=True, slots=True)
class Period:
    """A span of whole days with its name; `id` is `2021-03`, `2021-Q1`, `2021` or `2021-2025`."""

    id: str
    kind: PeriodKind
    first_day: date
    last_day: date

    def __str__(self) -> str:
        return self.id


def parse_period(text: str) -> Period:
    """The period that a text names, in our spelling or in the Chinese that people type (2021年3月, 2021年一季度, 2021年度).

    Raises: PeriodError if it names none, or names one in two ways.
    """
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).replace("–", "-").replace("—", "-")
    if found := _PLAN.fullmatch(plain):
        first, last = int(found[1]), int(found[2])
        if not 1 <= first < last:
            raise PeriodError(text)
        return Period(f"{first}-{last}", "plan", date(first, 1, 1), date(last, 12, 31))
    if found := _QUARTER.fullmatch(plain):
        return _quarter(int(found[1]), _QUARTERS[found[2] or found[3]], text)
    if re.fullmatch(r"\d{4}\.1", plain):
        # A sheet shows the number 2021.10 as 2021.1: January or October.
        raise PeriodError(text)
    if found := _MONTH.fullmatch(plain):
        return _month(int(found[1]), int(found[2] or found[3]), text)
    if found := _YEAR.fullmatch(plain):
        return _year(int(found[1]), text)
    raise PeriodError(text)


def period_of(kind: PeriodKind, day: date) -> Period:
    """The period of that kind that contains the day."""
    match kind:
        case "month":
            return _month(day.year, day.month, str(day))
        case "quarter":
            return _quarter(day.year, (day.month + 2) // 3, str(day))
        case "year":
            return _year(day.year, str(day))
        case "plan":
            first = day.year - (day.year - 1) % PLAN_YEARS
            return parse_period(f"{first}-{first + PLAN_YEARS - 1}")


def periods_between(kind: PeriodKind, first: date, last: date) -> list[Period]:
    """Every period of that kind that has a day in the span, in order; none if the span ends before it begins."""
    found: list[Period] = []
    day = first
    while day <= last:
        found.append(period_of(kind, day))
        day = found[-1].last_day + timedelta(days=1)
    return found


def _month(year: int, month: int, text: str) -> Period:
    if not (year >= 1 and 1 <= month <= 12):
        raise PeriodError(text)
    last = calendar.monthrange(year, month)[1]
    return Period(f"{year:04}-{month:02}", "month", date(year, month, 1), date(year, month, last))


def _quarter(year: int, quarter: int, text: str) -> Period:
    if year < 1:
        raise PeriodError(text)
    first = _month(year, 3 * quarter - 2, text)
    last = _month(year, 3 * quarter, text)
    return Period(f"{year:04}-Q{quarter}", "quarter", first.first_day, last.last_day)


def _year(year: int, text: str) -> Period:
    if year < 1:
        raise PeriodError(text)
    return Period(f"{year:04}", "year", date(year, 1, 1), date(year, 12, 31))
