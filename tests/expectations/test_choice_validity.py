"""A choice with a first or last day may be used in the periods that it was valid in on any day, and in no other."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from expectations.contract import Form, forms
from expectations.contract_document import form_from_contract
from expectations.judgement import judge
from expectations.standing_rules import standing_rules
from tests.expectations.examples import REGISTERS, broken, example_row, normalised

CONTRACT = forms()["hardship_aid"]
RULE = "hardship_aid.aid_kind_in_validity"


def dated(since: date | None, until: date | None) -> Form:
    """Hardship aid, whose choice `daily` (日常救助, that of the example row of 2021-02) is valid from and to these days."""
    field = CONTRACT.field("aid_kind")
    choices = tuple(replace(c, since=since, until=until) if c.code == "daily" else c for c in field.choices)
    fields = tuple(replace(f, choices=choices) if f is field else f for f in CONTRACT.fields)
    declared = tuple(rule for rule in CONTRACT.rules if rule not in standing_rules(CONTRACT))
    form = replace(CONTRACT, fields=fields, rules=declared)
    return replace(form, rules=(*standing_rules(form), *declared))


@pytest.mark.parametrize(
    ("since", "until", "is_valid"),
    [
        (date(2021, 2, 28), None, True),
        (date(2021, 3, 1), None, False),
        (None, date(2021, 2, 1), True),
        (None, date(2021, 1, 31), False),
        (date(2021, 2, 10), date(2021, 2, 12), True),
        (date(2020, 1, 1), date(2020, 12, 31), False),
        (date(2022, 1, 1), date(2022, 12, 31), False),
    ],
)
def test_a_choice_may_be_used_in_a_period_that_its_days_overlap(
    since: date | None, until: date | None, is_valid: bool
) -> None:
    form = dated(since, until)
    cases = [[example_row(form)], [example_row(form, aid_kind="临时救助")], [example_row(form, aid_kind=None)]]
    failures = judge([(form, normalised(form, cases).rows)], REGISTERS)
    assert (RULE not in broken(failures, 0)) is is_valid
    assert RULE not in broken(failures, 1), "another choice has no days"
    assert RULE not in broken(failures, 2), "a blank is another complaint"


def test_the_words_say_when_a_choice_may_be_used() -> None:
    rule = dated(date(2021, 3, 1), date(2025, 12, 31)).rule(RULE)
    assert "日常救助 2021-03-01 起，2025-12-31 止" in rule.words_zh.fix
    assert "临时救助" not in rule.words_zh.fix
    assert rule.severity == "error"


def test_a_field_without_days_has_no_such_rule() -> None:
    assert not any(rule.code == RULE for rule in dated(None, None).rules)


def test_the_days_of_a_choice_stand_in_the_contract() -> None:
    from expectations.contract import CONTRACTS_FOLDER

    text = (CONTRACTS_FOLDER / "hardship_aid.odcs.yaml").read_text(encoding="utf-8")
    days = '{property: since, value: "2022-01-01"}, {property: until, value: "2025-12-31"}'
    plain = "{value: disability, label: 残疾, description: disability}"
    assert plain in text
    form = form_from_contract(text.replace(plain, f"{plain[:-1]}, customProperties: [{days}]}}"))
    [choice] = [c for c in form.field("hardship_cause").choices if c.since]
    assert (choice.code, choice.since, choice.until) == ("disability", date(2022, 1, 1), date(2025, 12, 31))
    assert form.rule("hardship_aid.hardship_cause_in_validity")
