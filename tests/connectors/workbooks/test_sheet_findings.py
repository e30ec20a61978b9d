"""What people do to a sheet beside typing is asked about, at its cells, and changes nothing in silence."""

from __future__ import annotations

import re
from typing import Any

import pytest
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from expectations.finding import Finding, Severity
from tests.connectors.workbooks.filled import (
    AID,
    RELIEF,
    codes,
    edited,
    example,
    filled,
    only,
    read,
    read_one,
    with_part,
)

ROWS = [example(RELIEF), example(RELIEF, campaign="送清凉"), example(RELIEF, persons=21)]
CLEAN = filled(RELIEF, ROWS)
SHEET = "xl/worksheets/sheet1.xml"


def changed(edit: Any, data: bytes = CLEAN) -> Finding:
    """The finding about what somebody did to the sheet."""
    return only(read_one(edited(data, edit)))


def merge(cells: str) -> Any:
    return lambda sheet: sheet.merge_cells(cells)


@pytest.mark.inputs("A67")
def test_a_merged_text_is_filled_down_inside_its_range_only() -> None:
    batch = read(edited(CLEAN, merge("D6:D7")))
    finding = only(batch.readings[0])
    assert (finding.code, finding.severity, finding.cell) == ("form.merged_filled", Severity.INFO, "D6")
    assert finding.params["cells"] == "D6:D7"
    assert batch.rows["relief"]["beneficiary_unit"].to_list() == ["A0101"] * 3

    def merge_and_clear(sheet: Worksheet) -> None:
        sheet.merge_cells("D6:D7")
        sheet["D8"] = None

    batch = read(edited(CLEAN, merge_and_clear))
    assert batch.rows["relief"]["beneficiary_unit__text"].to_list() == ["A0101", "A0101", None]


@pytest.mark.inputs("A67")
def test_a_merged_number_is_never_counted_for_each_row() -> None:
    batch = read(edited(CLEAN, merge("H6:H8")))
    assert [(f.code, f.severity, f.cell) for f in batch.readings[0].findings] == [
        ("form.merged_number", Severity.ERROR, f"H{row}") for row in (6, 7, 8)
    ]
    assert batch.rows["relief"]["cash_cny__text"].to_list() == ["20000", None, None]


@pytest.mark.inputs("A67")
def test_merged_cells_of_spare_rows_make_no_rows() -> None:
    batch = read(edited(CLEAN, merge("D8:D12")))
    assert (codes(batch.readings[0]), batch.rows["relief"].height) == ([], 3)


def hide_rows(sheet: Worksheet) -> None:
    for row in (6, 7, 11):
        sheet.row_dimensions[row].hidden = True


@pytest.mark.inputs("A72")
def test_hidden_rows_are_read_and_named() -> None:
    finding = changed(hide_rows)
    assert (finding.code, finding.severity, finding.params["rows"]) == ("form.hidden_rows", Severity.WARNING, "6–7")
    assert read(edited(CLEAN, hide_rows)).rows["relief"].height == 3


@pytest.mark.inputs("A72")
def test_hidden_columns_are_read_and_named() -> None:
    finding = changed(lambda sheet: setattr(sheet.column_dimensions["H"], "hidden", True))
    assert (finding.code, finding.severity, finding.params["headings"]) == (
        "form.hidden_columns",
        Severity.WARNING,
        "慰问金、慰问品折价",
    )


@pytest.mark.inputs("A72", "B6")
@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_hidden_sheets_are_named_and_those_of_the_template_are_not(state: str) -> None:
    def add(sheet: Worksheet) -> None:
        sheet.parent.create_sheet("另一本账").sheet_state = state

    finding = changed(add)
    assert (finding.code, finding.severity, finding.params["sheets"]) == (
        "form.hidden_sheets",
        Severity.WARNING,
        "另一本账",
    )


@pytest.mark.inputs("A75")
@pytest.mark.parametrize(
    ("font", "code"), [(Font(strike=True), "form.crossed_out"), (Font(color="FFFF0000"), "form.red_text")]
)
def test_crossed_out_and_red_cells_are_read_and_asked_about(font: Font, code: str) -> None:
    def mark(sheet: Worksheet) -> None:
        for cell in ("B7", "H7", "H8", "H4", "K20"):
            sheet[cell].font = font

    finding = changed(mark)
    assert (finding.code, finding.severity, finding.params["cells"]) == (code, Severity.WARNING, "B7、H7:H8")
    assert read(edited(CLEAN, mark)).rows["relief"].height == 3


@pytest.mark.inputs("A76")
def test_comments_are_asked_about_and_ours_are_not() -> None:
    def comment(text: str) -> Any:
        return lambda sheet: setattr(sheet["H7"], "comment", Comment(text, "张三"))

    finding = changed(comment("应为 30000"))
    assert (finding.code, finding.params["cells"]) == ("form.comments", "H7")
    assert "30000" not in str(finding)
    assert codes(read_one(edited(CLEAN, comment("【请核对】金额偏大（relief.amount_large）")))) == []


@pytest.mark.inputs("A76")
def test_pictures_are_asked_about() -> None:
    data = with_part(CLEAN, SHEET, lambda xml: xml.replace(b"</worksheet>", b'<drawing r:id="rId9"/></worksheet>'))
    data = with_part(
        data,
        "xl/worksheets/_rels/sheet1.xml.rels",
        lambda _: b'<Relationships><Relationship Id="rId9" Target="../drawings/drawing1.xml"/></Relationships>',
    )
    data = with_part(data, "xl/drawings/drawing1.xml", lambda _: b"<xdr:wsDr><xdr:pic/><xdr:sp/></xdr:wsDr>")
    finding = only(read_one(data))
    assert (finding.code, finding.params["count"]) == ("form.pictures", "2")


@pytest.mark.inputs("A23", "A85")
def test_a_value_from_another_file_is_read_and_asked_about() -> None:
    data = with_part(
        CLEAN,
        SHEET,
        lambda xml: re.sub(rb'(<c r="H7"[^>]*>)<v>', rb"\1<f>[1]Sheet1!A1*2</f><v>", xml),
    )
    data = with_part(data, "xl/externalLinks/externalLink1.xml", lambda _: b"<externalLink/>")
    batch = read(data)
    finding = only(batch.readings[0])
    assert (finding.code, finding.severity, finding.params["cells"]) == ("form.linked_cells", Severity.WARNING, "H7")
    assert batch.rows["relief"]["cash_cny"].to_list() == [20000] * 3


def test_however_many_cells_there_are_one_finding_tells() -> None:
    rows = [example(RELIEF) for _ in range(50)]

    def mark(sheet: Worksheet) -> None:
        for row in range(6, 56, 2):
            sheet[f"H{row}"].font = Font(strike=True)

    finding = changed(mark, filled(RELIEF, rows))
    assert finding.params["cells"].endswith("H44…（25）")


def test_what_a_merged_cell_says_of_a_person_stays_in_the_sheet() -> None:
    rows = [example(AID), example(AID)]
    data = edited(filled(AID, rows), merge(f"{read_one(filled(AID, rows)).columns['worker_name']}5:B6"))
    assert str(example(AID)["worker_name"]) not in str(read_one(data).to_wire()["findings"])
