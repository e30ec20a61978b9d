"""What the reading child makes of the problem list that comes back: fingerprints beside a yes, and nothing else."""

from __future__ import annotations

import io
from dataclasses import replace

import openpyxl
import pytest

from connectors.replies.annotate import annotate
from connectors.workbooks.layout import CONFIRM_HEADING, PROBLEM_SHEET
from connectors.workbooks.reading import Reading
from expectations.finding import Severity
from tests.connectors.replies.packages import answer_to, error_at, parts_of
from tests.connectors.workbooks.filled import RELIEF, example, filled, read_one, with_part

FIRST, SECOND = "ab" * 16, "cd" * 16


def answered(*marks: str) -> bytes:
    """A workbook annotated with two warnings, the submitter's marks beside them."""
    data = filled(RELIEF, [example(RELIEF)])
    asked = [error_at(cell, RELIEF.sheet, cell, Severity.WARNING) for cell in ("G6", "H6")]
    workbook = openpyxl.load_workbook(
        io.BytesIO(annotate(data, replace(answer_to(data, *asked), fingerprints=(FIRST, SECOND))))
    )
    rows = list(workbook[PROBLEM_SHEET].iter_rows())
    start = next(n for n, row in enumerate(rows) if row[0].value == "序号")
    column = next(n for n, cell in enumerate(rows[start]) if cell.value == CONFIRM_HEADING)
    for mark, row in zip(marks, rows[start + 1 :], strict=True):
        row[column].value = mark
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("marks", "confirmed"), [(("是", "否"), [FIRST]), (("", " √ "), [SECOND]), (("y", "YES"), [FIRST, SECOND]), (("对吗", "1"), [])]
)  # fmt: skip
def test_a_yes_beside_a_warning_confirms_it(marks: tuple[str, str], confirmed: list[str]) -> None:
    reading = read_one(answered(*marks))
    assert reading.confirmed == confirmed
    assert Reading.from_wire(reading.to_wire()) == reading


def test_a_list_that_cannot_be_read_confirms_nothing_and_harms_nothing() -> None:
    data = answered("是", "是")
    name = next(
        name for name, part in parts_of(data).items() if name.startswith("xl/worksheets/") and b"FFC00000" in part
    )
    far = with_part(data, name, lambda xml: xml.replace(b'r="A1"', b'r="XFD1048576"', 1))
    reading = read_one(far)
    assert (reading.status, reading.confirmed, reading.findings) == ("read", [], [])
    assert reading.content_sha256 == read_one(data).content_sha256
