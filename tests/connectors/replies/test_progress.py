"""What is mended, still there and new is told by rule, field, row and value, in this order of trust."""

from __future__ import annotations

import pytest

from connectors.replies.progress import Progress, progress_between
from expectations.finding import Finding, Severity


def at(
    row: int | None, value: str | None, code: str = "value.not_a_number", severity: Severity = Severity.ERROR
) -> Finding:
    cell = f"G{row}" if row else None
    return Finding(code, severity, 1, "表", cell, row, "persons", value)


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        pytest.param([at(6, "约20"), at(7, "约30")], [], Progress(2, 0, 0), id="all mended"),
        pytest.param([at(6, "约20"), at(7, "约30")], [at(7, "约30")], Progress(1, 1, 0), id="one of two mended"),
        pytest.param([at(6, "约20")], [at(9, "约20")], Progress(0, 1, 0), id="rows were put in above"),
        pytest.param([at(6, "约20")], [at(6, "二十左右")], Progress(0, 1, 0), id="changed, and wrong still"),
        pytest.param([at(6, "约20")], [at(9, "约50")], Progress(1, 0, 1), id="another row, another value"),
        pytest.param([at(6, "约20"), at(7, "约20")], [at(6, "约20")], Progress(1, 1, 0), id="one of two equal ones mended"),
        pytest.param([at(6, "约20")], [at(6, "约20"), at(7, "约20")], Progress(0, 1, 1), id="the same again in a new row"),
        pytest.param([at(6, "约20")], [at(6, "约20", "value.not_whole")], Progress(1, 0, 1), id="another rule"),
        pytest.param(
            [at(6, "约20"), at(7, "约20")], [at(7, "约20"), at(6, "约30")], Progress(0, 2, 0), id="each is matched once"
        ),
        pytest.param([at(None, None, "form.no_rows")], [at(None, None, "form.no_rows")], Progress(0, 1, 0), id="the whole sheet"),
        pytest.param(
            [at(6, "２０", severity=Severity.INFO)], [at(7, "３０", severity=Severity.INFO)], Progress(0, 0, 0), id="what is only told"
        ),
        pytest.param(
            [at(6, "约20")], [at(6, "２０", "value.repaired", Severity.INFO)], Progress(1, 0, 0), id="mended, and told how it was read"
        ),
    ],
)  # fmt: skip
def test_the_count_of_fixed_still_and_new(before: list[Finding], now: list[Finding], expected: Progress) -> None:
    assert progress_between(before, now) == expected


def test_nothing_is_lost_between_two_versions() -> None:
    before = [at(row, f"约{row % 4}") for row in range(6, 40)]
    now = [at(row, f"约{row % 3}") for row in range(10, 60)]
    found = progress_between(before, now)
    assert found.fixed + found.still == len(before)
    assert found.still + found.new == len(now)
