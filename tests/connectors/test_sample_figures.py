"""The sample is real in its totals: its own rows add up, to the yuan, to what the union published for 2021."""

from __future__ import annotations

import csv
import itertools
from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from connectors.sample import expected_figures
from connectors.sample.answers import answers
from connectors.sample.days import LAST_YEAR, YEAR
from connectors.sample.files import sample_files
from connectors.sample.hardship import payments
from connectors.sample.organisation import (
    CLOSING,
    GROUPS,
    MERGED,
    MOVES_TO,
    MOVING,
    NOTICE,
    OFFICE,
    OPENING,
    SUCCESSOR,
    enterprises,
    reporters,
    size_on,
    units,
)
from connectors.sample.people import person, with_wrong_check_character
from connectors.sample.profiles import profiles
from connectors.sample.programmes import programmes, reported
from connectors.sample.relief import relief_lines
from expectations.citizen_id import CitizenIdError, parse_citizen_id
from expectations.contract import forms
from expectations.credit_code import parse_credit_code

with (Path(__file__).parents[2] / "dbt_project" / "seeds" / "published_figures.csv").open(newline="") as _file:
    PUBLISHED = list(csv.DictReader(_file))

INDICATORS = Path(__file__).parents[2] / "dbt_project" / "seeds" / "indicators.csv"

YEARS = range(YEAR, LAST_YEAR + 1)

PEOPLE = ("worker", "person", "trainee", "student", "mentor", "apprentice", "participant")


def test_the_union_published_thirty_one_figures() -> None:
    assert [figure["figure_id"] for figure in PUBLISHED] == [f"P{number:02}" for number in range(1, 32)]


@pytest.mark.parametrize("figure", PUBLISHED, ids=lambda figure: figure["figure_id"])
def test_rows_add_up_to_the_published_figure(figure: dict[str, str]) -> None:
    value, published = expected_figures()[figure["indicator_id"]], Decimal(figure["published_value"])
    match figure["qualifier"]:
        case "exact":
            assert value == published
        case "more_than":
            # 20-odd is 21 to 29, 400-odd is 401 to 499.
            step = 10 ** (len(str(int(published))) - 1)
            assert published < value < published + step
        case "just_under":
            assert published * Decimal("0.9") <= value <= published


def test_each_yuan_of_relief_is_counted_once() -> None:
    assert expected_figures()["relief_paid"] == 1_420_000 + 220_000 + 35_598_540 + 908_360 + 183_000 + 412_000
    assert expected_figures()["relief_paid"] == 38_741_900


def test_every_indicator_but_those_of_the_running_is_given() -> None:
    with INDICATORS.open(newline="") as file:
        wanted = {row["indicator_id"] for row in csv.DictReader(file) if row["pillar"] != "operations"}
    assert set(expected_figures()) == wanted
    assert len(wanted) == 58


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
    students = sum(row["amount_cny"] for f in said if f.form_id == "student_aid" for row in f.rows)
    assert (ledger, aid, students) == (38_146_900, 183_000, 412_000)


@pytest.mark.parametrize("year", YEARS)
def test_every_row_of_a_programme_stands_in_an_answer(year: int) -> None:
    said = Counter((a.form_id, a.unit_id, a.period) for a in answers(year) for _ in a.rows)
    made = Counter(
        (form_id, row.unit_id, row.period)
        for form_id in programmes()
        if not forms()[form_id].is_register
        for row in reported(form_id, year)
    )
    assert said == made


@pytest.mark.parametrize("form_id", [form_id for form_id, form in forms().items() if not form.is_register])
def test_every_form_has_rows_in_every_year(form_id: str) -> None:
    assert all(reported(form_id, year) for year in YEARS)


@pytest.mark.parametrize("year", YEARS)
def test_what_must_be_given_is_given_and_no_nil_stands_where_none_is_allowed(year: int) -> None:
    for answer in answers(year):
        form = forms()[answer.form_id]
        assert form.is_nil_allowed or answer.rows, answer.key
        assert not form.is_single_row or len(answer.rows) == 1, answer.key
        for row in answer.rows:
            assert set(row) == {field.name for field in form.fields}, answer.key
            assert all(row[field.name] is not None for field in form.fields if field.is_required), answer.key


def test_the_plan_goes_on_after_the_sample_year() -> None:
    built = [_built_share(year) for year in YEARS]
    assert built == sorted(built)
    assert Fraction(75, 100) < built[-1] < Fraction(85, 100)
    alliances = {row.values["alliance_trade"] for row in reported("innovation_studio", LAST_YEAR)} - {None}
    assert len(alliances) == 10
    trades = [
        len(
            {
                r.values["trade"]
                for r in reported("skills_contest", y)
                if r.values["contest_level"] == "own_second_class"
            }
        )
        for y in (YEAR - 1, *YEARS)
    ]
    assert all(after - before >= 2 for before, after in itertools.pairwise(trades))


def _built_share(year: int) -> Fraction:
    last = [profile for profile in profiles(year) if profile.quarter.endswith("Q4")]
    return Fraction(sum(profile.smart_union_status == "built" for profile in last), len(last))


def test_one_enterprise_merges_and_one_moves_after_the_sample_year() -> None:
    register = {unit.unit_code: unit for unit in units(LAST_YEAR) if unit.valid_to is not None}
    assert register[MERGED].successor_code == SUCCESSOR
    assert size_on(SUCCESSOR, date(2024, 1, 1)) > size_on(SUCCESSOR, date(2023, 1, 1))
    assert [unit.parent_code for unit in units(LAST_YEAR) if unit.unit_code == MOVING] == ["A04", MOVES_TO]
    assert [len(reporters(f"{year}-12")) for year in YEARS] == [58, 58, 57, 57, 57]
    assert all(unit.successor_code is None for unit in units()), "in the sample year nobody knows of it"


def test_targets_are_shared_out_whole_among_the_groups() -> None:
    shares: dict[str, int] = defaultdict(int)
    for row in reported("target_allocation", YEAR):
        shares[row.values["target_id"]] += row.values["target_value"]
        assert row.values["org_code"] in GROUPS
    assert shares == {"T09": 500}


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


@pytest.mark.parametrize("year", YEARS)
def test_keys_are_unique_within_a_workbook(year: int) -> None:
    for answer in answers(year):
        form = forms()[answer.form_id]
        keys = Counter(tuple(row[name] for name in form.key) for row in answer.rows)
        assert not form.key or all(count == 1 for count in keys.values()), answer.key


def test_ids_are_valid_and_of_an_area_that_does_not_exist() -> None:
    assert len({p.worker.name for p in payments()}) == 86
    people = {
        (row[f"{someone}_name"], row[f"{someone}_citizen_id"])
        for year in YEARS
        for answer in answers(year)
        for row in answer.rows
        for someone in PEOPLE
        if f"{someone}_citizen_id" in row
    }
    assert len(people) > 1_000
    for name, citizen_id in people:
        assert parse_citizen_id(citizen_id).startswith("619900")
        assert name[1] == "示"
    assert len({citizen_id for _, citizen_id in people}) == len(people), "one ID, one name"
    assert all(row.values["lead_worker"][1] == "示" for row in reported("innovation_studio", YEAR))


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
