"""The impact of a rule is counted over what is in force, whether or not the rule is applied, and changes nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from types import MappingProxyType

import pytest

from connectors.settings import Settings
from connectors.warehouse.cross_checks import ask_cross_rules
from connectors.warehouse.engine import connect
from expectations import contract
from expectations.contract import Form, forms
from tests.connectors.warehouse.desk import REGISTER, call, relief_book, take_books
from tests.connectors.warehouse.stories import RUN, put_register, tell

HIGH = "relief.amount_per_person_high"
ABOVE = {"cash_cny": 90_000_000, "persons": 1}


def with_shadow(code: str) -> MappingProxyType[str, Form]:
    """The forms, with that rule of relief in shadow."""
    relief = forms()["relief"]
    rules = tuple(replace(rule, is_shadow=rule.is_shadow or rule.code == code) for rule in relief.rules)
    return MappingProxyType({**forms(), "relief": replace(relief, rules=rules)})


def test_a_rule_in_shadow_quarantines_nothing_and_its_rows_and_units_are_counted(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    declared = with_shadow("relief.paid_reaches_people")
    for module in ("contract", "catalogue"):
        monkeypatch.setattr(f"expectations.{module}.forms", lambda: declared)
    for module in ("decision", "loading"):
        monkeypatch.setattr(f"connectors.warehouse.{module}.forms", lambda: declared)
    with connect(settings) as conn:
        take_books(
            settings, conn, REGISTER,
            relief_book({"persons": 0}, {"campaign": "送清凉"}),
            relief_book({"persons": 0}, unit_id="A0102"),
            relief_book({}, unit_id="A0201"),
        )  # fmt: skip
        assert conn.execute("select sum(rows_quarantined)::int from ops.submission").fetchall() == [(0,)]
        assert call(settings, monkeypatch, "rules", "impact", "--json") == 0
        [told] = json.loads(capsys.readouterr().out)
    assert told == {
        "rule": "relief.paid_reaches_people",
        "severity": "error",
        "is_shadow": True,
        "period": "2021-03",
        **{"rows": 2, "rows_asked": 4, "units": 2, "units_asked": 3},
    }


def test_any_rule_can_be_asked_for_and_no_other_period_is_counted(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with connect(settings) as conn:
        take_books(settings, conn, REGISTER, relief_book(ABOVE), relief_book({}, unit_id="A0102"))
        before = conn.execute("select count(*) from ops.finding").fetchall()
        assert call(settings, monkeypatch, "rules", "impact", "--rule", HIGH, "--json") == 0
        [told] = json.loads(capsys.readouterr().out)
        assert (told["rows"], told["units"], told["units_asked"], told["is_shadow"]) == (1, 1, 2, False)
        assert call(settings, monkeypatch, "rules", "impact", "--rule", HIGH, "--period", "2021-02", "--json") == 0
        [told] = json.loads(capsys.readouterr().out)
        assert (told["rows"], told["rows_asked"]) == (0, 0)
        assert conn.execute("select count(*) from ops.finding").fetchall() == before


def test_a_rule_about_other_submissions_is_told_as_the_night_found_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with connect(settings) as conn:
        put_register(conn)
        for unit_id in ("A0101", "A0201"):
            tell(conn, {"form": "hardship_aid", "unit": unit_id, "period": "2021-02", "rows": [{}]})
        tell(conn, {"form": "hardship_aid", "unit": "A0301", "period": "2021-02", "rows": [{"worker_token": "t1"}]})
        ask_cross_rules(conn, RUN)
    assert call(settings, monkeypatch, "rules", "impact", "--rule", "hardship_aid.aided_by_one_unit", "--json") == 0
    [told] = json.loads(capsys.readouterr().out)
    assert (told["rows"], told["rows_asked"], told["units"], told["units_asked"]) == (2, 3, 2, 3)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 0, "没有试行的规则"),
        (["--rule", "relief.nothing"], 2, "没有规则 relief.nothing"),
        (["--rule", HIGH, "--period", "2021"], 2, "是月报"),
    ],
)
def test_what_cannot_be_counted_is_said(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    said: str,
) -> None:
    assert [rule for form in contract.forms().values() for rule in form.rules if rule.is_shadow] == []
    assert call(settings, monkeypatch, "rules", "impact", *arguments) == code
    assert said in "".join(capsys.readouterr())
