"""Periods have one spelling; people type them in many."""

from __future__ import annotations

from datetime import date

import pytest

from expectations.periods import PeriodError, PeriodKind, find_periods, parse_period, period_of, periods_between


@pytest.mark.parametrize(
    ("text", "period", "first", "last"),
    [
        ("2021-03", "2021-03", date(2021, 3, 1), date(2021, 3, 31)),
        ("2021-3", "2021-03", date(2021, 3, 1), date(2021, 3, 31)),
        ("2021.02", "2021-02", date(2021, 2, 1), date(2021, 2, 28)),
        ("2020年2月", "2020-02", date(2020, 2, 1), date(2020, 2, 29)),
        ("２０２１年１２月份", "2021-12", date(2021, 12, 1), date(2021, 12, 31)),
        ("2021-Q1", "2021-Q1", date(2021, 1, 1), date(2021, 3, 31)),
        ("2021Q4", "2021-Q4", date(2021, 10, 1), date(2021, 12, 31)),
        ("2021年第二季度", "2021-Q2", date(2021, 4, 1), date(2021, 6, 30)),
        ("2021 年 3 季度", "2021-Q3", date(2021, 7, 1), date(2021, 9, 30)),
        ("2021", "2021", date(2021, 1, 1), date(2021, 12, 31)),
        ("2021年一季度", "2021-Q1", date(2021, 1, 1), date(2021, 3, 31)),
        ("2021年度", "2021", date(2021, 1, 1), date(2021, 12, 31)),
        ("2021-2025", "2021-2025", date(2021, 1, 1), date(2025, 12, 31)),
    ],
)
@pytest.mark.inputs("A27", "A39")
def test_a_period_is_known_by_its_names(text: str, period: str, first: date, last: date) -> None:
    found = parse_period(text)
    assert (found.id, found.first_day, found.last_day) == (period, first, last)
    assert parse_period(found.id) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2021-13",
        "2021-00",
        "2021-Q5",
        "2021.1",
        "3月",
        "2021年上半年",
        "1-6月",
        "一季度",
        "2025-2021",
        "21-03",
        "0000",
        "二月",
    ],
)
@pytest.mark.inputs("A28", "A39")
def test_what_is_no_period_or_two_is_refused(text: str) -> None:
    with pytest.raises(PeriodError):
        parse_period(text)


@pytest.mark.inputs("A39")
@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("2025年度", "2025"),
        ("2025年全年", "2025"),
        ("2025年1-12月", "2025"),
        ("2025Q1", "2025-Q1"),
        ("2025年Q1", "2025-Q1"),
        ("2025年1-3月", "2025-Q1"),
        ("2025年10月至12月", "2025-Q4"),
        ("二〇二五年第一季度", "2025-Q1"),
        ("二○二五年十一月", "2025-11"),
        ("202503", "2025-03"),
    ],
)
def test_a_period_in_other_words_has_the_same_code(text: str, period: str) -> None:
    assert parse_period(text).id == period


@pytest.mark.inputs("A39")
@pytest.mark.parametrize(
    ("text", "period"), [("一季度", "2025-Q1"), ("3月份", "2025-03"), ("三月", "2025-03"), ("1-3月", "2025-Q1")]
)
def test_a_text_without_a_year_is_in_the_year_that_is_given_and_in_none_else(text: str, period: str) -> None:
    assert parse_period(text, 2025).id == period
    with pytest.raises(PeriodError):
        parse_period(text)


@pytest.mark.inputs("A39")
@pytest.mark.parametrize("text", ["2025年上半年", "2025年1-6月", "2025年2-4月", "2025年3-1月", "202513"])
def test_a_span_that_no_form_is_asked_for_is_refused(text: str) -> None:
    with pytest.raises(PeriodError):
        parse_period(text, 2025)


@pytest.mark.parametrize(
    ("text", "periods"),
    [
        ("关于２０２１年３月慰问情况的统计（二〇二一年四月 报）", ["2021-03", "2021-04"]),
        ("2021年3月5日印发", []),
        ("2021年慰问救助台账", ["2021"]),
        ("2021年上半年", []),
        ("文号 120213", []),
        ("2021-2025年规划", ["2021-2025"]),
        ("2021年1-3月", ["2021-Q1"]),
    ],
)
def test_periods_are_found_in_a_text_and_days_are_none(text: str, periods: list[str]) -> None:
    assert [period.id for period in find_periods(text)] == periods


@pytest.mark.parametrize(
    ("kind", "period"), [("month", "2023-08"), ("quarter", "2023-Q3"), ("year", "2023"), ("plan", "2021-2025")]
)
def test_a_day_lies_in_one_period_of_each_kind(kind: PeriodKind, period: str) -> None:
    assert period_of(kind, date(2023, 8, 15)).id == period


def test_the_next_plan_begins_in_2026() -> None:
    assert [period_of("plan", date(year, 1, 1)).id for year in (2020, 2021, 2025, 2026)] == [
        "2016-2020", "2021-2025", "2021-2025", "2026-2030",
    ]  # fmt: skip


def test_periods_between_two_days_touch_each_other() -> None:
    found = periods_between("quarter", date(2021, 1, 1), date(2022, 1, 31))
    assert [p.id for p in found] == ["2021-Q1", "2021-Q2", "2021-Q3", "2021-Q4", "2022-Q1"]
    assert periods_between("month", date(2021, 2, 1), date(2021, 1, 31)) == []
