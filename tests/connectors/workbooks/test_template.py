"""The template that goes out: the same bytes each time, locked where it should be, and never a formula from a value."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pytest
from openpyxl import Workbook

from connectors.workbooks.layout import HEADING_ROW, HELP_SHEET, LISTS_SHEET, META_SHEET
from connectors.workbooks.template import Identity, period_label, write_workbook
from expectations.contract import Form, forms
from tests.connectors.workbooks.filled import AID, RELIEF, example, filled
from tests.expectations.examples import example_period

CHECKS = {"integer": "whole", "money": "decimal", "decimal": "decimal", "date": "date", "text": "textLength"}
ALL_FORMS = pytest.mark.parametrize("form", forms().values(), ids=list(forms()))
UNITS = [("A0101", "示例航天一厂工会"), ("A0102", "示例航天二厂工会")]


def opened(data: bytes) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(data))


@ALL_FORMS
def test_the_same_input_gives_the_same_bytes(form: Form, tmp_path: Path) -> None:
    rows = [example(form)]
    identity = Identity(form.form_id, form.edition, "A0101", "示例航天一厂工会", example_period(form).id)
    write_workbook(tmp_path / "a.xlsx", form, identity, rows, units=UNITS)
    write_workbook(tmp_path / "b.xlsx", form, identity, rows, units=UNITS)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


@ALL_FORMS
def test_titles_and_headings_are_locked_and_data_cells_are_not(form: Form) -> None:
    sheet = opened(filled(form, [example(form)])).worksheets[0]
    first_data_row = HEADING_ROW + 2 + any(f.is_totalled for f in form.fields)
    assert sheet.protection.sheet
    assert sheet.protection.password is None
    assert sheet["A1"].protection.locked
    assert sheet.cell(HEADING_ROW + 1, 2).protection.locked
    assert not sheet.cell(first_data_row, 2).protection.locked
    assert sheet.freeze_panes == f"B{first_data_row}"


@ALL_FORMS
def test_every_column_has_its_check_and_every_choice_its_list(form: Form) -> None:
    workbook = opened(filled(form, [example(form)], units=UNITS))
    sheet = workbook.worksheets[0]
    checks = {str(v.sqref).split(":")[0]: v for v in sheet.data_validations.dataValidation}
    first_data_row = HEADING_ROW + 2 + any(f.is_totalled for f in form.fields)
    for column, field in enumerate(form.fields, start=2):
        check = checks[f"{openpyxl.utils.get_column_letter(column)}{first_data_row}"]
        if field.choices or field.register:
            assert check.type == "list"
            listed = workbook.defined_names[str(check.formula1)].attr_text
            [cells] = (workbook[LISTS_SHEET][listed.split("!")[1].replace("$", "")],)
            assert [c.value for (c,) in cells] == ([c.label_zh for c in field.choices] or [code for code, _ in UNITS])
        else:
            assert check.type == CHECKS[field.kind]


@ALL_FORMS
def test_the_workbook_says_who_it_is_twice(form: Form) -> None:
    workbook = opened(filled(form, [example(form)]))
    said = {
        "form": form.form_id,
        "edition": form.edition,
        "unit": "A0101",
        "period": example_period(form).id,
        "template": "1",
    }
    assert {str(row[0].value): row[1].value for row in workbook[META_SHEET].rows} == said
    assert {p.name: p.value for p in workbook.custom_doc_props.props} == said
    assert workbook[META_SHEET].sheet_state == "hidden"
    assert workbook[LISTS_SHEET].sheet_state == "veryHidden"


@ALL_FORMS
def test_every_column_is_explained(form: Form) -> None:
    texts = {str(row[0].value): str(row[2].value) for row in opened(filled(form, []))[HELP_SHEET].rows}
    for field in form.fields:
        assert len(texts[field.heading]) > 3
        assert (field.unit_zh or "") in texts[field.heading]


def test_a_text_that_looks_like_a_formula_stays_text() -> None:
    data = filled(
        AID,
        [
            example(AID, worker_name="=cmd|' /C calc'!A0"),
            example(AID, worker_name="+1"),
            example(AID, worker_name="@SUM(1)"),
        ],
    )
    sheet = opened(data).worksheets[0]
    assert [(sheet[f"B{row}"].value, sheet[f"B{row}"].data_type) for row in (6, 7, 8)] == [
        ("=cmd|' /C calc'!A0", "s"),
        ("+1", "s"),
        ("@SUM(1)", "s"),
    ]  # fmt: skip


def test_the_total_is_a_formula_with_its_value_worked_out() -> None:
    data = filled(RELIEF, [example(RELIEF, cash_cny=100), example(RELIEF, cash_cny="250元")])
    assert str(opened(data).worksheets[0]["H5"].value).startswith("=SUM(H6:")
    # Excel's sum passes over the text, and so does the cached value.
    assert openpyxl.load_workbook(io.BytesIO(data), data_only=True).worksheets[0]["H5"].value == 100


def test_a_typed_total_replaces_the_sum() -> None:
    data = filled(RELIEF, [example(RELIEF)], totals={"cash_cny": 99})
    assert opened(data).worksheets[0]["H5"].value == 99


def test_a_template_for_a_year_without_a_known_calendar_can_be_written() -> None:
    sheet = opened(filled(RELIEF, [], period="2099-01")).worksheets[0]
    assert "按当年通知" in str(sheet["A2"].value)


@pytest.mark.parametrize(
    ("period", "label"),
    [("2021-02", "2021年2月"), ("2021-Q1", "2021年第1季度"), ("2021", "2021年度"), ("2021-2025", "2021—2025年")],
)
def test_periods_are_shown_in_chinese(period: str, label: str) -> None:
    assert period_label(period) == label
