"""What the reader says about workbooks as people hand them in: each mistake once, at its cell, and the rows all accounted for."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from openpyxl.worksheet.worksheet import Worksheet

from expectations.contract import Form, forms
from expectations.finding import Severity
from tests.connectors.workbooks.filled import (
    AID,
    PROFILE,
    RELIEF,
    cell,
    codes,
    edited,
    example,
    filled,
    only,
    read,
    read_one,
    unmarked,
    with_part,
)

ALL_FORMS = pytest.mark.parametrize("form", forms().values(), ids=list(forms()))
CLEAN = filled(RELIEF, [example(RELIEF), example(RELIEF, campaign="送清凉")])


def typed(form: Form, name: str, value: object) -> Any:
    """What the typed frame holds for one value of one field."""
    return read(filled(form, [example(form, **{name: value})])).rows[form.form_id][name].item()


@ALL_FORMS
def test_a_clean_workbook_has_no_findings(form: Form) -> None:
    reading = read_one(filled(form, [example(form)]))
    assert reading.status == "read"
    assert reading.findings == []
    assert list(reading.columns) == [f.name for f in form.fields]


@ALL_FORMS
def test_every_finding_names_a_cell_that_holds_its_value(form: Form) -> None:
    spoiled = {f.name: "约三十" for f in form.fields if f.kind != "text" and not f.register}
    data = filled(form, [example(form), example(form, **spoiled)][form.is_single_row :])
    reading = read_one(data)
    assert {f.field for f in reading.findings} == set(spoiled)
    for finding in reading.findings:
        assert finding.cell is not None
        assert cell(data, str(finding.sheet), finding.cell) == finding.value == "约三十"
        assert finding.severity is Severity.ERROR


def test_a_personal_value_is_masked_in_its_finding() -> None:
    reading = read_one(filled(AID, [example(AID, worker_citizen_id="110105194912310021")]))
    assert only(reading).value == "110***********002*"
    assert "110105194912310021" not in str(reading.to_wire())


def test_numbers_and_dates_come_without_loss() -> None:
    assert typed(RELIEF, "cash_cny", Decimal("12345678.91")) == Decimal("12345678.91")
    assert typed(RELIEF, "persons", 999_999) == 999_999
    assert typed(RELIEF, "given_on", date(2021, 2, 28)) == date(2021, 2, 28)
    assert typed(RELIEF, "given_on", datetime(2021, 2, 28)) == date(2021, 2, 28)  # noqa: DTZ001 - a cell has no time zone


@pytest.mark.inputs("A24", "A55")
def test_a_citizen_id_stored_as_a_number_is_never_loaded() -> None:
    batch = read(filled(AID, [example(AID, worker_citizen_id=110105194912310021)]))
    assert batch.rows["hardship_aid"]["worker_citizen_id"].item() is None
    assert only(batch.readings[0]).severity is Severity.ERROR


@pytest.mark.inputs("A22")
def test_an_error_value_is_a_finding_and_never_a_blank() -> None:
    data = edited(CLEAN, lambda sheet: sheet.__setitem__("H6", "#N/A"))
    finding = next(f for f in read_one(data).findings if f.code == "value.cell_error")
    assert (finding.cell, finding.value) == ("H6", "#N/A")


@pytest.mark.inputs("A21")
def test_a_formula_that_nobody_worked_out_is_a_finding_and_never_a_blank() -> None:
    data = edited(CLEAN, lambda sheet: sheet.__setitem__("H7", "=1+1"))
    finding = next(f for f in read_one(data).findings if f.code == "value.formula_without_value")
    assert (finding.cell, finding.value) == ("H7", "=1+1")


def test_a_formula_whose_value_is_worked_out_counts_as_that_value() -> None:
    part = "xl/worksheets/sheet1.xml"
    data = with_part(
        CLEAN, part, lambda xml: re.sub(rb'(<c r="H6"[^>]*>)<v>20000</v>', rb"\1<f>10000*2</f><v>20000</v>", xml)
    )
    batch = read(data)
    assert batch.readings[0].findings == []
    assert batch.rows["relief"]["cash_cny"].to_list() == [20000, 20000]


def test_totals_notes_and_samples_are_ignored_with_their_reason_and_blank_rows_do_not_count() -> None:
    def add(sheet: Worksheet) -> None:
        sheet["A9"], sheet["H9"] = "合 计", 40000
        sheet["B11"] = "填表人：张三"
        sheet["A12"], sheet["B12"] = "示例", "送温暖"
        sheet["A13"] = "注：以上数据已核对。"
        sheet["L14"] = "张三看过"

    reading = read_one(edited(CLEAN, add))
    ignored = [
        (5, "total_row"),
        (9, "total_row"),
        (11, "note_row"),
        (12, "sample_row"),
        (13, "note_row"),
        (14, "note_row"),
    ]
    assert reading.rows_ignored == ignored
    assert reading.rows_read == 2 + len(ignored)


def test_a_total_that_differs_is_a_warning_at_its_cell() -> None:
    finding = only(read_one(filled(RELIEF, [example(RELIEF), example(RELIEF)], totals={"cash_cny": 39999})))
    assert (finding.code, finding.severity, finding.cell, finding.field) == (
        "form.total_differs",
        Severity.WARNING,
        "H5",
        "cash_cny",
    )
    assert finding.params == {
        "form": "relief",
        "heading": "慰问金",
        "total": "39999.00",
        "sum": "40000.00",
        "difference": "-1.00",
    }


def test_numbers_typed_as_text_are_added_up_although_excel_passes_over_them() -> None:
    reading = read_one(filled(RELIEF, [example(RELIEF), example(RELIEF, cash_cny="20,000")]))
    assert codes(reading) == ["value.repaired", "form.total_differs"]


def test_a_total_is_not_held_against_rows_that_could_not_be_read() -> None:
    reading = read_one(filled(RELIEF, [example(RELIEF), example(RELIEF, cash_cny="约二万")]))
    assert [f.field for f in reading.findings] == ["cash_cny"]


def test_a_subtotal_is_held_against_the_rows_above_it() -> None:
    def add(sheet: Worksheet) -> None:
        sheet["B8"], sheet["H8"] = "小计", 40000
        for column, value in zip("BCDEFGHIJ", example(RELIEF).values(), strict=True):
            sheet[f"{column}9"] = value
        sheet["B10"], sheet["H10"] = "小计", 30000

    finding = only(read_one(edited(CLEAN, add)))
    assert (finding.code, finding.cell, finding.params["sum"]) == ("form.total_differs", "H10", "20000.00")


def test_a_total_that_is_no_number_is_told() -> None:
    assert codes(read_one(filled(RELIEF, [example(RELIEF)], totals={"cash_cny": "见附件"}))) == [
        "form.total_unreadable"
    ]


def test_headings_are_known_by_their_words_wherever_they_stand() -> None:
    def move(sheet: Worksheet) -> None:
        sheet["B4"], sheet["C4"] = "慰问对象", "活动 类别"
        for row in (6, 7):
            sheet[f"B{row}"], sheet[f"C{row}"] = sheet[f"C{row}"].value, sheet[f"B{row}"].value
        sheet["H4"] = "慰问金额（元）"

    before, after = read(CLEAN), read(edited(CLEAN, move))
    assert after.readings[0].findings == []
    assert after.readings[0].columns["campaign"] == "C"
    assert after.rows["relief"]["campaign"].to_list() == before.rows["relief"]["campaign"].to_list()
    assert after.readings[0].content_sha256 == before.readings[0].content_sha256


def test_a_missing_column_refuses_the_submission() -> None:
    finding = only(read_one(edited(CLEAN, lambda sheet: sheet.delete_cols(7))))
    assert (finding.code, finding.severity, finding.field) == ("form.heading_missing", Severity.CRITICAL, "persons")


def test_no_headings_at_all_name_every_required_one() -> None:
    reading = read_one(edited(CLEAN, lambda sheet: sheet.delete_rows(4)))
    assert set(codes(reading)) == {"form.heading_missing"}
    assert {f.field for f in reading.findings} == {f.name for f in RELIEF.fields if f.is_required}


def test_a_column_of_ones_own_is_a_warning_with_its_heading() -> None:
    finding = only(read_one(edited(CLEAN, lambda sheet: sheet.__setitem__("K4", "备注"))))
    assert (finding.code, finding.severity, finding.cell, finding.value) == (
        "form.heading_extra",
        Severity.WARNING,
        "K4",
        "备注",
    )


def test_two_columns_for_one_field_refuse_the_submission_at_both_cells() -> None:
    reading = read_one(edited(CLEAN, lambda sheet: sheet.__setitem__("K4", "慰问金额")))
    assert [(f.code, f.cell) for f in reading.findings] == [("form.heading_twice", "H4"), ("form.heading_twice", "K4")]


def test_a_heading_in_ten_thousands_of_people_refuses_the_submission_and_multiplies_nothing() -> None:
    finding = only(read_one(edited(CLEAN, lambda sheet: sheet.__setitem__("G4", "慰问人次（万）"))))
    assert (finding.code, finding.severity, finding.params["unit"]) == ("form.heading_unit", Severity.CRITICAL, "万")


@pytest.mark.inputs("A84")
def test_rows_beside_a_nil_answer_refuse_the_submission() -> None:
    assert codes(read_one(filled(RELIEF, [example(RELIEF)], nil=True))) == ["form.nil_with_rows"]


@pytest.mark.inputs("A84")
def test_nothing_at_all_is_not_a_report() -> None:
    assert codes(read_one(filled(RELIEF, []))) == ["form.no_rows"]
    assert codes(read_one(filled(PROFILE, []))) == ["form.no_rows"]


def test_an_answer_that_is_neither_yes_nor_no_is_asked_about() -> None:
    finding = read_one(edited(filled(RELIEF, []), lambda sheet: sheet.__setitem__("D3", "大概"))).findings[0]
    assert (finding.code, finding.value) == ("form.nil_unclear", "大概")


@pytest.mark.inputs("A82")
def test_another_edition_is_refused_with_both_named() -> None:
    finding = only(read_one(filled(RELIEF, [example(RELIEF)], edition="2019.1")))
    assert (finding.code, finding.params["edition"], finding.params["expected"]) == (
        "form.wrong_edition",
        "2019.1",
        RELIEF.edition,
    )


@pytest.mark.parametrize("period", ["2021-Q1", "2021", "2021年13月", ""])
def test_a_period_that_is_none_of_the_forms_is_refused(period: str) -> None:
    workbook = edited(CLEAN, lambda sheet: sheet.parent["_meta"].__setitem__("B4", period))
    assert codes(read_one(workbook)) == ["form.period_invalid"]


def test_without_its_hidden_sheet_a_workbook_is_known_by_its_properties() -> None:
    reading = read_one(edited(CLEAN, lambda sheet: sheet.parent.remove(sheet.parent["_meta"])))
    assert (reading.form_id, reading.unit_id, reading.period) == ("relief", "A0101", "2021-02")


def test_a_workbook_that_says_it_is_two_forms_is_refused() -> None:
    data = with_part(CLEAN, "docProps/custom.xml", lambda xml: xml.replace(b">relief<", b">hardship_aid<"))
    reading = read_one(data)
    assert codes(reading) == ["form.identity_differs"]
    assert dict(only(reading).params) == {"form": "relief", "other": "hardship_aid"}


def test_a_workbook_that_says_nothing_is_not_recognised() -> None:
    reading = read_one(unmarked(edited(CLEAN, lambda sheet: sheet.delete_rows(1, 5))))
    assert (reading.status, codes(reading)) == ("unrecognised", ["form.unrecognised"])


def test_a_form_that_we_do_not_have_is_named() -> None:
    reading = read_one(edited(CLEAN, lambda sheet: sheet.parent["_meta"].__setitem__("B1", "picnic")))
    assert (reading.status, codes(reading), only(reading).params["form"]) == (
        "unrecognised",
        ["form.unknown_form"],
        "picnic",
    )


def test_a_renamed_sheet_is_found_when_it_is_the_only_one() -> None:
    reading = read_one(edited(CLEAN, lambda sheet: setattr(sheet, "title", "二月")))
    assert (reading.sheet, reading.findings) == ("二月", [])


@pytest.mark.inputs("A71")
def test_a_missing_sheet_is_not_guessed_among_several() -> None:
    def rename(sheet: Worksheet) -> None:
        sheet.title = "二月"
        sheet.parent.create_sheet("三月")

    assert codes(read_one(edited(CLEAN, rename))) == ["form.sheet_missing"]


@pytest.mark.inputs("A83")
def test_the_same_content_saved_again_has_the_same_hash() -> None:
    def shift(sheet: Worksheet) -> None:
        sheet.move_range("B7:J7", rows=3)

    first, again, other = read(CLEAN, edited(CLEAN, shift), filled(RELIEF, [example(RELIEF)])).readings
    assert first.content_sha256 == again.content_sha256
    assert first.content_sha256 != other.content_sha256


def test_the_hash_knows_unit_period_and_every_field() -> None:
    hashes = {read_one(filled(RELIEF, [example(RELIEF)], period=p)).content_sha256 for p in ("2021-02", "2021-03")}
    hashes |= {read_one(filled(RELIEF, [example(RELIEF, persons=n)])).content_sha256 for n in (1, 2)}
    assert len(hashes) == 4


@pytest.mark.inputs("B11")
def test_what_postgres_cannot_hold_is_an_error_of_its_row() -> None:
    data = with_part(
        filled(AID, [example(AID, worker_name="张NUL三")]),
        "xl/sharedStrings.xml",
        lambda xml: xml.replace(b"NUL", b"_x0000_"),
    )
    batch = read(data)
    assert codes(batch.readings[0]) == ["value.unreadable_characters"]
    assert "\x00" not in str(batch.rows["hardship_aid"]["worker_name__text"].item())
