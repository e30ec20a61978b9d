"""Great Expectations finds exactly the rows that break a rule, all of them, and carries nothing else away."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from expectations.contract import Form, Rule, forms
from expectations.finding import Severity
from expectations.judgement import FAILURES, JudgementError, findings_of_failures, judge
from tests.expectations.examples import REGISTERS, broken, example_row, normalised

every_form = pytest.mark.parametrize("form", forms().values(), ids=list(forms()))


@every_form
def test_each_rule_is_broken_by_its_example_and_by_nothing_else(form: Form) -> None:
    rules = [rule for rule in form.row_rules if rule.failing]
    cases = [[example_row(form)], *([example_row(form, **rule.failing)] for rule in rules)]
    twice = [example_row(form), example_row(form)]
    rows = normalised(form, [*cases, twice]).rows
    failures = judge([(form, rows)], REGISTERS)
    assert broken(failures, 0) == set()
    assert {rule.code: broken(failures, i) for i, rule in enumerate(rules, 1)} == {r.code: {r.code} for r in rules}
    once_only = {"single_row"} if form.is_single_row else {"key_unique"}
    assert broken(failures, len(cases)) == {f"{form.form_id}.{name}" for name in once_only}
    assert failures.filter(delivery_id=len(cases)).height == 2


def test_the_same_row_in_two_submissions_is_no_duplicate() -> None:
    form = forms()["relief"]
    assert judge([(form, normalised(form, [[example_row(form)], [example_row(form)]]).rows)], REGISTERS).is_empty()


def test_forms_judged_together_break_the_rules_that_they_break_alone() -> None:
    batch = []
    for form in forms().values():
        cases = [[example_row(form)], *([example_row(form, **r.failing)] for r in form.row_rules if r.failing)]
        batch.append((form, normalised(form, [*cases, [example_row(form)] * 2]).rows))
    alone = pl.concat([judge([each], REGISTERS) for each in batch])
    assert judge(batch, REGISTERS).sort(alone.columns).equals(alone.sort(alone.columns))
    assert alone.height > sum(len(form.row_rules) for form, _ in batch)


def test_forms_share_their_expectations() -> None:
    from expectations.suite import expectations_of

    longest = max(len([r for r in form.row_rules if r.expression]) for form in forms().values())
    assert len(expectations_of(list(forms().values()))) == longest + 1


def test_every_failing_row_comes_back_however_many() -> None:
    form = forms()["relief"]
    rows = normalised(
        form,
        [
            [
                example_row(
                    form,
                    persons=0,
                    given_on=f"2021-02-{1 + i % 28:02}",
                    beneficiary_unit="A0101",
                    campaign=["送温暖", "送清凉"][i % 2],
                    funding_level=("企业工会", "省级工会")[i // 2 % 2],
                )
                for i in range(28)
            ]
        ]
        * 20,
    ).rows
    failures = judge([(form, rows)], REGISTERS).filter(rule_code="relief.paid_reaches_people")
    assert failures.height == 560
    assert failures.select("delivery_id", "row_number").n_unique() == 560


def test_no_rows_give_no_failures() -> None:
    form = forms()["relief"]
    failures = judge([(form, normalised(form, []).rows)], REGISTERS)
    assert failures.schema == pl.Schema(FAILURES)
    assert failures.is_empty()


@pytest.mark.parametrize(
    ("unit_id", "is_known"), [("A0101", True), ("A0102", False), ("A0103", False), ("A0104", True), ("Z9999", False)]
)
def test_a_unit_is_known_only_while_it_is_in_the_register(unit_id: str, is_known: bool) -> None:
    form = forms()["relief"]
    failures = judge([(form, normalised(form, [[example_row(form, beneficiary_unit=unit_id)]]).rows)], REGISTERS)
    assert ("relief.beneficiary_unit_known" not in broken(failures, 0)) is is_known


def test_a_value_that_could_not_be_read_is_one_complaint() -> None:
    form = forms()["unit_profile"]
    read = normalised(form, [[example_row(form, contract_signed_on="2021.2.30")]])
    assert [c.code for c in read.complaints] == ["value.no_such_day"]
    assert judge([(form, read.rows)], REGISTERS).is_empty()


def test_a_dash_in_a_required_cell_is_a_blank() -> None:
    form = forms()["relief"]
    failures = judge([(form, normalised(form, [[example_row(form, persons="—")]]).rows)], REGISTERS)
    assert broken(failures, 0) == {"relief.persons_given"}


def test_a_range_is_judged_to_the_cent() -> None:
    form = forms()["hardship_aid"]
    amounts = ["0.00", "0.01", "1000000", "1000000.01"]
    rows = normalised(form, [[example_row(form, amount_cny=a, standard_cny=1000000)] for a in amounts]).rows
    failures = judge([(form, rows)], REGISTERS)
    assert ["hardship_aid.amount_cny_in_range" in broken(failures, i) for i in range(4)] == [True, False, False, True]


def test_findings_point_at_their_cells_and_mask_people() -> None:
    form = forms()["hardship_aid"]
    rows = normalised(form, [[example_row(form), example_row(form)]]).rows
    columns = {0: {f.name: letter for f, letter in zip(form.fields, "BCDEFGH", strict=True)}}
    findings = findings_of_failures(form, judge([(form, rows)], REGISTERS), rows, columns, form.sheet)
    assert [(f.code, f.cell, f.value, f.severity) for f in findings] == [
        ("hardship_aid.key_unique", "C6", "110***********002*", Severity.ERROR),
        ("hardship_aid.key_unique", "C7", "110***********002*", Severity.ERROR),
    ]
    assert findings[0].params["cells"] == "C6、E6、H6"
    assert findings[0].sheet == "困难职工救助明细"


def test_a_finding_about_a_column_that_is_not_there_has_no_cell() -> None:
    form = forms()["unit_profile"]
    rows = normalised(form, [[example_row(form, contract_signed_on=None)]]).rows
    (finding,) = findings_of_failures(form, judge([(form, rows)], REGISTERS), rows, {0: {}}, form.sheet)
    assert (finding.cell, finding.row_number, finding.value) == (None, 6, None)


def test_a_shadow_rule_is_counted_and_not_applied() -> None:
    form = forms()["relief"]
    shadowed = replace(form, form_id="relief_in_shadow", rules=tuple(replace(r, is_shadow=True) for r in form.rules))
    rows = normalised(form, [[example_row(form, persons=0)]]).rows
    failures = judge([(shadowed, rows)], REGISTERS)
    assert failures["is_shadow"].to_list() == [True]
    assert findings_of_failures(shadowed, failures, rows, {}, form.sheet) == []


def test_a_rule_that_cannot_be_judged_stops_the_night_without_quoting_values() -> None:
    form = forms()["relief"]
    bad = Rule(
        code="relief.bad",
        severity=Severity.ERROR,
        fields=("campaign",),
        words_zh=form.rules[0].words_zh,
        words_en=form.rules[0].words_en,
        dimension="conformity",
        expectation="expect_column_values_to_match_regex",
        kwargs={"column": "campaign", "regex": "["},
    )
    rows = normalised(form, [[example_row(form)]]).rows
    with pytest.raises(JudgementError) as caught:
        judge([(replace(form, form_id="relief_with_bad_rule", rules=(*form.rules, bad)), rows)], REGISTERS)
    assert caught.value.rule_code == "relief.bad"
    assert "winter_warmth" not in str(caught.value)


SECRETS = ("张三", "11010519491231002X", "110105194912310", "2021-02-05", "2000")


def test_gx_gets_no_person_and_gives_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    import great_expectations.expectations.metrics  # noqa: F401  # registers the metrics before the frame is watched

    from expectations import judgement, suite

    form = forms()["hardship_aid"]
    rows = normalised(form, [[example_row(form), example_row(form)], [example_row(form, amount_cny="-5")]]).rows
    frame = suite.slim_frame([(form, rows)], REGISTERS)
    assert not {"worker_name", "standard_cny__text", "worker_citizen_id__text"} & set(frame.columns)
    assert [s for s in SECRETS[:3] if s in frame.to_csv()] == []
    given = repr(judgement.judge([(form, rows)], REGISTERS).to_dicts())
    assert [s for s in SECRETS if s in given] == []
    assert judgement._context().data_sources.all() == {}


def test_gx_writes_nothing_and_says_nothing(tmp_path: Path) -> None:
    program = (
        "from expectations.contract import forms\n"
        "from expectations.judgement import judge\n"
        "from tests.expectations.examples import REGISTERS, example_row, normalised\n"
        "form = forms()['hardship_aid']\n"
        "rows = normalised(form, [[example_row(form, amount_cny='-5')]]).rows\n"
        "assert judge([(form, rows)], REGISTERS).height == 1\n"
    )
    homes = {name: tmp_path / name for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")}
    work = tmp_path / "work"
    for folder in (*homes.values(), work):
        folder.mkdir()
    environment = {name: str(folder) for name, folder in homes.items()} | {
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "PATH": "/usr/bin:/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=work, env=environment, capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("", "")
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []
