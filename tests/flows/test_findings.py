"""Findings as people read them: what was typed where, the total, and where the form is explained."""

from __future__ import annotations

import pytest

from expectations.finding import Finding, Severity
from expectations.folding import fold
from flows.findings import draw_groups
from flows.speech import Speaker


def bad_number(row: int, value: str) -> Finding:
    place = ("慰问救助台账", f"H{row}", row, "cash_cny", value)
    params = {"form": "relief", "reason": "inexact"}
    return Finding("value.not_a_number", Severity.ERROR, 1, *place, params)


@pytest.mark.parametrize(
    ("lang", "places", "total"),
    [
        (
            "zh",
            "慰问救助台账!H6–H7 “约20”、H9 “两三千”：“慰问金”中的“…”不是一个确切的数",
            "共 3 处，1 类；填报说明见 docs/",
        ),
        (
            "en",
            "慰问救助台账!H6–H7 '约20', H9 '两三千': '…' is not one exact number",
            "3 findings of 1 kinds; see docs/",
        ),
    ],
)
def test_few_values_are_shown_each_at_its_cells(lang: str, places: str, total: str) -> None:
    found = [bad_number(6, "约20"), bad_number(7, "约20"), bad_number(9, "两三千")]
    line, last = draw_groups(fold(found), Speaker(lang)).splitlines()
    assert places in line
    assert total in last


def test_many_values_are_shown_together_with_all_their_cells() -> None:
    line, _ = draw_groups(fold([bad_number(row, f"约{row}") for row in range(6, 26)]), Speaker()).splitlines()
    assert "慰问救助台账!H6–H25 “约6”“约7”“约8”等 20 种填法：" in line
    assert line.endswith("（value.not_a_number，20 处）")


def test_a_value_that_speaks_to_the_terminal_is_shown_escaped() -> None:
    assert "\x1b" not in draw_groups(fold([bad_number(6, "\x1b[2J")]), Speaker())
