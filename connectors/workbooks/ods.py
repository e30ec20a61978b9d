"""The cells of an OpenDocument spreadsheet, from its own XML: native readers take its error values for blanks and round its numbers.

Source: OASIS ODF 1.3, part 3, chapters 9 and 19.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any
from xml.etree import ElementTree

from connectors.workbooks.digits import exact
from connectors.workbooks.marks import SheetMarks
from connectors.workbooks.package import check_rectangle
from connectors.workbooks.refusal import damaged

_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_ERROR = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}value-type"
_HIDDEN = ("collapse", "filter")
_DURATION = re.compile(r"PT(\d+)H([0-5]\d)M([0-5]\d)(?:[.,]\d+)?S")


@dataclass(slots=True)
class OdsSheet:
    """One sheet: whether people see it, its rows from A1 on, and its marks."""

    is_visible: bool
    rows: list[list[Any]] = field(default_factory=list)
    marks: SheetMarks = field(default_factory=SheetMarks)


def read_ods(content: bytes) -> dict[str, OdsSheet]:
    """The sheets of `content.xml` by their names. Raises: RefusedError if it is no valid XML, has no sheet or reaches too far."""
    sheets: dict[str, OdsSheet] = {}
    unseen: set[str] = set()
    try:
        for _, element in ElementTree.iterparse(io.BytesIO(content)):  # noqa: S314  # whatever declares a DTD or an entity was refused before
            if element.tag == f"{_STYLE}style":
                if any(p.get(f"{_TABLE}display") == "false" for p in element):
                    unseen.add(element.get(f"{_STYLE}name", ""))
            elif element.tag == f"{_TABLE}table" and element.find(f"{_TABLE}table-source") is None:
                # A table with a source is a copy of another file's.
                name = element.get(f"{_TABLE}name", "")
                if name in sheets:
                    raise damaged("有两张同名的工作表", "two sheets have one name")
                sheets[name] = _sheet(name, element, is_visible=element.get(f"{_TABLE}style-name") not in unseen)
                element.clear()
    except ElementTree.ParseError as error:
        raise damaged("工作表不是有效的 XML", "a sheet is not valid XML") from error
    if not sheets:
        raise damaged("没有工作表", "there is no sheet")
    return sheets


def _sheet(name: str, table: ElementTree.Element, *, is_visible: bool) -> OdsSheet:
    sheet = OdsSheet(is_visible)
    column = 0
    for element in table.iter(f"{_TABLE}table-column"):
        times = _times(element, "number-columns-repeated")
        if element.get(f"{_TABLE}visibility") in _HIDDEN:
            sheet.marks.hidden_columns.update(range(column, min(column + times, 16_384)))
        column += times
    number = width = 0
    for row in table.iter(f"{_TABLE}table-row"):
        times = _times(row, "number-rows-repeated")
        values = _row(row, number, sheet.marks, name)
        if values:
            width = max(width, len(values))
            check_rectangle(name, number + times, width)
            if row.get(f"{_TABLE}visibility") in _HIDDEN:
                sheet.marks.hidden_rows.update(range(number, number + times))
            sheet.rows.extend([] for _ in range(len(sheet.rows), number))
            sheet.rows.extend(list(values) for _ in range(times))
        number += times
    for values in sheet.rows:
        values.extend([""] * (width - len(values)))
    return sheet


def _row(row: ElementTree.Element, number: int, marks: SheetMarks, sheet: str) -> list[Any]:
    """The values of a row up to the last that is not blank; a blank may be said to go on to the end of the sheet."""
    values: list[Any] = []
    column = 0
    for cell in row:
        if not cell.tag.endswith("table-cell"):
            continue
        times = _times(cell, "number-columns-repeated")
        value = _value(cell)
        if value != "":
            check_rectangle(sheet, number + 1, column + times)
            values.extend([""] * (column - len(values)))
            values.extend([value] * times)
        if cell.find(f"{_OFFICE}annotation") is not None:
            marks.comments.append((number, column))
        spanned = _times(cell, "number-rows-spanned"), _times(cell, "number-columns-spanned")
        if spanned != (1, 1):
            marks.merged.append((number, column, number + spanned[0] - 1, column + spanned[1] - 1))
        column += times
    return values


def _value(cell: ElementTree.Element) -> Any:
    if cell.get(_ERROR) == "error":
        shown = _shown(cell)
        return shown if shown.startswith("#") else "#VALUE!"
    given = cell.get(f"{_OFFICE}value-type", "")
    match given:
        case "float" | "percentage" | "currency":
            return exact(cell.get(f"{_OFFICE}value", ""))
        case "date":
            return _moment(cell.get(f"{_OFFICE}date-value", ""))
        case "time":
            return _time_of_day(cell.get(f"{_OFFICE}time-value", ""))
        case "boolean":
            return cell.get(f"{_OFFICE}boolean-value") == "true"
        case "string":
            return cell.get(f"{_OFFICE}string-value") or _shown(cell)
    formula = cell.get(f"{_TABLE}formula")
    return f"={formula.partition('=')[2]}" if formula else _shown(cell)


def _moment(text: str) -> Any:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return moment.date() if moment.time() == time() else moment


def _time_of_day(text: str) -> Any:
    parts = _DURATION.fullmatch(text)
    if not parts or int(parts[1]) > 23:
        return text
    return time(int(parts[1]), int(parts[2]), int(parts[3]))


def _shown(cell: ElementTree.Element) -> str:
    return "\n".join(_paragraph(p) for p in cell if p.tag == f"{_TEXT}p")


def _paragraph(element: ElementTree.Element) -> str:
    pieces = [element.text or ""]
    for inner in element:
        match inner.tag.rpartition("}")[2]:
            case "s":
                pieces.append(" " * min(_times(inner, "c", _TEXT), 32_767))
            case "tab":
                pieces.append("\t")
            case "line-break":
                pieces.append("\n")
            case _ if inner.tag.startswith(_TEXT):
                pieces.append(_paragraph(inner))
        pieces.append(inner.tail or "")
    return "".join(pieces)


def _times(element: ElementTree.Element, name: str, namespace: str = _TABLE) -> int:
    digits = element.get(namespace + name, "1")
    if not digits.isdecimal():
        raise damaged("重复次数不是数字", "a repetition is no number")
    return max(1, int(digits[:10]))
