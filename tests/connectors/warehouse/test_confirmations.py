"""A warning that its submitter confirmed in the problem list is only told, as long as what it is about stays the same."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from typing import Any

import openpyxl
import psycopg
import pytest

from connectors.settings import Settings
from connectors.warehouse.engine import connect
from connectors.warehouse.ledger import finding_of
from connectors.warehouse.runs import open_run
from connectors.workbooks.layout import CONFIRM_HEADING, PROBLEM_SHEET
from expectations.catalogue import words
from tests.connectors.warehouse.test_intake import Shelf
from tests.connectors.warehouse.test_replies import answer, files, hand_in
from tests.connectors.workbooks.filled import RELIEF, example, filled, read_one

SUMMER = example(RELIEF, campaign="送清凉")
"""Coolness in February: loaded, and the unit is asked whether it is meant."""

BAD = example(RELIEF, funding_level="省级工会", persons="约20")
ASKED = "relief.cooling_in_summer"


@pytest.fixture
def conn(settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    with closing(connect(settings)) as conn:
        open_run(conn, "night", date(2021, 4, 20))
        yield conn


def confirmed(annotated: bytes, mark: str = "是", **changes: object) -> bytes:
    """The answer after somebody wrote a mark beside every warning and changed these cells of the form, by address."""
    workbook = openpyxl.load_workbook(io.BytesIO(annotated))
    rows = list(workbook[PROBLEM_SHEET].iter_rows())
    heading = next(row for row in rows if row[0].value == "序号")
    column = next(cell.column for cell in heading if cell.value == CONFIRM_HEADING)
    for row in rows[rows.index(heading) + 1 :]:
        if row[1].value == "请核对":
            row[column - 1].value = mark
    for cell, value in changes.items():
        workbook[RELIEF.sheet][cell] = value
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def annotated(settings: Settings) -> bytes:
    return max((name, data) for name, data in files(settings).items() if name.endswith("批注.xlsx"))[1]


def said(conn: psycopg.Connection[Any]) -> list[tuple[int, str]]:
    """What is said of the warning, by version."""
    return conn.execute(
        "select s.version, f.severity from ops.finding f join ops.submission s using (submission_id)"
        " where f.code = %s order by 1", (ASKED,),
    ).fetchall()  # fmt: skip


def first_answer(settings: Settings, conn: psycopg.Connection[Any], *rows: dict[str, object]) -> tuple[Shelf, bytes]:
    shelf = Shelf()
    hand_in(settings, conn, shelf, filled(RELIEF, rows))
    answer(settings, conn, shelf)
    return shelf, annotated(settings)


def test_what_was_confirmed_is_not_asked_again_while_it_stays_the_same(
    settings: Settings, conn: psycopg.Connection[Any]
) -> None:
    shelf, back = first_answer(settings, conn, SUMMER, BAD)
    # Confirmed while something else is mended; then sent in once more from the original file, without our list.
    hand_in(settings, conn, shelf, confirmed(back, G7=20))
    hand_in(settings, conn, shelf, filled(RELIEF, [SUMMER, BAD | {"persons": 25}]))
    assert said(conn) == [(1, "info"), (2, "info"), (3, "info")]
    answer(settings, conn, shelf)
    assert len([name for name in files(settings) if name.endswith("批注.xlsx")]) == 1, "nothing is left to ask"
    with conn.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        row = cursor.execute("select * from ops.finding where code = %s order by finding_id desc", (ASKED,)).fetchone()
    assert row
    assert words(finding_of(row)).what.endswith("（已确认）")


def test_a_changed_value_asks_again(settings: Settings, conn: psycopg.Connection[Any]) -> None:
    shelf, back = first_answer(settings, conn, SUMMER)
    hand_in(settings, conn, shelf, confirmed(back))
    assert said(conn) == [(1, "info")], "the same content is a copy, and its confirmation counts all the same"
    hand_in(settings, conn, shelf, confirmed(back, J6=date(2021, 2, 9)))
    assert said(conn) == [(1, "info"), (2, "warning")]


@pytest.mark.parametrize("mark", ["", "否", "请问是什么意思"])
def test_anything_but_yes_confirms_nothing(settings: Settings, conn: psycopg.Connection[Any], mark: str) -> None:
    shelf, back = first_answer(settings, conn, SUMMER, BAD)
    hand_in(settings, conn, shelf, confirmed(back, mark, G7=20))
    assert said(conn) == [(1, "warning"), (2, "warning")]


def test_a_mark_taken_from_the_answer_to_another_confirms_nothing(
    settings: Settings, conn: psycopg.Connection[Any]
) -> None:
    shelf, back = first_answer(settings, conn, SUMMER)
    (mark,) = read_one(confirmed(back)).confirmed
    # The same fingerprint beside a warning about another row.
    other = confirmed(back, I6=7, J6=date(2021, 2, 11))
    assert read_one(other).confirmed == [mark]
    hand_in(settings, conn, shelf, other)
    assert said(conn) == [(1, "warning"), (2, "warning")]
    assert conn.execute("select count(*) from ops.confirmation").fetchone() == (0,)
