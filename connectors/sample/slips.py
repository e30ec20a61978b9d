"""The ordinary slips of the sample: what somebody typed wrong, and the finding that must come of it.

Each slip spoils one workbook. Most are corrected by a second submission; the rows of `LEFT_ROWS` never are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from connectors.sample.answers import Row
from connectors.sample.people import person, with_wrong_check_character

Spoil = Callable[[Row], Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Slip:
    """One slip: `spoil` gives what is typed instead in the first row, `code` is the finding that it must lead to.

    `is_repeated` says that the row stands there twice; `totals` is what is typed over the total row.
    """

    form_id: str
    code: str
    spoil: Spoil = lambda row: {}
    is_repeated: bool = False
    totals: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class LeftRow:
    """A bad row that nobody corrects, and the finding that it must lead to; `day_field` takes a day of its period."""

    form_id: str
    code: str
    day_field: str
    row: dict[str, object]


def _a_month_later(field: str) -> Spoil:
    def spoil(row: Row) -> Mapping[str, object]:
        return {field: row[field] + timedelta(days=31)}

    return spoil


def _more_than_employees(field: str) -> Spoil:
    def spoil(row: Row) -> Mapping[str, object]:
        return {field: row["employees"] + 18}

    return spoil


def _mistyped(row: Row) -> Mapping[str, object]:
    return {"worker_citizen_id": with_wrong_check_character(row["worker_citizen_id"])}


def _shortened(row: Row) -> Mapping[str, object]:
    return {"worker_citizen_id": row["worker_citizen_id"][:-1]}


def _instead(**values: object) -> Spoil:
    return lambda row: values


SLIPS: tuple[Slip, ...] = (
    Slip("relief", "value.not_a_number", _instead(cash_cny="约2000")),
    Slip("relief", "value.not_a_number", _instead(cash_cny="两千左右")),
    Slip("relief", "value.not_a_number", _instead(goods_cny="1000-1500")),
    Slip("relief", "value.not_a_number", _instead(persons="三十多人")),
    Slip("relief", "value.unknown_code", _instead(campaign="中秋慰问")),
    Slip("relief", "value.unknown_code", _instead(beneficiary_group="劳模")),
    Slip("relief", "relief.persons_given", _instead(persons=None)),
    Slip("relief", "relief.given_on_given", _instead(given_on=None)),
    Slip("relief", "relief.date_in_period", _a_month_later("given_on")),
    Slip("relief", "relief.beneficiary_unit_known", _instead(beneficiary_unit="A0999")),
    Slip("relief", "relief.amount_positive", _instead(cash_cny=0, goods_cny=0)),
    Slip("relief", "relief.key_unique", is_repeated=True),
    Slip("relief", "form.total_differs", totals={"cash_cny": 26_000}),
    Slip("hardship_aid", "value.id_invalid", _mistyped),
    Slip("hardship_aid", "value.id_invalid", _shortened),
    Slip("hardship_aid", "value.not_a_number", _instead(amount_cny="约500")),
    Slip("hardship_aid", "value.unknown_code", _instead(hardship_cause="家庭困难")),
    Slip("hardship_aid", "hardship_aid.worker_name_given", _instead(worker_name=None)),
    Slip("hardship_aid", "hardship_aid.date_in_period", _a_month_later("paid_on")),
    Slip("hardship_aid", "hardship_aid.key_unique", is_repeated=True),
    Slip("hardship_aid", "form.total_differs", totals={"amount_cny": 9_999}),
    Slip("unit_profile", "unit_profile.members_within_employees", _more_than_employees("members")),
    Slip("unit_profile", "unit_profile.female_within_employees", _more_than_employees("female_employees")),
    Slip("unit_profile", "unit_profile.covered_within_employees", _more_than_employees("contract_covered_employees")),
    Slip("unit_profile", "value.not_a_number", _instead(female_employees="四成左右")),
    Slip("unit_profile", "value.unknown_code", _instead(smart_union_status="试点中")),
    Slip("unit_profile", "unit_profile.covered_has_contract", _instead(contract_signed_on=None)),
    Slip("unit_profile", "unit_profile.congress_not_in_future", _instead(congress_held_on=date(2022, 3, 15))),
)
"""28 workbooks that come back corrected some days later."""

_LEFT_PERSON = person(400)
"""Not among those whose aid is counted: nothing of the row that is left in quarantine is needed for a total."""

LEFT_ROWS: tuple[LeftRow, ...] = (
    LeftRow(
        "relief",
        "value.not_a_number",
        "given_on",
        {
            "campaign": "防汛救灾",
            "beneficiary_group": "退休职工",
            "funding_level": "企业工会",
            "money_flow": "支付",
            "persons": 6,
            "cash_cny": "约2000",
            "goods_cny": 0,
        },
    ),
    LeftRow(
        "relief",
        "relief.beneficiary_unit_known",
        "given_on",
        {
            "campaign": "送清凉",
            "beneficiary_group": "一线职工",
            "beneficiary_unit": "A0999",
            "funding_level": "企业工会",
            "money_flow": "筹集",
            "persons": 40,
            "cash_cny": 0,
            "goods_cny": 3600,
        },
    ),
    LeftRow(
        "hardship_aid",
        "value.id_invalid",
        "paid_on",
        {
            "worker_name": _LEFT_PERSON.name,
            "worker_citizen_id": with_wrong_check_character(_LEFT_PERSON.citizen_id),
            "hardship_cause": "疾病",
            "aid_kind": "日常救助",
            "standard_cny": 800,
            "amount_cny": 800,
        },
    ),
)
"""Three rows that nobody corrects: they wait in quarantine when the sample has been taken in."""
