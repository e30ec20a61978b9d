"""Commands that only ask, over a warehouse that one night has filled."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.flows.conftest import Office

ASKING = [
    ["status"],
    ["submissions"],
    ["findings"],
    ["explain", "relief_paid", "--period", "2021-03"],
    ["explain", "relief_paid", "--period", "2021-03", "--as-of", "第1期"],
    ["release", "list"],
    ["release", "show", "1"],
    ["release", "diff", "0", "1"],
    ["db", "status"],
    ["db", "url"],
]


@pytest.mark.parametrize("arguments", ASKING, ids=" ".join)
def test_every_answer_can_be_had_as_json_and_in_both_languages(office: Office, arguments: list[str]) -> None:
    assert office.desk.call_json(*arguments)
    for lang in ("zh", "en"):
        answered = office.desk.call(*arguments, "--lang", lang)
        assert answered.returncode == 0, answered.stderr
        assert answered.stdout.strip()


def test_status_tells_the_last_run_and_its_account(office: Office) -> None:
    last = office.desk.call_json("status")["last_run"]
    assert last["run"]["status"] == "data_problems"
    assert last["run"]["account"]["is_balanced"]
    steps = ["collect", "take_in", "calendar", "cross_check", "build", "publish", "reply", "alert"]
    assert [step["step"] for step in last["steps"]] == steps
    assert last["release"]["release_id"] == 1


def test_after_a_night_the_chain_is_whole_and_status_names_its_end(office: Office) -> None:
    verified = office.desk.call_json("audit", "verify")
    assert verified["whole"], verified["faults"]
    assert office.desk.call_json("status")["chain"] == verified["head"]
    assert verified["events"] == verified["head"]["event_id"] > 0


def test_submissions_are_chosen_by_form_unit_period_and_state(office: Office) -> None:
    found = office.desk.call_json("submissions", "--form", "relief", "--unit", "A0102", "--period", "2021年3月")
    assert [(s["version"], s["state"]) for s in found] == [(2, "in_force"), (1, "superseded")]
    old = office.desk.call_json("submissions", "--state", "superseded")
    assert [(s["unit_id"], s["version"]) for s in old] == [("A0102", 1)]


def test_a_finding_names_file_sheet_and_cell_and_says_how_to_mend_it(office: Office) -> None:
    (found,) = office.desk.call_json("findings", "--code", "value.not_a_number")
    assert (found["file"], found["cell"], found["value"]) == ("A0201_慰问_3月.xlsx", "H7", "约2000")
    assert found["what"]
    assert found["fix"]
    text = office.desk.call("findings", "--unit", "A0201", "--severity", "error").stdout
    assert text.splitlines()[0] == "A0201_慰问_3月.xlsx"
    assert "慰问救助台账!H7 “约2000”" in text
    assert text.splitlines()[-1].startswith("  共 3 处，")
    each = office.desk.call("findings", "--unit", "A0201", "--severity", "error", "--all").stdout
    assert len(each.splitlines()) == 4


def test_an_explanation_reaches_cells_whose_sum_is_the_figure(office: Office) -> None:
    found = office.desk.call_json("explain", "relief_paid", "--period", "2021-03", "--limit", "0")
    submissions = found["numerator"]["submissions"]
    cells = [c for s in submissions for r in s["rows"] for c in r["cells"] if c["address"]]
    assert sum(Decimal(c["value"]) for c in cells) == Decimal(found["value"]) == Decimal("31252.5")
    text = office.desk.call("explain", "relief_paid", "--period", "2021-03", "--unit", "A0102").stdout
    assert "A0102_慰问_3月（更正）.xlsx" in text
    assert "各行合计与该数字相等。" in text


def test_a_figure_that_was_never_published_is_wrong_usage(office: Office) -> None:
    asked = office.desk.call("explain", "happiness", "--period", "2021")
    assert asked.returncode == 2
    assert "没有发布过这个数字：happiness" in asked.stderr


def test_a_release_that_never_was_is_wrong_usage(office: Office) -> None:
    asked = office.desk.call("release", "diff", "1", "99")
    assert asked.returncode == 2
    assert "没有第 99 期" in asked.stderr
