"""`warehouse check --annotate` and `warehouse receipt`: answers without a database, and receipts that can be held against us."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import date
from pathlib import Path

import openpyxl

from connectors.settings import Settings
from connectors.warehouse.engine import connect
from connectors.warehouse.runs import open_run
from connectors.workbooks.layout import PROBLEM_SHEET
from tests.connectors.warehouse.test_intake import Shelf
from tests.connectors.warehouse.test_replies import BAD, GOOD, answer, hand_in
from tests.flows.conftest import Desk, desk_in


def test_check_writes_the_answers_that_the_night_would_and_leaves_the_originals(
    empty_desk: Desk, tmp_path: Path
) -> None:
    folder, answers = tmp_path / "报表", tmp_path / "答复"
    for name, data in {"a/慰问.xlsx": BAD, "b/慰问.xlsx": BAD, "好.xlsx": GOOD, "文字.xlsx": "约20".encode()}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    before = {path: path.read_bytes() for path in folder.rglob("*.xlsx")}
    done = empty_desk.call("check", str(folder), "--annotate", str(answers), "--json")
    assert done.returncode == 1, done.stderr
    facts = {Path(f["file"]).relative_to(folder).as_posix(): f for f in json.loads(done.stdout)["files"]}
    assert sorted(path.name for path in answers.iterdir()) == [
        "慰问_2_批注.xlsx",
        "慰问_批注.xlsx",
        "文字_问题清单.xlsx",
    ]
    assert facts["a/慰问.xlsx"]["answer"] == str(answers / "慰问_批注.xlsx")
    assert facts["a/慰问.xlsx"]["not_annotated_because"] is None
    assert facts["文字.xlsx"]["not_annotated_because"]
    assert "answer" not in facts["好.xlsx"]
    assert {path: path.read_bytes() for path in folder.rglob("*.xlsx")} == before
    assert not Path(empty_desk.environment["WAREHOUSE_HOME"]).exists()
    on_top = openpyxl.load_workbook(answers / "慰问_批注.xlsx")[PROBLEM_SHEET]["A"]
    assert any("试读，可以接收" in str(cell.value) for cell in on_top)


def test_a_receipt_is_listed_shown_and_verified_and_a_changed_one_is_not_genuine(
    settings: Settings, database: str, tmp_path: Path
) -> None:
    desk = desk_in(settings.home, WAREHOUSE_URL=database)
    shelf = Shelf()
    with closing(connect(settings)) as conn:
        open_run(conn, "night", date(2021, 4, 20))
        hand_in(settings, conn, shelf, BAD)
        answer(settings, conn, shelf)
    listed = desk.call_json("receipt", "list", "--unit", "A0101", "--form", "relief")
    assert [row["kind"] for row in listed] == ["annotated"]
    shown = desk.call("receipt", "show", str(listed[0]["delivery_id"]), "--json")
    receipt = tmp_path / "回执.json"
    receipt.write_text(shown.stdout)
    public = tmp_path / "公钥.pem"
    public.write_text(desk.call("receipt", "key").stdout)

    elsewhere = desk_in(tmp_path / "elsewhere")
    genuine = elsewhere.call("receipt", "verify", str(receipt), "--key", str(public))
    assert (genuine.returncode, "为真" in genuine.stdout) == (0, True), genuine.stderr
    assert desk.call("receipt", "verify", str(receipt)).returncode == 0
    receipt.write_text(shown.stdout.replace('"rows_loaded": 0', '"rows_loaded": 2'))
    changed = desk.call("receipt", "verify", str(receipt))
    assert (changed.returncode, "rows_loaded" in changed.stdout) == (1, True)
    receipt.write_text("[1, 2]")
    assert desk.call("receipt", "verify", str(receipt), "--json").returncode == 1
    assert elsewhere.call("receipt", "verify", str(receipt)).returncode == 2, "there is no key to verify with"
    assert desk.call("receipt", "show", "999").returncode == 2
