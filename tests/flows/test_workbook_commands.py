"""`template`, `check`, `submit`, `sample`: commands about workbooks, which need no database."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from expectations.contract import Form, forms
from flows.inbox import put_into_inbox
from tests.flows.conftest import Desk, Office
from tests.night import inbox

PERIODS = {"month": "2021-02", "quarter": "2021-Q1", "year": "2021"}


@pytest.mark.parametrize("form", forms().values(), ids=lambda form: form.form_id)
def test_an_empty_template_is_recognised_by_check(form: Form, empty_desk: Desk, tmp_path: Path) -> None:
    target = tmp_path / "template.xlsx"
    period = PERIODS[form.frequency]
    written = empty_desk.call_json("template", form.form_id, "--unit", "A0101", "--period", period, "-o", str(target))
    assert written == {
        "file": str(target),
        "form": form.form_id,
        "edition": form.edition,
        "unit": "A0101",
        "period": period,
    }
    checked = empty_desk.call_json("check", str(target))["files"][0]
    assert (checked["form"], checked["unit"], checked["period"]) == (form.form_id, "A0101", period)


def test_check_says_what_the_night_says_and_leaves_no_trace(empty_desk: Desk, office: Office) -> None:
    home = Path(empty_desk.environment["WAREHOUSE_HOME"])
    checked = empty_desk.call("check", str(office.inbox), "--json")
    assert checked.returncode == 1
    facts = json.loads(checked.stdout)
    assert not facts["register_checked"]
    outcomes = {Path(f["file"]).name: f for f in facts["files"]}
    assert len(outcomes) == 13
    assert outcomes["说明.xlsx"]["outcome"] == "unrecognised"
    # The unit Z9999 is a matter of the register, which is not at hand.
    assert outcomes["A0201_慰问_3月.xlsx"]["rows_quarantined"] == 2
    assert not home.exists()


def test_check_asks_the_register_where_the_warehouse_runs(office: Office) -> None:
    checked = json.loads(office.desk.call("check", str(office.inbox / "A0201_慰问_3月.xlsx"), "--json").stdout)
    assert checked["register_checked"]
    assert checked["files"][0]["rows_quarantined"] == 3


def test_a_good_workbook_checks_with_0(empty_desk: Desk, tmp_path: Path) -> None:
    good = inbox.put(tmp_path, "好.xlsx", "relief", "A0101", "2021-03", [inbox.relief_row()])
    checked = empty_desk.call("check", str(good))
    assert checked.returncode == 0, checked.stdout
    assert "可以接收" in checked.stdout


def test_check_folds_equal_findings_and_lists_each_when_asked(empty_desk: Desk, tmp_path: Path) -> None:
    rows = [inbox.relief_row(persons="约二十", given_on=f"2021-03-0{day}") for day in (1, 2, 3)]
    bad = inbox.put(tmp_path, "错.xlsx", "relief", "A0101", "2021-03", [*rows, inbox.relief_row()])
    folded = empty_desk.call("check", str(bad)).stdout.splitlines()[1:]
    assert len(folded) == 2
    assert "慰问救助台账!G6–G8 “约二十”：“慰问人次”" in folded[0]
    assert folded[1].strip() == "共 3 处，1 类；填报说明见 docs/user/zh/填报说明/慰问救助台账.md"
    each = empty_desk.call("check", str(bad), "--all").stdout.splitlines()[1:]
    assert [cell in line for cell, line in zip(("G6 ", "G7 ", "G8 "), each, strict=True)] == [True] * 3


def test_no_personal_value_is_shown_by_check(empty_desk: Desk, tmp_path: Path) -> None:
    bad = inbox.PERSON[:-1] + ("1" if inbox.PERSON[-1] != "1" else "2")
    workbook = inbox.put(
        tmp_path, "错.xlsx", "hardship_aid", "A0101", "2021-03", [inbox.hardship_row(worker_citizen_id=bad)]
    )
    for options in ([], ["--json"]):
        checked = empty_desk.call("check", str(workbook), *options)
        assert checked.returncode == 1
        assert bad not in checked.stdout + checked.stderr
        assert "value.id_invalid" in checked.stdout


def test_submit_puts_a_copy_and_never_replaces_another(empty_desk: Desk, tmp_path: Path) -> None:
    folder = Path(empty_desk.environment["WAREHOUSE_HOME"]) / "inbox"
    first = tmp_path / "a" / "报表.xlsx"
    second = tmp_path / "b" / "报表.xlsx"
    for path, data in ((first, b"one"), (second, b"two")):
        path.parent.mkdir()
        path.write_bytes(data)
    for _ in range(2):
        done = empty_desk.call_json("submit", str(first), str(second))
    assert [put["is_new"] for put in done] == [False, False]
    assert sorted(path.read_bytes() for path in folder.iterdir()) == [b"one", b"two"]
    assert first.read_bytes() == b"one"


def test_what_is_put_into_the_inbox_leaves_no_part_behind_when_it_fails(tmp_path: Path) -> None:
    target = tmp_path / "inbox"
    (target / "x.xlsx").mkdir(parents=True)
    source = tmp_path / "x.xlsx"
    source.write_bytes(b"bytes")
    with pytest.raises(OSError, match=r"x\.xlsx"):
        put_into_inbox(target, source)
    assert [path.name for path in target.iterdir()] == ["x.xlsx"]


def test_templates_of_all_units_are_those_that_each_would_get_alone(office: Office, tmp_path: Path) -> None:
    folder, alone = tmp_path / "模板", tmp_path / "alone.xlsx"
    written = office.desk.call_json("template", "--all", "--period", "2021-Q1", "-o", str(folder))
    quarterly = [form for form in forms().values() if form.frequency == "quarter"]
    kinds = {code: kind for code, (_, kind, _) in inbox.UNITS.items()}
    due = {(unit, form.title_zh) for form in quarterly for unit, kind in kinds.items() if kind in form.submitted_by}
    assert (written["templates"], written["written"], written["differing"]) == (len(due), len(due), [])
    assert {tuple(path.stem.split("_")[:2]) for path in folder.rglob("*.xlsx")} == due
    office.desk.call("template", "unit_profile", "--unit", "A0102", "--period", "2021-Q1", "-o", str(alone))
    (of_all,) = folder.rglob(f"A0102_{forms()['unit_profile'].title_zh}_*.xlsx")
    assert of_all.read_bytes() == alone.read_bytes()


def test_templates_of_all_units_need_the_register(empty_desk: Desk, office: Office, tmp_path: Path) -> None:
    asked = ["template", "--all", "--period", "2021", "-o", str(tmp_path / "x")]
    assert empty_desk.call(*asked).returncode == 2
    early = office.desk.call("template", "--all", "--period", "2011", "-o", str(tmp_path / "x"))
    assert early.returncode == 2
    assert "单位名册中没有 2011 在册的单位" in early.stderr
    assert not (tmp_path / "x").exists()


@pytest.mark.inputs("A78")
def test_check_reads_each_file_in_a_zip(empty_desk: Desk, tmp_path: Path) -> None:
    good = inbox.put(tmp_path, "好.xlsx", "relief", "A0101", "2021-03", [inbox.relief_row()])
    packed = tmp_path / "a.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(good, "三月/慰问.xlsx")
        archive.writestr("说明.pdf", b"%PDF-1.7")
    checked = json.loads(empty_desk.call("check", str(packed), "--json").stdout)["files"]
    assert [(f["file"], f["outcome"]) for f in checked] == [
        (str(packed), "unpacked"),
        (str(packed / "三月" / "慰问.xlsx"), "accepted"),
        (str(packed / "说明.pdf"), "unrecognised"),
    ]
