"""Words and numbers: exact, with thousands separators, and one for every code."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.report import words
from connectors.report.complaints import plain_words
from expectations.catalogue import codes
from expectations.contract import forms
from expectations.finding import Severity
from expectations.periods import parse_period

SEEDS = Path("dbt_project/seeds")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Decimal("38329900.00"), "38,329,900"),
        (Decimal("0.10"), "0.1"),
        (Decimal("1420000.5000000000"), "1,420,000.5"),
        (Decimal(0), "0"),
        (Decimal("-1200"), "-1,200"),
        (Decimal("123456789012345678.91"), "123,456,789,012,345,678.91"),
    ],
)
def test_a_number_is_exact_with_thousands_separators(value: Decimal, shown: str) -> None:
    assert words.number(value) == shown


def test_ten_thousands_keep_every_digit() -> None:
    assert words.ten_thousands(Decimal("35598540")) == "3,559.854"
    assert words.ten_thousands(Decimal("0.01")) == "0.000001"
    assert words.money(Decimal("9999.99")) == "9,999.99 元"
    assert words.money(Decimal("10000")) == "10,000 元（1 万元）"


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        ("1", "100%"),
        ("0.9996", "99.9%"),
        ("0.8333333333", "83.3%"),
        ("0.0004", "<0.1%"),
        ("0", "0.0%"),
        ("0.0005", "0.1%"),
    ],
)
def test_a_share_is_never_rounded_to_whole_or_nothing(share: str, shown: str) -> None:
    assert words.percent(Decimal(share)) == shown


@pytest.mark.parametrize(
    ("period", "name"),
    [("2021-03", "2021 年 3 月"), ("2021-Q4", "2021 年第四季度"), ("2021", "2021 年"), ("2021-2025", "2021—2025 年")],
)
def test_a_period_is_said_in_chinese(period: str, name: str) -> None:
    assert words.period_name(parse_period(period)) == name


@pytest.mark.parametrize("seed", ["indicators", "targets", "published_figures"])
def test_every_unit_of_the_seeds_has_a_word(seed: str) -> None:
    with (SEEDS / f"{seed}.csv").open(encoding="utf-8") as lines:
        assert {row["unit"] for row in csv.DictReader(lines)} <= set(words.UNITS)


def test_every_severity_has_a_word() -> None:
    assert set(words.SEVERITIES) == set(Severity)


def test_every_code_has_plain_words_without_holes() -> None:
    rules = [rule.code for form in forms().values() for rule in form.rules]
    for code in (*codes(), *rules):
        said = plain_words(code)
        assert said.what != code, code
        assert said.fix, code
        assert "{" not in said.what + said.fix, code


def test_a_code_that_nobody_knows_is_shown_as_it_is() -> None:
    assert plain_words("old_form.forgotten_rule").what == "old_form.forgotten_rule"
