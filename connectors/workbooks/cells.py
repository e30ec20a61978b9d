"""The cells of a workbook as text: what was typed, where it was typed, and nothing guessed."""

from __future__ import annotations

import io
import re
from datetime import date, datetime, time
from html import unescape
from math import isfinite
from typing import Any
from xml.etree import ElementTree

from python_calamine import CalamineWorkbook, SheetVisibleEnum

from connectors.workbooks.layout import column_number
from connectors.workbooks.package import Package, check_grid, parse_xml
from connectors.workbooks.refusal import damaged

Row = list[Any]
"""One row from column A on, as the native reader gives it: '' is blank."""

EXACT_BELOW = 10**15
"""Excel keeps fifteen digits of a number: a longer one has lost what followed."""

_ERROR_CELL = re.compile(rb"<c\s[^<>]*\bt=[\"']e[\"'][^<>]*>")
_FORMULA_CELL = re.compile(rb"<c\s([^<>]*)>\s*<f\b[^<>]*(?:/>|>([^<]*)</f>)\s*(?:</c>|<v\s*/>|<v>\s*</v>)")
_REFERENCE = re.compile(rb"\br=[\"']([A-Za-z]+)(\d+)[\"']")
_VALUE = re.compile(rb"<v>([^<]*)</v>")
_IS_TEXT = re.compile(rb"\bt=[\"']str[\"']")


class Cells:
    """The sheets of one workbook. Raises: RefusedError (damaged) where the native reader gives up."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._workbook = _native(lambda: CalamineWorkbook.from_filelike(io.BytesIO(package.data)))
        metadata = self._workbook.sheets_metadata
        self.names = [m.name for m in metadata]
        self.visible = [m.name for m in metadata if m.visible is SheetVisibleEnum.Visible]

    def rows(self, sheet: str) -> list[Row]:
        """Every row of the sheet from A1 on, with the error values and the formulas that the native reader passes over."""
        xml = self._package.sheets.get(sheet, b"")
        check_grid(sheet, xml)
        rows: list[Row] = _native(lambda: self._workbook.get_sheet_by_name(sheet).to_python(skip_empty_area=False))
        for row, column, text in _passed_over(xml):
            if row < len(rows) and column < len(rows[row]):
                rows[row][column] = text
            else:
                _put(rows, row, column, text)
        return rows


def text_of(value: Any) -> str | None:
    """What was typed, as text; None where the cell is blank.

    Numbers are written without loss; one with more digits than Excel keeps is written as 1.2345E+17, so that nobody takes it for
    exact. Dates are ISO, with the time only where there is one.
    """
    if type(value) is str:
        text = value.replace("\x00", "\ufffd") if "\x00" in value else value
        return text if text and not text.isspace() else None
    if type(value) is float:
        if value.is_integer() and abs(value) < EXACT_BELOW:
            return str(int(value))
        return f"{value:.14E}" if isfinite(value) and abs(value) >= EXACT_BELOW else repr(value)
    match value:
        case None:
            return None
        case bool():
            return "TRUE" if value else "FALSE"
        case int():
            return str(value) if abs(value) < EXACT_BELOW else f"{value:.14E}"
        case datetime():
            return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
        case date() | time():
            return value.isoformat()
        case _:
            return str(value)


def _native(read: Any) -> Any:
    try:
        return read()
    except (MemoryError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        # A panic of the native reader is a BaseException that is no Exception.
        raise damaged("表格内容无法读取", "the cells cannot be read") from error


def _passed_over(xml: bytes) -> list[tuple[int, int, str]]:
    """Row, column (0-based) and text of the cells that hold an error value, or a formula whose value nobody worked out."""
    if b"<c" not in xml and b":c" in xml:
        xml = _without_prefix(xml)
    found: list[tuple[int, int, str]] = []
    if b'"e"' in xml or b"'e'" in xml:
        for cell in _ERROR_CELL.finditer(xml):
            end = xml.find(b"</c>", cell.end())
            value = _VALUE.search(xml, cell.end(), end)
            found += _placed(cell[0], value[1] if value else b"#VALUE!")
    if b"<f" in xml:
        for formula in _FORMULA_CELL.finditer(xml):
            # A formula that gives an empty text is worked out, and blank.
            if not (_IS_TEXT.search(formula[1]) and b"<v" in formula[0]):
                found += _placed(formula[1], b"=" + (formula[2] or b""))
    return found


def _placed(attributes: bytes, text: bytes) -> list[tuple[int, int, str]]:
    place = _REFERENCE.search(attributes)
    if place is None:
        raise damaged("公式单元格没有地址", "a formula has no address")
    return [
        (int(place[2]) - 1, column_number(place[1].decode().upper()) - 1, unescape(text.decode("utf-8", "replace")))
    ]


def _without_prefix(xml: bytes) -> bytes:
    """The same sheet with plain element names: some programs write `x:c` for `c`."""
    try:
        root = parse_xml(xml)
    except ElementTree.ParseError as error:
        raise damaged("工作表不是有效的 XML", "a sheet is not valid XML") from error
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return ElementTree.tostring(root)


def _put(rows: list[Row], row: int, column: int, text: str) -> None:
    rows.extend([] for _ in range(len(rows), row + 1))
    rows[row].extend([""] * (column + 1 - len(rows[row])))
    rows[row][column] = text
