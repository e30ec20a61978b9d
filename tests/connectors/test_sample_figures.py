"""The sample is real in its totals: its own rows add up, to the yuan, to what the union published for 2021."""

from __future__ import annotations

from collections import Counter
from datetime import date
from fractions import Fraction

import pytest

from connectors.sample import expected_figures
from connectors.sample.answers import answers
from connectors.sample.files import sample_files
from connectors.sample.hardship import payments
from connectors.sample.organisation import CLOSING, NOTICE, OFFICE, OPENING, enterprises, units
from connectors.sample.people import person, with_wrong_check_character
from connectors.sample.relief import relief_lines
from expectations.citizen_id import CitizenIdError, parse_citizen_id
from expectations.contract import forms
from expectations.credit_code import parse_credit_code

PUBLISHED = {
    "winter_warmth_units": 40,
    "winter_warmth_money": 1_420_000,
    "gift_parcel_units": 12,
    "gift_parcel_persons": 500,
    "gift_parcel_money": 220_000,
    "summer_cooling_raised": 35_598_540,
    "nuclear_hardship_money": 150_000,
    "disaster_relief_money": 908_360,
    "daily_relief_persons": 86,
    "daily_relief_money": 183_000,
    "relief_paid": 38_329_900,
}
"""P16 to P21 and P25 to P28 of the published figures, and the relief money of the two relief forms together."""


@pytest.mark.parametrize(("indicator_id", "value"), PUBLISHED.items())
def test_rows_add_up_to_the_published_figure(indicator_id: str, value: int) -> None:
    assert expected_figures()[indicator_id] == value


def test_what_the_clean_and_corrected_workbooks_say_adds_up_to_the_relief_money() -> None:
    said = [f for f in sample_files() if f.story not in ("slip", "copied", "saved_again")]
    ledger = sum(
        row["cash_cny"] + row["goods_cny"]
        for f in said
        if f.form_id == "relief"
        for row in f.rows
        if isinstance(row["cash_cny"], int) and row["beneficiary_unit"] != "A0999"
    )
    unreadable = with_wrong_check_character(person(400).citizen_id)
    aid = sum(
        row["amount_cny"]
        for f in said
        if f.form_id == "hardship_aid"
        for row in f.rows
        if row["worker_citizen_id"] != unreadable
    )
    assert (ledger, aid) == (38_146_900, 183_000)


def test_rates_of_the_year_end_are_plausible() -> None:
    figures = expected_figures()
    assert figures["smart_union_rate"] == Fraction(22, 58)
    assert figures["workers_congress_rate"] == Fraction(45, 58)
    assert Fraction(9, 10) < figures["collective_contract_coverage"] < 1
    assert Fraction(9, 10) < figures["relief_coverage"] < 1


def test_persons_are_not_payments() -> None:
    assert len(payments()) > 2 * len({p.worker.citizen_id for p in payments()})
    by_unit = {(p.reporter, p.worker.citizen_id) for p in payments()}
    assert len(by_unit) == 87, "one worker is paid by two units, so the units' counts do not add up to the province's"


def test_no_temporary_aid_and_no_other_campaign() -> None:
    assert {p.aid_kind for p in payments()} == {"daily"}
    assert "other" not in {line.campaign for line in relief_lines()}


def test_every_line_names_an_enterprise_that_exists_in_its_month() -> None:
    by_code = {unit.unit_code: unit for unit in enterprises()}
    for line in relief_lines():
        assert by_code[line.beneficiary_unit].is_in_force(line.given_on, line.given_on), line
        assert f"{line.given_on:%Y-%m}" == line.month


def test_keys_are_unique_within_a_workbook() -> None:
    for answer in answers():
        form = forms()[answer.form_id]
        keys = Counter(tuple(row[name] for name in form.key) for row in answer.rows)
        assert not form.key or all(count == 1 for count in keys.values()), answer.key


def test_ids_are_valid_and_of_an_area_that_does_not_exist() -> None:
    people = {p.worker for p in payments()}
    assert len({someone.name for someone in people}) == 86
    for someone in people:
        assert parse_citizen_id(someone.citizen_id).startswith("619900")
        assert someone.name[1] == "示"


def test_a_slip_of_the_last_key_is_no_valid_id() -> None:
    for serial in range(100):
        with pytest.raises(CitizenIdError):
            parse_citizen_id(with_wrong_check_character(person(serial).citizen_id))


def test_credit_codes_are_valid_and_of_an_area_that_does_not_exist() -> None:
    codes = [unit.credit_code for unit in units() if unit.credit_code]
    assert len(set(codes)) == len(enterprises()) + 1
    for code in codes:
        assert parse_credit_code(code)[2:8] == "619900"


def test_units_open_and_close_within_the_year() -> None:
    counts = [
        sum(unit.is_in_force(day, day) for unit in enterprises())
        for day in (date(2021, 3, 31), date(2021, 6, 30), date(2021, 9, 30), date(2021, 12, 31))
    ]
    assert counts == [58, 59, 59, 58]
    asked = {(answer.unit_id, answer.period) for answer in answers()}
    assert {(OPENING, "2021-03"), (OPENING, "2021-04")} & asked == {(OPENING, "2021-04")}
    assert {(CLOSING, "2021-09"), (CLOSING, "2021-10")} & asked == {(CLOSING, "2021-09")}


def test_every_reporting_unit_says_that_it_is_an_example() -> None:
    assert "虚构" in NOTICE
    for unit in units():
        if unit.unit_kind in ("enterprise", "provincial_office"):
            assert unit.unit_name.startswith("示例"), unit
    assert len({unit.short_name for unit in units()}) == len(units())
    assert OFFICE in {unit.unit_code for unit in units()}
