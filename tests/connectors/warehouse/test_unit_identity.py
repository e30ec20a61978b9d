"""A workbook without our marks belongs to the unit of its code or credit code; a name proposes units and never decides."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from connectors.settings import Settings
from connectors.warehouse.engine import connect
from connectors.warehouse.registers import NAMES, UnitRegister, read_unit_register
from connectors.warehouse.unit_identity import identify_units
from connectors.warehouse.unit_names import UnitNames
from connectors.workbooks.reading import Reading
from expectations.catalogue import words
from expectations.finding import Severity
from tests.connectors.warehouse.stories import tell

CREDIT_CODE, SHARED = "816199000000202121", "816199000000202200"
UNITS = (
    ("A0101", "示例航天一厂工会", "航天一厂", "第一机械厂工会"),
    ("A0102", "示例航天二厂工会", "航天二厂", None),
    ("A0103", "示例航天三厂工会", "航天三厂", None),
    ("A0104", "示例航天四厂工会", "航天四厂", None),
    ("B0101", "示例兵器研究院工会", "兵器院", None),
)
REGISTER = UnitRegister(
    pl.DataFrame({"unit_id": [unit[0] for unit in UNITS]}),
    pl.DataFrame([(*unit, date(2018, 1, 1), None) for unit in UNITS], schema=NAMES, orient="row"),
    {CREDIT_CODE: frozenset({"A0101"}), SHARED: frozenset({"A0102", "A0103"})},
)


def recognised(unit: str, credit_code: str = "") -> Reading:
    """The reading of a workbook that was known by its headings."""
    reading = Reading(7, "read", "relief", "2021.1", unit, "2021-02")
    reading.complain("form.recognised", Severity.INFO, unit=unit, period="2021-02", credit_code=credit_code)
    return reading


def rows(unit: str) -> dict[str, pl.DataFrame]:
    return {"relief": pl.DataFrame({"delivery_id": [6, 7, 7], "unit_id": ["A0109", unit, unit]})}


@pytest.mark.inputs("A44")
@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("示例航天一厂工会", "A0101"),
        ("航天一厂", "A0101"),
        ("第一机械厂工会", "A0101"),
        ("示例航天（一厂）工会", "A0101"),
        ("兵器研究院", "B0101"),
    ],
)
def test_a_name_proposes_up_to_three_units_the_nearest_first_and_decides_nothing(name: str, first: str) -> None:
    reading = Reading(7, "read", "relief", "2021.1", "", "2021-02")
    reading.complain("form.unit_named", Severity.CRITICAL, named=name)
    identify_units([reading], {}, REGISTER)
    [finding] = reading.findings
    proposed = finding.params["suggestions"].split("、")
    assert (finding.code, finding.severity, reading.unit_id) == ("form.unit_proposed", Severity.CRITICAL, "")
    assert proposed[0].startswith(f"{first} 示例")
    assert len(proposed) <= 3
    assert words(finding).fix.startswith(f"请确认单位代码，可能是 {first} 示例")


def test_without_a_register_a_name_proposes_nothing() -> None:
    reading = Reading(7, "read", "relief", "2021.1", "", "2021-02")
    reading.complain("form.unit_named", Severity.CRITICAL, named="示例航天一厂工会")
    identify_units([reading], {}, UnitRegister(REGISTER.spans))
    assert [f.code for f in reading.findings] == ["form.unit_named"]


def test_a_credit_code_gives_the_unit_to_the_reading_and_to_its_rows_alone() -> None:
    reading = recognised(CREDIT_CODE, CREDIT_CODE)
    found = identify_units([reading], rows(CREDIT_CODE), REGISTER)
    assert (reading.unit_id, reading.findings[0].params["unit"]) == ("A0101", "A0101")
    assert found["relief"]["unit_id"].to_list() == ["A0109", "A0101", "A0101"]


def test_a_credit_code_of_two_units_is_in_doubt() -> None:
    reading = recognised(SHARED, SHARED)
    identify_units([reading], rows(SHARED), REGISTER)
    assert [f.params.get("units") for f in reading.findings[1:]] == [f"{SHARED}、A0102、A0103"]


def test_a_code_and_the_credit_code_of_another_unit_are_in_doubt() -> None:
    reading = recognised("A0102", CREDIT_CODE)
    identify_units([reading], rows("A0102"), REGISTER)
    finding = reading.findings[1]
    assert (finding.code, finding.severity) == ("form.unit_unclear", Severity.CRITICAL)
    assert finding.params["units"] == "A0102、A0101"


@pytest.mark.parametrize(("unit", "credit_code"), [("A0101", CREDIT_CODE), ("A0103", SHARED)])
def test_a_code_and_its_own_credit_code_agree(unit: str, credit_code: str) -> None:
    reading = recognised(unit, credit_code)
    identify_units([reading], rows(unit), REGISTER)
    assert [f.code for f in reading.findings] == ["form.recognised"]


def test_the_register_in_force_knows_every_name_of_its_units(settings: Settings) -> None:
    unit = {"unit_code": "A0101", "unit_name": "示例航天一厂工会", "short_name": "航天一厂", "credit_code": CREDIT_CODE}
    row = {**unit, "former_names": "甲厂工会、乙厂工会", "valid_from": date(2018, 1, 1), "valid_to": None}
    with connect(settings) as conn:
        tell(conn, {"form": "unit_register", "unit": "S0001", "period": "2021", "rows": [row]})
        register = read_unit_register(conn)
    assert register.credit_codes == {CREDIT_CODE: {"A0101"}}
    assert UnitNames(register).nearest("乙厂工会") == ["A0101 示例航天一厂工会"]
