"""Templates in bulk: for whom, where, and never over what is there."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest

from connectors.warehouse.ledger import RegisteredUnit
from connectors.workbooks.template import Identity, write_workbook
from connectors.workbooks.template_series import SeriesCount, write_series
from expectations.contract import forms

OFFICE = RegisteredUnit("S0001", "样例省工会机关", "provincial_office")
WORKS = RegisteredUnit("A0101", "样例一厂", "enterprise")
GROUP = RegisteredUnit("A01", "样例航天组", "group")
REGISTER = (OFFICE, WORKS, GROUP)
MONTHLY = [form for form in forms().values() if form.frequency == "month"]


def write(folder: Path) -> SeriesCount:
    return write_series(folder, MONTHLY, "2021-03", REGISTER, REGISTER)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_each_unit_gets_the_forms_that_its_kind_hands_in(tmp_path: Path) -> None:
    count = write(tmp_path)
    assert sorted(files(tmp_path)) == sorted(
        f"{unit.unit_id}_{unit.name}/{unit.unit_id}_{form.title_zh}_2021-03.xlsx"
        for form in MONTHLY
        for unit in REGISTER
        if unit.kind in form.submitted_by
    )
    assert count.templates == count.written == len(files(tmp_path)) > len(MONTHLY)


def test_each_has_the_bytes_that_it_has_alone(tmp_path: Path) -> None:
    write(tmp_path)
    relief, alone = forms()["relief"], BytesIO()
    identity = Identity("relief", relief.edition, WORKS.unit_id, WORKS.name, "2021-03")
    write_workbook(alone, relief, identity, units=[(unit.unit_id, unit.name) for unit in REGISTER])
    assert files(tmp_path)[f"A0101_样例一厂/A0101_{relief.title_zh}_2021-03.xlsx"] == alone.getvalue()


def test_a_second_call_writes_nothing_and_leaves_what_a_clerk_has_filled_in(tmp_path: Path) -> None:
    first = write(tmp_path)
    filled = tmp_path / "A0101_样例一厂" / f"A0101_{forms()['relief'].title_zh}_2021-03.xlsx"
    filled.write_bytes(b"filled in")
    missing = tmp_path / "A0101_样例一厂" / f"A0101_{forms()['training'].title_zh}_2021-03.xlsx"
    missing.unlink()
    again = write(tmp_path)
    assert again == SeriesCount(first.templates, 1, (filled,))
    assert filled.read_bytes() == b"filled in"
    assert missing.is_file()


@pytest.mark.parametrize("name", ["../../厂", "一厂/二厂", "a:b*?", "厂" * 300, "..", ""])
def test_a_name_from_the_register_never_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    inside = tmp_path / "out"
    write_series(inside, [forms()["training"]], "2021-03", [RegisteredUnit("A0101", name, "enterprise")], [])
    (written,) = inside.rglob("*.xlsx")
    assert written.parent.parent == inside
    assert list(tmp_path.iterdir()) == [inside]
