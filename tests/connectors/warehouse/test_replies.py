"""Replies: each decided delivery is answered once, whatever happens in between, and is compared with the version before it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from typing import Any, cast

import openpyxl
import psycopg
import pytest

from connectors.replies.writing import write_reply
from connectors.settings import Settings
from connectors.warehouse import replies
from connectors.warehouse.engine import connect
from connectors.warehouse.replies import Replied, read_receipts, reply_to_deliveries
from connectors.warehouse.runs import open_run
from connectors.workbooks.layout import PROBLEM_SHEET
from tests.connectors.warehouse.test_intake import OFFICE_ALONE, Shelf, arrive, take
from tests.connectors.workbooks.filled import RELIEF, example, filled

OTHER = "省级工会"
GOOD = filled(RELIEF, [example(RELIEF)])
BAD = filled(RELIEF, [example(RELIEF, persons="约20"), example(RELIEF, funding_level=OTHER, persons="约30")])
ONE_MENDED = filled(
    RELIEF, [example(RELIEF, persons="约20"), example(RELIEF, funding_level=OTHER, persons=30, cash_cny="一千左右")]
)


@pytest.fixture
def conn(settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    with closing(connect(settings)) as conn:
        assert open_run(conn, "night", date(2021, 4, 20)) == 1
        yield conn


def hand_in(settings: Settings, conn: psycopg.Connection[Any], shelf: Shelf, *workbooks: bytes) -> None:
    """Workbooks arrive one after the other, behind the register that knows their unit, and are decided."""
    if not shelf:
        take(settings, conn, shelf, arrive(conn, shelf, {"unit_register": OFFICE_ALONE}))
    for data in workbooks:
        take(settings, conn, shelf, arrive(conn, shelf, {"relief": data}))


def answer(settings: Settings, conn: psycopg.Connection[Any], shelf: Shelf) -> Replied:
    return reply_to_deliveries(settings, conn, cast(Any, shelf), 1)


def files(settings: Settings) -> dict[str, bytes]:
    return {
        str(path.relative_to(settings.replies_dir)): path.read_bytes()
        for path in settings.replies_dir.rglob("*")
        if path.is_file()
    }


def test_each_delivery_is_answered_once_and_only_what_needs_it_is_annotated(
    settings: Settings, conn: psycopg.Connection[Any]
) -> None:
    shelf = Shelf()
    hand_in(settings, conn, shelf, BAD, GOOD)
    assert answer(settings, conn, shelf) == Replied(receipts=3, annotated=1, listed=0)
    assert answer(settings, conn, shelf) == Replied()
    assert sorted(files(settings)) == [
        "2021-04-20/A0101/1_回执.json",
        "2021-04-20/A0101/2_relief_2021-02_批注.xlsx",
    ]


def test_the_next_version_says_what_was_fixed_what_is_still_there_and_what_is_new(
    settings: Settings, conn: psycopg.Connection[Any]
) -> None:
    shelf = Shelf()
    hand_in(settings, conn, shelf, BAD, ONE_MENDED, GOOD)
    answer(settings, conn, shelf)
    since = [row["receipt"]["since_last_time"] for row in reversed(read_receipts(conn, form_id="relief"))]
    assert since == [None, {"fixed": 1, "still": 1, "new": 1}, {"fixed": 2, "still": 0, "new": 0}]
    (second,) = (data for name, data in files(settings).items() if "3_relief" in name and name.endswith("批注.xlsx"))
    sheet = openpyxl.load_workbook(io.BytesIO(second))[PROBLEM_SHEET]
    assert any("已改正 1 处，仍有 1 处，新增 1 处" in str(cell.value) for cell in sheet["A"])


def test_what_was_interrupted_between_the_files_and_their_record_is_done_again_alike(
    settings: Settings, conn: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf()
    hand_in(settings, conn, shelf, BAD, GOOD)
    with monkeypatch.context() as patch:
        patch.setattr(replies, "write_reply", _write_and_die)
        with pytest.raises(KeyboardInterrupt):
            answer(settings, conn, shelf)
    half = files(settings)
    assert len(half) == 2
    assert conn.execute("select count(*) from ops.reply").fetchone() == (0,)
    answer(settings, conn, shelf)
    whole = files(settings)
    assert {name: whole[name] for name in half} == half
    kept = dict(conn.execute("select delivery_id, receipt from ops.reply").fetchall())
    (receipts,) = (json.loads(data) for name, data in whole.items() if name.endswith("json"))
    assert kept == {receipt["delivery_id"]: receipt for receipt in receipts}


def _write_and_die(*args: Any) -> None:
    write_reply(*args)
    raise KeyboardInterrupt


def test_a_unit_that_names_itself_a_path_is_answered_in_a_folder_of_ours(
    settings: Settings, conn: psycopg.Connection[Any]
) -> None:
    shelf = Shelf()
    hand_in(settings, conn, shelf, _from_unit(GOOD, "../../etc"))
    answer(settings, conn, shelf)
    assert [name for name in files(settings) if name.endswith("xlsx")] == [
        "2021-04-20/未识别/2_relief_2021-02_批注.xlsx"
    ]


def _from_unit(data: bytes, unit_id: str) -> bytes:
    workbook = openpyxl.load_workbook(io.BytesIO(data))
    workbook["_meta"]["B3"] = unit_id
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def test_a_copy_of_what_was_replayed_is_answered_once(settings: Settings, conn: psycopg.Connection[Any]) -> None:
    shelf = Shelf()
    hand_in(settings, conn, shelf, BAD)
    conn.execute(
        "insert into ops.submission overriding system value select (jsonb_populate_record(s, jsonb_build_object("
        "  'submission_id', s.submission_id + 1000, 'version', s.version + 1, 'cause', 'replay'))).*"
        " from ops.submission s where s.form_id = 'relief'"
    )
    hand_in(settings, conn, shelf, BAD)
    assert answer(settings, conn, shelf) == Replied(receipts=3, annotated=1, listed=0)
    assert [row["receipt"]["outcome"] for row in read_receipts(conn, form_id="relief")] == [
        "duplicate_bytes",
        "accepted",
    ]
