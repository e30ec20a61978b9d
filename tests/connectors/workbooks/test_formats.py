"""A workbook is read for what its bytes are, and says the same whichever program saved it."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from connectors.workbooks.cells import Cells, text_of
from connectors.workbooks.marks import SheetMarks
from connectors.workbooks.package import open_package
from tests.connectors.workbooks.filled import RELIEF, codes, edited, example, filled, only, read, read_one, with_part
from tests.connectors.workbooks.foreign import as_ods, as_xlsb, ods, ods_cell, xlsb_cell, xlsb_row

ROWS = [example(RELIEF), example(RELIEF, campaign="送清凉"), example(RELIEF)]
CLEAN = filled(RELIEF, ROWS)

SAVED = Path(__file__).parent / "saved"
"""CLEAN as LibreOffice 7 saved it in Excel 97 format; and the same with two error values, a hidden row, and two cells merged."""


def as_xlsm(data: bytes) -> bytes:
    return with_part(data, "xl/vbaProject.bin", lambda _: b'Sub Auto_Open(): Kill "*": End Sub')


def as_backslashed(data: bytes) -> bytes:
    """The workbook with the part names that some Windows programs write."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(stream, "w") as after:
        for name in before.namelist():
            after.writestr(name.replace("/", "\\"), before.read(name))
    return stream.getvalue()


@pytest.mark.inputs("A78", "B8")
@pytest.mark.parametrize(
    "saved",
    [(SAVED / "clean.xls").read_bytes(), as_xlsb(CLEAN), as_ods(CLEAN), as_xlsm(CLEAN), as_backslashed(CLEAN)],
    ids=["xls", "xlsb", "ods", "xlsm", "backslashes"],
)
def test_a_workbook_says_the_same_in_every_format(saved: bytes) -> None:
    batch = read(CLEAN, saved)
    expected, found = batch.readings
    assert found.findings == []
    assert (found.form_id, found.unit_id, found.period) == (expected.form_id, expected.unit_id, expected.period)
    assert found.content_sha256 == expected.content_sha256
    rows = batch.rows["relief"].partition_by("delivery_id", include_key=False)
    assert rows[0].equals(rows[1])


def spoiled_ods() -> bytes:
    return with_part(
        as_ods(CLEAN),
        "content.xml",
        lambda xml: (
            xml.decode()
            .replace(
                ods_cell(20000),
                '<table:table-cell office:value-type="string" calcext:value-type="error"><text:p>#N/A</text:p></table:table-cell>',
                1,
            )
            .encode()
        ),
    )


@pytest.mark.inputs("A22")
@pytest.mark.parametrize(
    "saved",
    [
        (SAVED / "spoiled.xls").read_bytes(),
        as_xlsb(edited(CLEAN, lambda sheet: sheet.__setitem__("H6", "#N/A"))),
        spoiled_ods(),
    ],
    ids=["xls", "xlsb", "ods"],
)
def test_an_error_value_is_a_finding_in_every_format(saved: bytes) -> None:
    finding = next(f for f in read_one(saved).findings if f.code == "value.cell_error")
    assert (finding.cell, finding.value) == ("H6", "#N/A")


def test_what_people_did_to_an_xls_is_seen() -> None:
    batch = read((SAVED / "spoiled.xls").read_bytes())
    found = {f.code: f for f in batch.readings[0].findings}
    assert found["form.hidden_rows"].params["rows"] == "7"
    assert found["form.merged_filled"].params["cells"] == "C6:C7"
    assert batch.rows["relief"]["beneficiary_group__text"].to_list() == ["困难职工"] * 3


def test_a_hidden_row_of_an_xlsb_is_seen() -> None:
    number = len(ROWS) + 10
    hidden = xlsb_row(number, is_hidden=True) + b"".join(
        xlsb_cell(column, value) for column, value in enumerate(["送温暖", "困难职工", "A0101"], start=1)
    )
    finding = next(f for f in read_one(as_xlsb(CLEAN, extra_rows=hidden)).findings if f.code == "form.hidden_rows")
    assert finding.params["rows"] == str(number + 1)


@pytest.mark.inputs("B4")
def test_an_xlsb_that_reaches_too_far_is_refused() -> None:
    far = xlsb_row(1_048_575) + xlsb_cell(16_383, 1)
    assert codes(read_one(as_xlsb(CLEAN, extra_rows=far))) == ["file.unsafe"]


@pytest.mark.parametrize("name", ["clean.xls"])
@pytest.mark.parametrize("cut", [600, 2_000, 7_000])
def test_a_truncated_xls_is_damaged(name: str, cut: int) -> None:
    assert codes(read_one((SAVED / name).read_bytes()[:cut])) in (["file.damaged"], ["file.not_a_workbook"])


def cells_of(content: str) -> Cells:
    return Cells(open_package(ods(content)))


def test_an_ods_says_what_was_typed() -> None:
    row = (
        ods_cell(None)
        + '<table:table-cell office:value-type="float" office:value="12345678901234.567"/>'
        + '<table:table-cell office:value-type="date" office:date-value="2021-02-05T08:30:00"/>'
        + '<table:table-cell office:value-type="time" office:time-value="PT08H30M00S"/>'
        + '<table:table-cell office:value-type="boolean" office:boolean-value="true"/>'
        + '<table:table-cell office:value-type="string"><office:annotation><text:p>批注</text:p></office:annotation>'
        + '<text:p>甲<text:s text:c="2"/><text:span>乙</text:span></text:p><text:p>丙</text:p></table:table-cell>'
        + '<table:table-cell table:formula="of:=SUM([.A1])"/>'
        + '<table:table-cell table:number-columns-repeated="2" office:value-type="float" office:value="7"/>'
        + '<table:table-cell table:number-columns-repeated="16000"/>'
    )
    blanks = '<table:table-row table:number-rows-repeated="3"><table:table-cell/></table:table-row>'
    end = '<table:table-row table:number-rows-repeated="1048570"><table:table-cell/></table:table-row>'
    cells = cells_of(
        f'<table:table table:name="表">{blanks}<table:table-row>{row}</table:table-row>{end}</table:table>'
    )
    rows = cells.rows("表")
    assert len(rows) == 4
    assert [text_of(value) for value in rows[3]] == [
        None,
        "12345678901234.567",
        "2021-02-05 08:30:00",
        "08:30:00",
        "TRUE",
        "甲  乙\n丙",
        "=SUM([.A1])",
        "7",
        "7",
    ]
    assert cells.marks("表") == SheetMarks(comments=[(3, 5)])


@pytest.mark.inputs("B1", "B4")
@pytest.mark.parametrize("times", ["number-rows-repeated", "number-columns-repeated"])
def test_an_ods_that_repeats_a_value_without_end_is_refused(times: str) -> None:
    row_times, cell_times = (
        f' table:{times}="999999999"' if times == t else "" for t in ("number-rows-repeated", "number-columns-repeated")
    )
    content = (
        f'<table:table table:name="表"><table:table-row{row_times}>'
        f'<table:table-cell{cell_times} office:value-type="float" office:value="7"/></table:table-row></table:table>'
    )
    assert only(read_one(ods(content))).code == "file.unsafe"


@pytest.mark.inputs("B6")
def test_an_ods_without_a_sheet_is_damaged() -> None:
    assert codes(read_one(ods(""))) == ["file.damaged"]
