"""What stands in the XML of an `.xlsx` sheet beside the values that the native reader gives.

Each look costs a search for a few bytes on the clean workbook, and a walk over the cells only on the odd one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from posixpath import join, normpath
from xml.etree import ElementTree

from connectors.workbooks.digits import exact
from connectors.workbooks.layout import column_number
from connectors.workbooks.marks import Place, SheetMarks
from connectors.workbooks.number_formats import is_date_passed_over
from connectors.workbooks.package import Package, parse_xml
from connectors.workbooks.refusal import damaged

_ERROR_CELL = re.compile(rb"<c\s[^<>]*\bt=[\"']e[\"'][^<>]*>")
_FORMULA_CELL = re.compile(rb"<c\s([^<>]*)>\s*<f\b[^<>]*(?:/>|>([^<]*)</f>)\s*(?:</c>|<v\s*/>|<v>\s*</v>)")
_FORMULA = re.compile(rb"<f[\s/>]")
_LINKED_CELL = re.compile(rb"<c\s([^<>]*)>\s*<f\b[^<>]*>[^<]*\[\d+\][^<]*</f>")
_REFERENCE = re.compile(rb"\br=[\"']([A-Za-z]+)(\d+)[\"']")
_VALUE = re.compile(rb"<v>([^<]*)</v>")
_IS_TEXT = re.compile(rb"\bt=[\"']str[\"']")
_IS_NUMBER = re.compile(rb"\bt=[\"'](?!n[\"'])")
_LONG_NUMBER = re.compile(rb"<v>([-+.\deE]{16,})</v>")
# The native reader takes whatever is no number of a shared text for the first of them. Two patterns, each of which begins with plain
# letters, are ten times as fast as one that does not.
_WRONG_INDEX = tuple(re.compile(mark + rb"[^<>]*>\s*<v>(?!\d{1,9}</v>|</v>)") for mark in (b't="s"', b"t='s'"))
_STYLED_CELL = re.compile(rb"<c\s([^<>]*\bs=[\"'](\d+)[\"'](?:[^<>]*[^/<>])?)>")
_HIDDEN_ROW = re.compile(rb"<row\s(?=[^<>]*\bhidden=[\"'](?:1|true)[\"'])[^<>]*?\br=[\"'](\d+)[\"']")
_HIDDEN_COLUMN = re.compile(rb"<col\s(?=[^<>]*\bhidden=[\"'](?:1|true)[\"'])([^<>]*)>")
_MERGED = re.compile(rb"<mergeCell\s[^<>]*\bref=[\"']([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})[\"']")
_COMMENT = re.compile(
    rb"<(?:\w+:)?comment\s[^<>]*\bref=[\"']([A-Z]{1,3})(\d{1,7})[\"'](.*?)</(?:\w+:)?comment>", re.DOTALL
)
_OUR_WORDS = re.compile("【(?:必须改|请核对)】".encode())
_PICTURE = re.compile(rb"<xdr:(?:pic|sp)[\s/>]")
_SHEET_RELATIONS = re.compile(rb"<(?:legacyDrawing|drawing)\s")
_EPOCH_1904 = re.compile(rb"date1904=[\"'](?:1|true)[\"']")


def marks_of_xlsx(package: Package, sheet: str) -> SheetMarks:
    """The marks of one sheet. Raises: RefusedError (damaged) where a cell that needs one has no address."""
    xml = package.xml_of(sheet)
    if b"<c" not in xml and b":c" in xml:
        xml = _without_prefix(xml)
    if any(pattern.search(xml) for pattern in _WRONG_INDEX):
        raise damaged("单元格的文字没有保存", "the text of a cell is not there")
    marks = SheetMarks(is_1904=bool(_EPOCH_1904.search(package.parts["xl/workbook.xml"])))
    marks.texts = [*_errors(xml), *_formulas(xml), *_long_numbers(xml)]
    styles = _styles(package.parts.get("xl/styles.xml", b""))
    if styles.any():
        for attributes, style in _STYLED_CELL.findall(xml):
            for places, ids in (
                (marks.dates, styles.dates),
                (marks.crossed_out, styles.crossed_out),
                (marks.red, styles.red),
            ):
                if int(style) in ids:
                    places.append(_place(attributes))
    if b"hidden=" in xml:
        marks.hidden_rows = {int(row) - 1 for row in _HIDDEN_ROW.findall(xml)}
        marks.hidden_columns = set(_hidden_columns(xml))
    if b"<mergeCell" in xml:
        marks.merged = [
            (int(top) - 1, _column(left), int(bottom) - 1, _column(right))
            for left, top, right, bottom in _MERGED.findall(xml)
        ]
    if any(name.startswith("xl/externalLinks/") for name in package.parts):
        marks.linked = [_place(attributes) for attributes in _LINKED_CELL.findall(xml)]
    if _SHEET_RELATIONS.search(xml):
        for part in _related(package, sheet):
            # Those of an annotated answer begin so (`connectors.replies.comments`).
            marks.comments += [
                (int(row) - 1, _column(letters))
                for letters, row, text in _COMMENT.findall(part)
                if not _OUR_WORDS.search(text)
            ]
            marks.pictures += len(_PICTURE.findall(part))
    return marks


def _errors(xml: bytes) -> Iterator[tuple[int, int, str]]:
    if b'"e"' in xml or b"'e'" in xml:
        for cell in _ERROR_CELL.finditer(xml):
            value = _VALUE.search(xml, cell.end(), xml.find(b"</c>", cell.end()))
            yield (*_place(cell[0]), _text(value[1] if value else b"#VALUE!"))


def _formulas(xml: bytes) -> Iterator[tuple[int, int, str]]:
    """Those whose value nobody worked out."""
    for place in _FORMULA.finditer(xml):
        formula = _FORMULA_CELL.match(xml, xml.rfind(b"<c ", 0, place.start()))
        # A formula that gives an empty text is worked out, and blank.
        if formula and not (_IS_TEXT.search(formula[1]) and b"<v" in formula[0]):
            yield (*_place(formula[1]), _text(b"=" + (formula[2] or b"")))


def _long_numbers(xml: bytes) -> Iterator[tuple[int, int, str]]:
    for number in _LONG_NUMBER.finditer(xml):
        digits = exact(number[1].decode())
        if isinstance(digits, str):
            attributes = xml[xml.rfind(b"<c ", 0, number.start()) : number.start()]
            if not _IS_NUMBER.search(attributes):
                yield (*_place(attributes), digits)


def _place(attributes: bytes) -> Place:
    place = _REFERENCE.search(attributes)
    if place is None:
        raise damaged("单元格没有地址", "a cell has no address")
    return int(place[2]) - 1, _column(place[1])


def _column(letters: bytes) -> int:
    return column_number(letters.decode().upper()) - 1


def _text(text: bytes) -> str:
    return unescape(text.decode("utf-8", "replace"))


def _hidden_columns(xml: bytes) -> Iterator[int]:
    for attributes in _HIDDEN_COLUMN.findall(xml):
        first, last = (re.search(name + rb"=[\"'](\d+)", attributes) for name in (rb"\bmin", rb"\bmax"))
        if first and last:
            yield from range(int(first[1]) - 1, min(int(last[1]), 16_384))


@dataclass(frozen=True, slots=True)
class _Styles:
    """The numbers of the cell styles that show dates to people only, cross out, or write in red."""

    dates: frozenset[int]
    crossed_out: frozenset[int]
    red: frozenset[int]

    def any(self) -> bool:
        return bool(self.dates or self.crossed_out or self.red)


@lru_cache(maxsize=64)
def _styles(xml: bytes) -> _Styles:
    """A whole night's workbooks share a few tables of styles."""
    try:
        root = parse_xml(xml or b"<styleSheet/>")
    except ElementTree.ParseError as error:
        raise damaged("样式表不是有效的 XML", "the table of styles is not valid XML") from error
    codes = {e.get("numFmtId", ""): e.get("formatCode", "") for e in root.iterfind("{*}numFmts/{*}numFmt")}
    fonts = root.findall("{*}fonts/{*}font")
    crossed = {str(n) for n, font in enumerate(fonts) if _is_on(font.find("{*}strike"))}
    red = {str(n) for n, font in enumerate(fonts) if (c := font.find("{*}color")) is not None and _is_red(c)}
    cells = list(enumerate(root.iterfind("{*}cellXfs/{*}xf")))
    return _Styles(
        frozenset(n for n, e in cells if is_date_passed_over(codes.get(e.get("numFmtId", "")))),
        frozenset(n for n, e in cells if e.get("fontId") in crossed),
        frozenset(n for n, e in cells if e.get("fontId") in red),
    )


def _is_on(element: ElementTree.Element | None) -> bool:
    return element is not None and element.get("val", "1") not in ("0", "false")


def _is_red(color: ElementTree.Element) -> bool:
    return color.get("rgb", "")[-6:].upper() in ("FF0000", "C00000") or color.get("indexed") in ("2", "10")


def _related(package: Package, sheet: str) -> Iterator[bytes]:
    """The parts that belong to a sheet."""
    folder, _, name = package.sheets[sheet].rpartition("/")
    relations = package.parts.get(f"{folder}/_rels/{name}.rels")
    try:
        targets = [r.get("Target", "") for r in parse_xml(relations)] if relations else []
    except ElementTree.ParseError as error:
        raise damaged("工作表目录不是有效的 XML", "the sheet's directory is not valid XML") from error
    for target in targets:
        yield package.parts.get(target[1:] if target.startswith("/") else normpath(join(folder, target)), b"")


def _without_prefix(xml: bytes) -> bytes:
    """The same sheet with plain element names: some programs write `x:c` for `c`."""
    try:
        root = parse_xml(xml)
    except ElementTree.ParseError as error:
        raise damaged("工作表不是有效的 XML", "a sheet is not valid XML") from error
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return ElementTree.tostring(root)
