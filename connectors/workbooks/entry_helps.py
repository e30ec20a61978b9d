"""What helps a clerk type the right thing: drop-downs, checks and a note on each column of a template.

Pasting removes all of it, so nothing here is relied upon: the reader and the judge check everything again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from connectors.workbooks.layout import LISTS_SHEET, NIL_ANSWER_COLUMN, NIL_ROW
from expectations.contract import Field, Form

FIRST_DAY, LAST_DAY = date(1949, 10, 1), date(2100, 12, 31)
"""What the template lets through as a date; the contract's own rules are narrower and come later."""


def add_entry_helps(
    workbook: Workbook,
    sheet: Worksheet,
    lists: Worksheet,
    form: Form,
    units: Sequence[tuple[str, str]],
    first_row: int,
    last_row: int,
) -> None:
    """Give every column from `first_row` to `last_row` (0-based) its drop-down or check and its note; fill the lists sheet."""
    if form.is_nil_allowed:
        nil_help = {
            "validate": "list",
            "source": ["是", "否"],
            "error_title": "请选择",
            "error_message": "请填“是”或“否”",
        }
        sheet.data_validation(NIL_ROW, NIL_ANSWER_COLUMN, NIL_ROW, NIL_ANSWER_COLUMN, nil_help)
    for column, field in enumerate(form.fields, start=1):
        check = _check(field)
        choices = [c.label_zh for c in field.choices] or [code for code, _ in units if field.register == "unit"]
        if choices:
            letter, name = xl_col_to_name(column), f"list_{field.name}"
            lists.write_string(0, column, field.name)
            for row, label in enumerate(choices, start=1):
                lists.write_string(row, column, label)
            workbook.define_name(name, f"={LISTS_SHEET}!${letter}$2:${letter}${len(choices) + 1}")
            # A unit may be newer than the template, so its list only warns.
            error = "warning" if field.register else "stop"
            check = {
                "validate": "list",
                "source": f"={name}",
                "error_type": error,
                "error_message": "请从下拉列表中选择",
            }
        note = wanted(field)
        texts = {"input_title": field.heading[:32], "input_message": note[:255], "error_title": field.heading[:32]}
        sheet.data_validation(first_row, column, last_row, column, {**check, **texts})


def wanted(field: Field) -> str:
    """What a column asks for, in one or two Chinese sentences."""
    match field.kind:
        case "integer":
            text = "填整数"
        case "money":
            text = "填金额，最多两位小数"
        case "decimal":
            text = "填数字，最多两位小数"
        case "date":
            text = "填日期，如 2021-02-05"
        case "code" if field.choices:
            text = f"从下拉列表中选择：{'、'.join(c.label_zh for c in field.choices)}"
        case "code":
            text = "填名册中的代码，如 " + str(field.examples[0]) if field.examples else "填名册中的代码"
        case _:
            text = f"填文字，不超过 {field.max_length} 字" if field.max_length else "填文字"
    parts = [text]
    if field.unit_zh:
        parts.append(f"单位：{field.unit_zh}")
    if field.minimum is not None and field.maximum is not None:
        parts.append(f"{field.minimum:,} 至 {field.maximum:,}")
    if field.hint_zh:
        parts.append(field.hint_zh)
    return "；".join(parts) + "。"


def _check(field: Field) -> dict[str, Any]:
    match field.kind:
        case "integer" | "money" | "decimal":
            low, high = field.minimum if field.minimum is not None else 0, field.maximum or 10**12
            kind = "integer" if field.kind == "integer" else "decimal"
            message = f"请填 {low:,} 至 {high:,} 的{'整数' if field.kind == 'integer' else '数字'}"
            return {"validate": kind, "criteria": "between", "minimum": low, "maximum": high, "error_message": message}
        case "date":
            message = "请填日期，如 2021-02-05"
            return {
                "validate": "date",
                "criteria": "between",
                "minimum": FIRST_DAY,
                "maximum": LAST_DAY,
                "error_message": message,
            }
        case _ if field.max_length:
            message = f"不超过 {field.max_length} 字"
            return {"validate": "length", "criteria": "<=", "value": field.max_length, "error_message": message}
        case _:
            return {"validate": "any"}
