"""Waivers: what they let load, what they never let through, and that they are dated and end."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from connectors.settings import Settings
from connectors.warehouse.cross_checks import ask_cross_rules
from connectors.warehouse.decision import decide
from connectors.warehouse.engine import connect
from connectors.warehouse.ledger import finding_of, read_findings
from connectors.warehouse.registers import read_unit_register
from connectors.warehouse.waivers import add_waiver, end_waiver, read_waivers, waivable_rules
from connectors.workbooks.reading import Reading
from expectations.catalogue import words
from expectations.contract import forms
from expectations.finding import Severity
from tests.connectors.warehouse.desk import REGISTER, call, relief_book, take_books
from tests.connectors.warehouse.stories import RUN, put_register, tell

RULE = "relief.paid_reaches_people"
"""An error: what was paid reached nobody."""

REACHED_NOBODY = {"persons": 0}


def asked(rule: str = RULE, unit: str = "A0101", first: str = "2021-01-01", last: str = "2021-12-31") -> list[str]:
    return [
        *("waiver", "add", rule, "--unit", unit, "--from", first, "--to", last),
        *("--reason", "经批准跨月发放", "--author", "王处"),
    ]


def waiver(conn: Any, unit_id: str = "A0101", first: date = date(2021, 1, 1), last: date = date(2021, 12, 31)) -> int:
    return add_waiver(conn, RULE, unit_id, first, last, reason="经批准跨月发放", author="王处")


def test_a_waived_finding_is_told_with_its_reason_and_its_row_is_loaded(settings: Settings) -> None:
    with connect(settings) as conn:
        take_books(settings, conn, REGISTER)
        waiver(conn)
        take_books(settings, conn, relief_book(REACHED_NOBODY))
        [row] = read_findings(conn, code=RULE)
        found = finding_of(row)
        assert (found.severity, found.row_number) == (Severity.INFO, 6)
        assert words(found).what.endswith("（豁免：经批准跨月发放）")
        assert words(found, "en").fix == "waived; nothing is to be mended"
        counts = conn.execute("select rows_loaded, rows_quarantined from ops.submission where form_id = 'relief'")
        assert counts.fetchall() == [(1, 0)]


def test_a_workbook_for_no_period_at_all_is_refused_as_ever_where_something_is_waived(settings: Settings) -> None:
    lost = Reading(1, "read", form_id="relief", unit_id="A0101", period="三月")
    lost.complain("form.period_invalid", Severity.CRITICAL, period="三月")
    with connect(settings) as conn:
        waiver(conn)
        [decision] = decide([lost], {}, read_unit_register(conn), read_waivers(conn))
    assert decision.outcome == "refused"


@pytest.mark.parametrize(
    ("unit_id", "first", "last", "why"),
    [
        ("A0102", date(2021, 1, 1), date(2021, 12, 31), "another unit"),
        ("A0101", date(2021, 3, 2), date(2021, 12, 31), "the period begins before it"),
        ("A0101", date(2021, 1, 1), date(2021, 3, 30), "the period ends after it"),
    ],
)
def test_what_a_waiver_does_not_cover_waits_as_before(
    settings: Settings, unit_id: str, first: date, last: date, why: str
) -> None:
    with connect(settings) as conn:
        take_books(settings, conn, REGISTER)
        waiver(conn, unit_id, first, last)
        take_books(settings, conn, relief_book(REACHED_NOBODY))
        assert [row["severity"] for row in read_findings(conn, code=RULE)] == ["error"], why


def test_an_ended_waiver_waives_nothing_more_and_stays_on_record(settings: Settings) -> None:
    with connect(settings) as conn:
        take_books(settings, conn, REGISTER)
        waiver_id = waiver(conn)
        assert waiver(conn) == waiver_id
        assert end_waiver(conn, waiver_id, reason="到期", author="王处")
        assert not end_waiver(conn, waiver_id, reason="到期", author="王处")
        take_books(settings, conn, relief_book(REACHED_NOBODY))
        assert [row["severity"] for row in read_findings(conn, code=RULE)] == ["error"]
        assert read_waivers(conn) == []
        assert [w.end_reason for w in read_waivers(conn, with_ended=True)] == ["到期"]


def test_an_unreadable_value_beside_a_waived_rule_keeps_its_row_waiting(settings: Settings) -> None:
    with connect(settings) as conn:
        take_books(settings, conn, REGISTER)
        waiver(conn)
        take_books(settings, conn, relief_book(REACHED_NOBODY | {"goods_cny": "若干"}))
        assert conn.execute("select count(*) from quarantine.submitted_row").fetchall() == [(1,)]


def test_a_waived_cross_rule_is_told_for_that_unit_alone_until_the_waiver_ends(settings: Settings) -> None:
    rule = "hardship_aid.aided_by_one_unit"
    with connect(settings) as conn:
        put_register(conn)
        for unit_id in ("A0101", "A0201"):
            tell(conn, {"form": "hardship_aid", "unit": unit_id, "period": "2021-02", "rows": [{}]})
        waiver_id = add_waiver(conn, rule, "A0101", date(2021, 1, 1), date(2021, 12, 31), reason="夫妻", author="王处")
        ask_cross_rules(conn, RUN)
        told = {row["unit_id"]: (row["severity"], row["params"]["evidence"]) for row in read_findings(conn, code=rule)}
        assert told["A0101"][0] == "info"
        assert told["A0101"][1].endswith("；豁免：夫妻")
        assert told["A0201"][0] == "warning"
        end_waiver(conn, waiver_id, reason="到期", author="王处")
        ask_cross_rules(conn, RUN + 1)
        assert {row["severity"] for row in read_findings(conn, code=rule)} == {"warning"}


def test_what_is_critical_or_figures_are_built_upon_is_never_waivable() -> None:
    rules = waivable_rules()
    assert RULE in rules
    assert {rule.severity for _, rule in rules.values()} == {Severity.ERROR, Severity.WARNING}
    for form in forms().values():
        keys = {rule.code for rule in form.rules if rule.is_key}
        demanded = {f"{form.form_id}.{field.name}_{end}" for field in form.fields for end in ("given", "in_range")}
        assert not (keys | demanded) & rules.keys()
    # A share above 100 % would stop the night of all.
    assert not {"unit_profile.covered_within_employees", "democratic_management.settled_within_raised"} & rules.keys()
    assert {"unit_profile.contract_not_in_future", "relief.cooling_in_summer"} <= rules.keys()
    assert not [code for code in rules if code.startswith("unit_register.")]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (asked("relief.key_unique"), "不能豁免"),
        (asked("relief.beneficiary_unit_known"), "不能豁免"),
        (asked("value.not_a_number"), "读不出来的内容不能计数"),
        (asked("relief.no_such_rule"), "没有规则"),
        (asked(unit="A9999"), "单位名册中没有 A9999"),
        (asked(first="2021-12-31", last="2021-01-01"), "晚于"),
        (asked(last="2031-01-01"), "最长五年"),
        ([*asked(), "--reason", "身份证 610199198001010012"], "不要写身份证号"),
        (["waiver", "end", "77", "--reason", "x", "--author", "y"], "没有豁免 77"),
    ],
)
def test_what_cannot_be_waived_is_said_clearly_and_changes_nothing(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    with connect(settings) as conn:
        put_register(conn)
        assert call(settings, monkeypatch, *arguments) == 2
        assert said in capsys.readouterr().err
        assert read_waivers(conn, with_ended=True) == []


def test_a_waiver_is_added_listed_and_ended_at_the_desk(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with connect(settings) as conn:
        put_register(conn)
    assert call(settings, monkeypatch, *asked(), "--json") == 0
    waiver_id = json.loads(capsys.readouterr().out)["waiver_id"]
    assert call(settings, monkeypatch, "waiver", "list") == 0
    assert "经批准跨月发放" in capsys.readouterr().out
    assert call(settings, monkeypatch, "waiver", "end", str(waiver_id), "--reason", "到期", "--author", "王处") == 0
    capsys.readouterr()
    assert call(settings, monkeypatch, "waiver", "list", "--ended", "--json") == 0
    [told] = json.loads(capsys.readouterr().out)
    assert (told["waiver_id"], told["end_reason"]) == (waiver_id, "到期")
