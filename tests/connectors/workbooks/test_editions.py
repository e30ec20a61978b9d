"""Earlier editions of a form: read as they were where its contract says so, and refused with the right edition named where not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from connectors.warehouse.decision import decide
from connectors.warehouse.registers import UnitRegister
from expectations import contract
from expectations.catalogue import words
from expectations.contract import ContractError, Form, forms
from expectations.contract_document import form_from_contract
from expectations.editions import in_edition, is_later
from expectations.finding import Severity
from tests.connectors.workbooks.filled import codes, edited, filled, only, read, read_one, unmarked

PICNIC = """
apiVersion: v3.1.0
kind: DataContract
id: picnic
name: Picnics
version: "2021.2"
status: active
slaProperties: [{property: frequency, value: month}, {property: due, value: 5, unit: working_days}]
customProperties:
  - {property: kind, value: form}
  - {property: submittedBy, value: [enterprise]}
  - {property: readsEditions, value: [{edition: "2021.1", renamed: {persons: 到场人数}}, {edition: "2020.1", renamed: {persons: 人头}}]}
schema:
  - name: picnic
    physicalName: picnic
    physicalType: table
    businessName: 踏青活动
    dataGranularityDescription: one row per picnic
    properties:
      - {name: place, businessName: 踏青地点, description: Where., logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1}
      - {name: persons, businessName: 踏青人数, description: How many., logicalType: integer, required: true}
      - name: weather
        businessName: 天气
        description: Weather.
        logicalType: string
        required: true
        customProperties: [{property: since, value: "2021.2"}]
"""

OLD, NEW = {"place": "东湖", "persons": 30}, {"place": "东湖", "persons": 30, "weather": "晴"}
REGISTER = UnitRegister(
    pl.DataFrame(
        {"unit_id": ["A0101"], "unit_kind": ["enterprise"], "valid_from": [date(2018, 1, 1)], "valid_to": [None]},
        schema_overrides={"valid_to": pl.Date},
    )
)


@pytest.fixture(autouse=True)
def picnic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Form]:
    """The one form that there is while a test runs."""
    (tmp_path / "picnic.odcs.yaml").write_text(PICNIC, encoding="utf-8")
    monkeypatch.setattr(contract, "CONTRACTS_FOLDER", tmp_path)
    forms.cache_clear()
    yield forms()["picnic"]
    forms.cache_clear()


def workbook(form: Form, edition: str, row: dict[str, object]) -> bytes:
    """A workbook of that edition, made from the template of its time."""
    as_then = in_edition(form, edition)
    assert as_then is not None
    fields = tuple(f for f in as_then.fields if f.name in row)
    return filled(replace(as_then, fields=fields), [row], period="2021-02")


@pytest.mark.inputs("A82")
@pytest.mark.parametrize(("edition", "heading"), [("2021.1", "到场人数"), ("2020.1", "人头")])
def test_an_earlier_edition_is_read_by_its_own_headings_and_told(picnic: Form, edition: str, heading: str) -> None:
    data = workbook(picnic, edition, OLD)
    batch = read(data)
    finding = only(batch.readings[0])
    assert (finding.code, finding.severity, batch.readings[0].edition) == (
        "form.earlier_edition",
        Severity.INFO,
        edition,
    )
    assert words(finding).fix == "无需处理；下次请用 2021.2 版模板"
    assert batch.rows["picnic"].select("place", "persons", "weather").row(0) == ("东湖", 30, None)
    assert in_edition(picnic, edition).field("persons").heading == heading  # type: ignore[union-attr]  # it is read


@pytest.mark.inputs("A82")
def test_what_an_edition_did_not_ask_for_is_not_missed_in_it_and_is_in_the_one_in_use(picnic: Form) -> None:
    renamed = edited(filled(picnic, [OLD], period="2021-02"), lambda sheet: setattr(sheet, "title", "二月"))
    batch = read(workbook(picnic, "2021.1", OLD), renamed)
    old, new = decide(batch.readings, batch.rows, REGISTER)
    assert (old.outcome, old.quarantined) == ("accepted", frozenset())
    assert [f.code for f in old.findings] == ["form.earlier_edition"]
    assert [(f.code, f.sheet) for f in new.findings] == [("picnic.weather_given", "二月")]
    assert new.quarantined


@pytest.mark.inputs("A82")
@pytest.mark.parametrize("edition", ["2019.1", "", "2021.3"])
def test_any_other_edition_is_refused_and_the_right_one_named(picnic: Form, edition: str) -> None:
    finding = only(read_one(filled(picnic, [NEW], edition=edition, period="2021-02")))
    assert (finding.code, finding.severity, finding.params["expected"]) == (
        "form.wrong_edition",
        Severity.CRITICAL,
        "2021.2",
    )


@pytest.mark.inputs("A82")
def test_without_our_marks_the_edition_is_known_by_its_headings(picnic: Form) -> None:
    old, new = read(*(unmarked(workbook(picnic, e, row)) for e, row in (("2020.1", OLD), ("2021.2", NEW)))).readings
    assert (old.edition, new.edition) == ("2020.1", "2021.2")
    assert codes(old) == codes(new) == ["form.recognised"]


@pytest.mark.inputs("A82")
def test_a_column_that_the_edition_had_is_missed_in_it(picnic: Form) -> None:
    found = read_one(workbook(picnic, "2021.1", {"place": "东湖"})).findings
    refusing = [f for f in found if f.severity is Severity.CRITICAL]
    assert [(f.code, f.field) for f in refusing] == [("form.heading_missing", "persons")]


def test_editions_are_ordered_by_their_numbers() -> None:
    assert is_later("2021.10", "2021.9")
    assert not is_later("2021.1", "2021.1")


def test_a_contract_that_renames_what_it_has_not_is_refused() -> None:
    with pytest.raises(ContractError, match="headcount"):
        form_from_contract(PICNIC.replace("persons: 人头", "headcount: 人头"))
