"""The rows of the sample year, for those who add them up."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from functools import cache
from typing import Any

from connectors.sample.days import YEAR
from connectors.sample.organisation import reporters
from connectors.sample.programmes import reported
from connectors.sample.reported import Reported

YEAR_END = date(YEAR, 12, 31)


def rows(form_id: str, **wanted: object) -> list[Reported]:
    """The rows of the form in the sample year whose values are those wanted, in the codes of the contract."""
    return [row for row in reported(form_id, YEAR) if all(row.values[name] == value for name, value in wanted.items())]


def last_rows(form_id: str, **wanted: object) -> list[Reported]:
    """Those of the last quarter, of the units that exist at the year's end."""
    return [row for row in rows(form_id, **wanted) if row.period == f"{YEAR}-Q4" and row.unit_id in lasting()]


@cache
def lasting() -> frozenset[str]:
    """The enterprises that exist at the year's end."""
    return frozenset(unit.unit_code for unit in reporters(str(YEAR)))


def total(some: Iterable[Reported], field: str) -> Fraction:
    """The sum of the field."""
    return sum((Fraction(row.values[field]) for row in some), Fraction(0))


def distinct(some: Iterable[Reported], field: str) -> Fraction:
    """How many different values the field has; blanks count for none."""
    return Fraction(len({row.values[field] for row in some} - {None}))


def is_in_year(day: date | None) -> bool:
    """Whether the day is given and lies in the sample year."""
    return day is not None and day.year == YEAR


def count(some: Iterable[Any]) -> Fraction:
    """How many there are."""
    return Fraction(len(list(some)))
