"""Numbers that a sheet shows as percentages: who types 85% into Excel sends 0.85 in another format, and means 85 %."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from decimal import Decimal
from xml.etree import ElementTree

from connectors.workbooks.cells import Row
from connectors.workbooks.layout import column_number
from connectors.workbooks.package import parse_xml

_BUILT_IN = frozenset(("9", "10"))
_QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
_CELL = re.compile(rb"<(?:\w+:)?c\s[^<>]*>")
_REFERENCE = re.compile(rb"\br=[\"']([A-Z]{1,3})(\d{1,7})[\"']")
_STYLE = re.compile(rb"\bs=[\"'](\d{1,5})[\"']")


def write_out_percents(rows: Sequence[Row], columns: Collection[int], sheet_xml: bytes, styles_xml: bytes) -> None:
    """Put what is shown (85.3%) in place of each number of these columns (0-based) whose format is a percentage.

    `rows` are those of the sheet of this XML; `styles_xml` are the styles of its workbook.
    """
    styles = _percent_styles(styles_xml) if sheet_xml else set()
    if not styles:
        return
    for cell in _CELL.finditer(sheet_xml):
        style, place = _STYLE.search(cell[0]), _REFERENCE.search(cell[0])
        if style is None or place is None or style[1].decode() not in styles:
            continue
        row, column = int(place[2]) - 1, column_number(place[1].decode()) - 1
        if column in columns and row < len(rows) and column < len(rows[row]):
            value = rows[row][column]
            if isinstance(value, int | float) and not isinstance(value, bool):
                rows[row][column] = f"{(Decimal(repr(value)) * 100).normalize():f}%"


def _percent_styles(xml: bytes) -> set[str]:
    """The numbers of the cell styles that show a percentage."""
    if not xml:
        return set()
    try:
        root = parse_xml(xml)
    except ElementTree.ParseError:
        return set()
    codes = {f.get("numFmtId", ""): f.get("formatCode", "") for f in root.iterfind(".//{*}numFmts/{*}numFmt")}
    shown = _BUILT_IN | {number for number, code in codes.items() if "%" in _QUOTED.sub("", code)}
    return {
        str(place) for place, style in enumerate(root.iterfind(".//{*}cellXfs/{*}xf")) if style.get("numFmtId") in shown
    }
