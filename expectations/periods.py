"""The periods that forms answer for: months, quarters, years and the five-year plan, under one spelling each."""

from __future__ import annotations

import calendar
import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from expectations.numerals import parse_chinese_number

PeriodKind = Literal["month", "quarter", "year", "plan"]

PLAN_YEARS = 5
"""A plan covers five years; since 1981 every plan has begun in a year that ends in 1 or 6."""

_QUARTERS = {"1": 1, "2": 2, "3": 3, "4": 4, "一": 1, "二": 2, "三": 3, "四": 4}
_MONTH = re.compile(r"(\d{4})(?:[-./](\d{1,2})|年(\d{1,2})月|(0[1-9]|1[0-2]))(?:份)?")
_QUARTER = re.compile(r"(\d{4})(?:年?-?Q([1-4])|年?第?([1-4一二三四])季度?)", re.IGNORECASE)
_MONTHS = re.compile(r"(\d{4})年(\d{1,2})月?[-~至到](\d{1,2})月(?:份)?")
_YEAR = re.compile(r"(\d{4})(?:年度?|年?全年)?")
_PLAN = re.compile(r"(\d{4})年?[-~至](\d{4})(?:年)?")
_YEAR_IN_CHINESE = re.compile(r"([〇○零一二三四五六七八九]{4})(?=年)")
_MONTH_IN_CHINESE = re.compile(r"(?<![第\d])(十[一二]?|[一二三四五六七八九])(?=月)")
_WITHOUT_YEAR = re.compile(r"\d{1,2}月.*|\d{1,2}[-~至到]\d{1,2}月.*|第?[1-4一二三四]季度?|Q[1-4]|全年", re.IGNORECASE)
_NAMED = re.compile(
    r"\d{4}年?[-~至]\d{4}年?|\d{4}年\d{1,2}月?[-~至到]\d{1,2}月|\d{4}年\d{1,2}月(?!\d{1,2}[日号])"
    r"|\d{4}年?第?[1-4一二三四]季度?|\d{4}年?-?Q[1-4]|\d{4}-\d{2}(?![\d-])|\d{4}年(?:全年|度?(?![\d上下前后]))",
    re.IGNORECASE,
)
_CHINESE_DIGITS = str.maketrans("〇○零一二三四五六七八九", "000123456789")


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


def parse_period(text: str, year: int | None = None) -> Period:
    """The period that a text names, in our spelling or in the Chinese that people type (2021年3月, 二〇二一年一季度, 2021年1-3月).

    A text that names no year (一季度) is in `year`, where that is given.

    Raises: PeriodError if it names none, or names one in two ways, or a span that no form is asked for (2021年上半年).
    """
    plain = _in_digits(_half_width(text))
    if year is not None and _WITHOUT_YEAR.fullmatch(plain):
        plain = f"{year:04}年{plain}"
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
        return _month(int(found[1]), int(found[2] or found[3] or found[4]), text)
    if found := _MONTHS.fullmatch(plain):
        return _months(int(found[1]), int(found[2]), int(found[3]), text)
    if found := _YEAR.fullmatch(plain):
        return _year(int(found[1]), text)
    raise PeriodError(text)


def find_periods(text: str) -> list[Period]:
    """The periods that a text mentions with their year (关于2021年3月慰问情况的统计), in their order; a day is none."""
    plain = _in_digits(_half_width(text))
    found: list[Period] = []
    for named in _NAMED.finditer(plain):
        if plain[max(named.start() - 1, 0) : named.start()].isdigit():
            continue
        try:
            found.append(parse_period(named[0]))
        except PeriodError:
            continue
    return found


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


def _half_width(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).replace("–", "-").replace("—", "-")


def _in_digits(text: str) -> str:
    """The same with the year and the month in digits: 二〇二一年十一月 is 2021年11月."""
    with_year = _YEAR_IN_CHINESE.sub(lambda found: found[1].translate(_CHINESE_DIGITS), text)
    return _MONTH_IN_CHINESE.sub(lambda found: str(parse_chinese_number(found[1])), with_year)


def _months(year: int, first: int, last: int, text: str) -> Period:
    """The period of the months from the first to the last: a quarter or the whole year."""
    if (first, last) == (1, 12):
        return _year(year, text)
    if first % 3 == 1 and last == first + 2:
        return _quarter(year, last // 3, text)
    raise PeriodError(text)


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
