"""Forms are due by the Chinese calendar: holidays put the day off, make-up days do not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from expectations.contract import Due, forms
from expectations.periods import parse_period
from expectations.workdays import CalendarEndsError, NoDueDateError, due_date, is_workday


@pytest.mark.parametrize(
    ("form_id", "period", "due", "why"),
    [
        ("relief", "2021-02", date(2021, 3, 5), "an ordinary week"),
        ("relief", "2021-01", date(2021, 2, 5), "the Spring Festival begins on the 11th"),
        ("relief", "2021-04", date(2021, 5, 11), "holiday until the 5th, and Saturday the 8th is worked"),
        ("relief", "2021-09", date(2021, 10, 13), "National Day until the 7th, and Saturday the 9th is worked"),
        ("relief", "2021-12", date(2022, 1, 10), "New Year until Monday the 3rd"),
        ("unit_profile", "2021-Q1", date(2021, 4, 10), "days are days"),
    ],
)
def test_a_form_is_due_by_the_calendar(form_id: str, period: str, due: date, why: str) -> None:
    assert due_date(forms()[form_id], parse_period(period)) == due


def test_a_day_of_the_year_lies_in_the_year_reported() -> None:
    form = replace(forms()["relief"], due=Due("10-15", "month_day"))
    assert due_date(form, parse_period("2021")) == date(2021, 10, 15)


def test_a_register_is_never_due() -> None:
    with pytest.raises(NoDueDateError, match="unit_register"):
        due_date(forms()["unit_register"], parse_period("2021"))


def test_beyond_the_known_holidays_the_calendar_says_so() -> None:
    with pytest.raises(CalendarEndsError, match=r"holidays of 2099.*newer release"):
        is_workday(date(2099, 1, 1))
