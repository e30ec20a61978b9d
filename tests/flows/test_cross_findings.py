"""How people hear of rules that compare submissions: the finding with its figures, and a rule that could not be asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from expectations import catalogue
from expectations.contract import Rule, Words, forms
from expectations.finding import Finding, Severity
from flows.account import Summary, draw_summary, things_to_do
from flows.findings import draw_findings, finding_facts
from flows.speech import Speaker

RULE = Rule(
    code="hardship_aid.aided_elsewhere",
    severity=Severity.WARNING,
    fields=("worker_citizen_id",),
    words_zh=Words("同一职工本月又在另一单位领取救助", "请核对"),
    words_en=Words("another unit aided the same worker this month", "check it"),
    dimension="consistency",
    query="select submission_id, row_number, '' as evidence from checks.hardship_aid",
)


def summary(*failed_rules: str) -> Summary:
    run = {"run_id": 3, "business_date": date(2021, 4, 20), "status": "succeeded", "account": None, "is_alive": False}
    return Summary(run, [], None, [], [], [], 0, list(failed_rules))


@pytest.mark.parametrize(
    ("lang", "line"),
    [
        (
            "zh",
            "  [请确认] 困难职工救助明细!C6：同一职工本月又在另一单位领取救助（500，700）。请核对（hardship_aid.aided_elsewhere）",
        ),
        (
            "en",
            "  [please confirm] 困难职工救助明细!C6: another unit aided the same worker this month (500，700); check it"
            " (hardship_aid.aided_elsewhere)",
        ),
    ],
)
def test_a_finding_between_submissions_shows_its_figures_and_not_what_may_be_typed(
    lang: str, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    declared = {"hardship_aid": replace(forms()["hardship_aid"], rules=(RULE,))}
    monkeypatch.setattr(catalogue, "forms", lambda: declared)
    finding = Finding(
        *(RULE.code, RULE.severity, 1, "困难职工救助明细", "C6", 6, "worker_citizen_id"),
        params={"form": "hardship_aid", "evidence": "500，700"},
    )
    assert draw_findings([("a.xlsx", finding)], Speaker(lang)) == f"a.xlsx\n{line}"
    assert finding_facts("a.xlsx", finding, lang)["expected"] == ""


def test_a_rule_that_could_not_be_asked_is_said_once_and_is_nobody_s_fault_but_ours() -> None:
    failed = "hardship_aid.aided_elsewhere UndefinedColumn"
    [line] = things_to_do(summary(failed), Speaker())
    assert failed in line
    assert "本系统的故障" in line
    assert draw_summary(summary(failed), Speaker("en")).count(failed) == 1
    assert things_to_do(summary(), Speaker()) == []


def test_a_night_beyond_the_known_holidays_says_what_is_not_expected_for_want_of_a_due_date() -> None:
    told = draw_summary(replace(summary(), run={**summary().run, "business_date": date(2100, 1, 20)}), Speaker("zh"))
    assert "截止日无法确定" in told
    assert "截止日无法确定" not in draw_summary(summary(), Speaker("zh"))
