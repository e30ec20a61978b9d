"""The cells of a finding, however they are named, are cells of the problem list."""

from __future__ import annotations

import pytest

from connectors.replies.problems import MOST_OF_A_RANGE, cells_of, problems_of
from expectations.finding import Finding, Severity


def about(cells: str, cell: str | None = "B6", severity: Severity = Severity.WARNING) -> Finding:
    return Finding("form.comments", severity, 1, "表", cell, 6, None, None, {"cells": cells})


@pytest.mark.parametrize(
    ("named", "cells"),
    [
        ("B6、H6", ["B6", "H6"]),
        ("B6:B8、C7", ["B6", "B7", "B8", "C7"]),
        ("B6、B9:B10…（31）", ["B6", "B9", "B10"]),
        ("", ["B6"]),
        ("B:B、整列", ["B6"]),
    ],
)
def test_ranges_are_spread_and_what_is_no_cell_is_left_out(named: str, cells: list[str]) -> None:
    assert cells_of(about(named)) == cells


def test_a_range_to_the_end_of_the_sheet_stays_a_list_that_people_can_read() -> None:
    assert len(cells_of(about("B6:B1048576"))) == MOST_OF_A_RANGE + 1


def test_the_gravest_stand_first() -> None:
    found = [about("", f"B{row}", severity) for row, severity in enumerate(reversed(Severity), start=6)]
    assert [problem.severity for problem in problems_of(found)] == list(Severity)
