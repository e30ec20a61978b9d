"""The ordinary slips of the sample: how somebody spoils a row, and what comes of it.

Each slip spoils one workbook. Which are planted stands in `planted`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from connectors.sample.answers import Row
from connectors.sample.people import with_wrong_check_character
from expectations.periods import Period

Spoil = Callable[[Row, Period], Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Slip:
    """One slip: `spoil` gives what is typed instead in the first row of a period, `code` is the finding that it must lead to.

    `again` gives what differs in a second row with the same key; `totals` is what is typed over the total row.
    """

    form_id: str
    code: str
    spoil: Spoil = lambda row, period: {}
    again: Spoil | None = None
    totals: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class LeftRow:
    """A bad row that nobody corrects, and the finding that it must lead to; `day_field` takes a day of its period."""

    form_id: str
    code: str
    day_field: str
    row: dict[str, object]


def a_month_later(field: str) -> Spoil:
    """The day is typed one month too late."""

    def spoil(row: Row, period: Period) -> Mapping[str, object]:
        return {field: row[field] + timedelta(days=31)}

    return spoil


def after_the_period(field: str) -> Spoil:
    """The day is one that has not come yet."""

    def spoil(row: Row, period: Period) -> Mapping[str, object]:
        return {field: period.last_day + timedelta(days=74)}

    return spoil


def more_than(limit: str, field: str) -> Spoil:
    """The count is typed 18 higher than the one that it is part of."""

    def spoil(row: Row, period: Period) -> Mapping[str, object]:
        return {field: row[limit] + 18}

    return spoil


def mistyped(field: str) -> Spoil:
    """The last key of a citizen ID is missed."""

    def spoil(row: Row, period: Period) -> Mapping[str, object]:
        return {field: with_wrong_check_character(row[field])}

    return spoil


def shortened(field: str) -> Spoil:
    """The last character of a citizen ID is left out."""

    def spoil(row: Row, period: Period) -> Mapping[str, object]:
        return {field: row[field][:-1]}

    return spoil


def one_more(field: str) -> Spoil:
    """The count is typed one higher."""

    def spoil(row: Row, period: Period) -> Mapping[str, object]:
        return {field: row[field] + 1}

    return spoil


def instead(**values: object) -> Spoil:
    """Something else is typed."""
    return lambda row, period: values
