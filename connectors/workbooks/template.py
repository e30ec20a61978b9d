"""The Excel template of a form, blank or filled: what clerks see, and what the reader of the same contract reads back.

Sheets: the form itself; `填报说明` (what each column wants); `_meta`, hidden, which says who the workbook is; `_lists`, very hidden,
behind the drop-downs. The protection has no password: it keeps titles and headings from slips of the hand, not from people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from connectors.workbooks.entry_helps import add_entry_helps, wanted
from connectors.workbooks.layout import (
    HEADING_ROW,
    HELP_SHEET,
    IDENTITY_ROW,
    LISTS_SHEET,
    META_SHEET,
    NIL_ANSWER_COLUMN,
    NIL_QUESTION,
    NIL_ROW,
    NUMBER_HEADING,
    TEMPLATE_VERSION,
    TITLE_ROW,
    TOTAL_LABEL,
)
from connectors.workbooks.styles import Styles, make_styles
from expectations.contract import Field, Form
from expectations.periods import parse_period
from expectations.workdays import CalendarEndsError, due_date

PROTECTION = {
    "format_cells": True,
    "format_columns": True,
    "format_rows": True,
    "insert_rows": True,
    "delete_rows": True,
    "sort": True,
    "autofilter": True,
}

TEXT_STAYS_TEXT = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
"""XlsxWriter's merged cells take any value: without this, a unit named =cmd|… would be a live formula in the template."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a workbook is: which edition of which form, from which unit, for which period."""

    form_id: str
    edition: str
    unit_id: str
    unit_name: str
    period: str


def write_workbook(
    target: Path | BinaryIO,
    form: Form,
    identity: Identity,
    rows: Sequence[Mapping[str, object]] = (),
    *,
    nil: bool = False,
    spare_rows: int = 200,
    units: Sequence[tuple[str, str]] = (),
    totals: Mapping[str, object] | None = None,
) -> None:
    """Write the workbook of a form: the same input gives the same bytes.

    `rows` hold what is typed: numbers and dates become native cells and every text stays text, whatever it looks like. `nil` answers
    是 to the nil question. `units` are the (code, name) pairs offered where a unit is asked for. `totals` replaces, by field, the
    sum in the total row with a typed value.
    """
    # A stream of ours is filled in memory: XlsxWriter's temporary files cost more than the workbook.
    workbook = Workbook(str(target) if isinstance(target, Path) else target, {"in_memory": True, **TEXT_STAYS_TEXT})
    workbook.set_properties({"title": form.title_zh, "created": datetime(2021, 1, 1, tzinfo=UTC)})
    styles = make_styles(workbook)
    sheet = workbook.add_worksheet(form.sheet)
    helps = workbook.add_worksheet(HELP_SHEET)
    meta = workbook.add_worksheet(META_SHEET)
    lists = workbook.add_worksheet(LISTS_SHEET)
    first_row = HEADING_ROW + 1 + any(f.is_totalled for f in form.fields)
    last_row = first_row + max(len(rows) + (0 if form.is_single_row else spare_rows), 1) - 1

    _write_heading(sheet, styles, form, identity, "是" if nil else "否" if rows else "")
    if first_row > HEADING_ROW + 1:
        _write_total(sheet, styles, form, rows, totals or {}, first_row, last_row)
    _write_rows(sheet, styles, form, rows, first_row, last_row)
    _set_page(sheet, styles, form, first_row, last_row)
    add_entry_helps(workbook, sheet, lists, form, units, first_row, last_row)
    _write_help(helps, styles, form, units)
    _write_meta(workbook, meta, identity)
    lists.very_hidden()
    workbook.close()


def period_label(period: str) -> str:
    """A period in Chinese: 2021年2月, 2021年第1季度, 2021年度, 2021—2025年."""
    year, _, part = period.partition("-")
    if not part:
        return f"{year}年度"
    if part.startswith("Q"):
        return f"{year}年第{part[1:]}季度"
    return f"{year}—{part}年" if len(part) == 4 else f"{year}年{int(part)}月"


def _due_label(form: Form, period: str) -> str:
    try:
        due = due_date(form, parse_period(period))
    except CalendarEndsError:
        # The template is wanted before the State Council has said which days are worked.
        return "按当年通知"
    return f"{due.year}年{due.month}月{due.day}日"


def _write_heading(sheet: Worksheet, styles: Styles, form: Form, identity: Identity, nil_answer: str) -> None:
    last = len(form.fields)
    for row, height in ((TITLE_ROW, 30), (IDENTITY_ROW, 20), (NIL_ROW, 20), (HEADING_ROW, 36)):
        sheet.set_row(row, height, styles.note)
    sheet.merge_range(
        TITLE_ROW, 0, TITLE_ROW, last, f"{form.title_zh}（{period_label(identity.period)}）", styles.title
    )
    parts = [f"填报单位：{identity.unit_id} {identity.unit_name}", f"所属期：{period_label(identity.period)}"]
    if form.due:
        parts.append(f"报送截止：{_due_label(form, identity.period)}")
    if any(f.kind == "money" for f in form.fields):
        parts.append("金额单位：元")
    parts.append(f"带 * 的必填，各列怎样填写见“{HELP_SHEET}”")
    sheet.merge_range(IDENTITY_ROW, 0, IDENTITY_ROW, last, "　　".join(parts), styles.note)
    if form.is_nil_allowed:
        sheet.merge_range(NIL_ROW, 0, NIL_ROW, NIL_ANSWER_COLUMN - 1, NIL_QUESTION, styles.question)
        # An empty string is written as a blank cell: the frame stays.
        sheet.write_string(NIL_ROW, NIL_ANSWER_COLUMN, nil_answer, styles.answer)
    sheet.write_string(HEADING_ROW, 0, NUMBER_HEADING, styles.optional_heading)
    for column, field in enumerate(form.fields, start=1):
        _write_field_heading(sheet, styles, column, field)


def _write_field_heading(sheet: Worksheet, styles: Styles, column: int, field: Field) -> None:
    unit = f"\n（{field.unit_zh}）" if field.unit_zh else ""
    if not field.is_required:
        sheet.write_string(HEADING_ROW, column, field.heading + unit, styles.optional_heading)
        return
    parts: list[str | Format] = [styles.plain, field.heading, styles.star, " *"]
    if unit:
        parts += [styles.plain, unit]
    sheet.write_rich_string(HEADING_ROW, column, *parts, styles.required_heading)


def _write_total(
    sheet: Worksheet,
    styles: Styles,
    form: Form,
    rows: Sequence[Mapping[str, object]],
    totals: Mapping[str, object],
    first_row: int,
    last_row: int,
) -> None:
    row = first_row - 1
    sheet.set_row(row, 20, styles.total_label)
    sheet.write_string(row, 0, TOTAL_LABEL, styles.total_label)
    for column, field in enumerate(form.fields, start=1):
        style = styles.total[field.kind]
        if field.name in totals:
            _write_value(sheet, row, column, totals[field.name], style)
        elif field.is_totalled:
            letter = xl_col_to_name(column)
            # Excel's SUM passes over text cells, so the cached result does too.
            numbers = [v for r in rows if isinstance(v := r.get(field.name), int | Decimal) and not isinstance(v, bool)]
            formula = f"=SUM({letter}{first_row + 1}:{letter}{last_row + 1})"
            sheet.write_formula(row, column, formula, style, sum(numbers))
        else:
            sheet.write_blank(row, column, None, style)


def _write_rows(
    sheet: Worksheet, styles: Styles, form: Form, rows: Sequence[Mapping[str, object]], first_row: int, last_row: int
) -> None:
    # Columns carry the formats (also below the last prepared row), so that only what is typed becomes a cell.
    sheet.set_default_row(18)
    sheet.set_column(0, 0, 6, styles.number)
    for column, field in enumerate(form.fields, start=1):
        sheet.set_column(column, column, _width(field), styles.of(field))
    for number, row in enumerate(range(first_row, last_row + 1), start=1):
        sheet.write_number(row, 0, number, styles.number)
    for row, values in enumerate(rows, start=first_row):
        for column, field in enumerate(form.fields, start=1):
            _write_value(sheet, row, column, values.get(field.name), styles.of(field))


def _write_value(sheet: Worksheet, row: int, column: int, value: object, style: Format) -> None:
    match value:
        case None:
            pass
        case bool():
            sheet.write_boolean(row, column, value, style)
        case int() | float() | Decimal():
            sheet.write_number(row, column, value, style)
        case date():
            sheet.write_datetime(row, column, value, style)
        case _:
            # Never `write`: it would turn a name such as =cmd|… into a live formula.
            sheet.write_string(row, column, str(value), style)


def _width(field: Field) -> int:
    """Wide enough for the heading (a Chinese character is two wide) and for what people type."""
    typed = {"integer": 10, "money": 15, "decimal": 12, "date": 13, "code": 14, "text": 16}[field.kind]
    if field.kind == "text" and field.max_length:
        typed = max(10, min(field.max_length * 2, 22))
    labels = [len(c.label_zh) * 2 + 4 for c in field.choices]
    return max(typed, min(len(field.heading) * 2 + 4, 18), *labels, 8)


def _set_page(sheet: Worksheet, styles: Styles, form: Form, first_row: int, last_row: int) -> None:
    sheet.freeze_panes(first_row, 1)
    # One rule draws the frame of every row, instead of a formatted blank cell for each of them.
    area = (first_row, 0, last_row, len(form.fields))
    sheet.conditional_format(*area, {"type": "formula", "criteria": "=TRUE", "format": styles.frame})
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.7)
    sheet.fit_to_pages(1, 0)
    sheet.center_horizontally()
    sheet.repeat_rows(TITLE_ROW, HEADING_ROW)
    sheet.set_footer("&L填表人：　　　　　审核人：　　　　　&R第 &P 页，共 &N 页")
    sheet.hide_gridlines(2)
    sheet.protect("", PROTECTION)
    sheet.set_selection(first_row, 1, first_row, 1)


def _write_help(sheet: Worksheet, styles: Styles, form: Form, units: Sequence[tuple[str, str]]) -> None:
    sheet.set_default_row(18)
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 8)
    sheet.set_column(2, 2, 70)
    sheet.write_string(0, 0, f"{form.title_zh}：填报说明", styles.title)
    sheet.set_row(0, 28)
    for column, heading in enumerate(("栏目", "必填", "怎样填写")):
        sheet.write_string(2, column, heading, styles.help_heading)
    row = 3
    for row, field in enumerate(form.fields, start=3):
        sheet.write_string(row, 0, field.heading, styles.help_text)
        sheet.write_string(row, 1, "是" if field.is_required else "", styles.help_mark)
        sheet.write_string(row, 2, wanted(field), styles.help_text)
    if units and any(f.register == "unit" for f in form.fields):
        sheet.write_string(row + 2, 0, "单位代码", styles.help_heading)
        sheet.merge_range(row + 2, 1, row + 2, 2, "单位名称", styles.help_heading)
        for place, (code, name) in enumerate(units, start=row + 3):
            sheet.write_string(place, 0, code, styles.help_text)
            sheet.merge_range(place, 1, place, 2, name, styles.help_text)
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.hide_gridlines(2)
    sheet.protect("", PROTECTION)


def _write_meta(workbook: Workbook, sheet: Worksheet, identity: Identity) -> None:
    entries = {
        "form": identity.form_id,
        "edition": identity.edition,
        "unit": identity.unit_id,
        "period": identity.period,
        "template": TEMPLATE_VERSION,
    }
    for row, (key, value) in enumerate(entries.items()):
        sheet.write_string(row, 0, key)
        sheet.write_string(row, 1, value)
        # Kept twice: some office programs drop hidden sheets, others drop custom properties.
        workbook.set_custom_property(key, value, "text")
    sheet.hide()
    sheet.protect()
