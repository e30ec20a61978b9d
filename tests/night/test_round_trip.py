"""The round trip: a bad workbook goes in, comes back annotated, is mended at the cells that the list names, and is accepted."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from connectors.replies.listing import HEADINGS
from connectors.replies.receipts import verify_receipt
from connectors.replies.signing import public_key_of
from connectors.workbooks.layout import PROBLEM_SHEET
from expectations.contract import forms
from tests.night import inbox
from tests.night.conftest import Province

BAD = "A0201_慰问_3月.xlsx"
MENDED = inbox.relief_row(beneficiary_unit="A0201", given_on=date(2021, 3, 9))
"""What is right in each column of the workbook with three bad cells."""


def answers(province: Province, unit_id: str, kind: str) -> list[Path]:
    """The files of that kind that wait for a unit, the latest delivery last."""
    folder = province.settings.replies_dir / province.night.isoformat() / unit_id
    return sorted(folder.glob(f"*_{kind}"), key=lambda path: int(path.name.split("_")[0]))


def mend(annotated: bytes) -> bytes:
    """The workbook after somebody went through the problem list, mended each cell named there, and saved."""
    workbook = openpyxl.load_workbook(io.BytesIO(annotated))
    problems = [[cell.value for cell in row] for row in workbook[PROBLEM_SHEET].iter_rows()]
    start = problems.index(next(row for row in problems if row[0] == HEADINGS[0]))
    form = forms()["relief"]
    for row in problems[start + 1 :]:
        line = dict(zip(HEADINGS, row, strict=False))
        if line["结果"] == "必须改":
            for address in str(line["单元格"]).split("、"):
                field = form.fields[openpyxl.utils.cell.coordinate_from_string(address)[0].encode()[0] - ord("B")]
                workbook[str(line["工作表"])][address] = MENDED[field.name]
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


@pytest.fixture(scope="module")
def province(copy_undisturbed: Callable[[], Province], small_inbox: Path) -> Province:
    """A province of which the unit with three bad cells has mended them, and sent the unmended answer back as well."""
    made = copy_undisturbed()
    folder = made.settings.home / "inbox"
    shutil.copytree(small_inbox, folder)
    province = replace(made, settings=replace(made.settings, inbox=folder))
    (annotated,) = answers(province, "A0201", "批注.xlsx")
    (folder / "原样寄回.xlsx").write_bytes(annotated.read_bytes())
    (folder / "改好.xlsx").write_bytes(mend(annotated.read_bytes()))
    assert province.run() in (0, 1)
    return province


def outcome(province: Province, name: str) -> tuple[Any, ...]:
    with province.connect() as conn:
        found = conn.execute(
            "select o.outcome, s.version, o.rows_loaded, o.rows_quarantined from ops.delivery_outcome o"
            " join archive.delivery d using (delivery_id) left join ops.submission s using (submission_id)"
            " where d.object_name like %s", (f"%{name}",),
        ).fetchone()  # fmt: skip
    assert found
    return found


def test_what_is_mended_where_the_list_says_is_accepted_whole(province: Province) -> None:
    assert outcome(province, BAD) == ("accepted", 1, 1, 3)
    assert outcome(province, "改好.xlsx") == ("accepted", 2, 4, 0)


def test_our_own_marks_are_no_new_answer(province: Province) -> None:
    assert outcome(province, "原样寄回.xlsx")[0] == "duplicate_content"


def test_the_answer_says_what_was_fixed(province: Province) -> None:
    mended = json.loads(answers(province, "A0201", "回执.json")[-1].read_text())[-1]
    assert mended["since_last_time"] == {"fixed": 3, "still": 0, "new": 0}
    assert "已改正 3 处，仍有 0 处，新增 0 处" in mended["text"]
    assert len(answers(province, "A0201", "批注.xlsx")) == 1, "there is nothing left to annotate"


def test_every_delivery_has_one_genuine_receipt_and_only_our_account_reads_it(province: Province) -> None:
    with province.connect() as conn:
        kept = dict(conn.execute("select delivery_id, receipt from ops.reply").fetchall())
        assert len(kept) == conn.execute("select count(*) from archive.delivery").fetchone()[0]  # type: ignore[index]
    files = list(province.settings.replies_dir.rglob("*_回执.json"))
    key = public_key_of(province.settings)
    assert key
    receipts = [receipt for path in files for receipt in json.loads(path.read_text())]
    assert len(receipts) == len(kept)
    assert {r["delivery_id"]: r for r in receipts} == kept
    assert [r for r in receipts if not verify_receipt(r, key).is_genuine] == []
    assert {path.stat().st_mode & 0o777 for path in province.settings.replies_dir.rglob("*") if path.is_file()} == {
        0o600
    }
    assert province.settings.replies_dir.stat().st_mode & 0o777 == 0o700


def test_what_could_not_be_read_gets_a_list_of_its_own(province: Province) -> None:
    lists = {path.name for path in province.settings.replies_dir.rglob("*_问题清单.xlsx")}
    assert len(lists) == 2, "the torso and the text"
