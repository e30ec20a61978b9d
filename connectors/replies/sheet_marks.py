"""Marks in the XML of a sheet: colours of cells, and the tie to their comments. Everything else stays as it was, byte for byte."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from connectors.replies.refusal import CannotAnnotateError
from connectors.replies.relations import RELATIONS
from connectors.replies.tags import Edit, Tag, attribute, check_xml, edited, tags, with_attribute
from connectors.workbooks.layout import column_letters, column_number

_BEFORE_LEGACY_DRAWING = frozenset(
    b"sheetPr dimension sheetViews sheetFormatPr cols sheetData sheetCalcPr sheetProtection protectedRanges scenarios autoFilter"
    b" sortState dataConsolidate customSheetViews mergeCells phoneticPr conditionalFormatting dataValidations hyperlinks"
    b" printOptions pageMargins pageSetup headerFooter rowBreaks colBreaks customProperties cellWatches ignoredErrors smartTags"
    b" drawing legacyDrawing".split()
)
"""What stands before the tie to the comments in a sheet (ECMA-376 part 1, 18.3.1.99: the order is prescribed)."""

_CELL = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})")


@dataclass(frozen=True, slots=True)
class SheetMarks:
    """What is to be marked: `styles` gives by cell the number of its new style from that of its old one; `unmark` takes a former
    mark of ours away from every other cell that has one of the styles `old_marks`."""

    styles: Mapping[str, Callable[[int], int]]
    old_marks: frozenset[int]
    unmark: Callable[[int], int]
    legacy_relation: bytes | None
    deselect: bool


def split_cell(cell: str) -> tuple[int, int] | None:
    """Row and column (1-based) of an address; None if it is none."""
    found = _CELL.fullmatch(cell)
    return (int(found[2]), column_number(found[1])) if found else None


def mark_sheet(xml: bytes, marks: SheetMarks) -> bytes:
    """The sheet with its marks. Raises: CannotAnnotateError where its XML is not as office programs write it."""
    check_xml(xml)
    return edited(xml, _Marker(xml, marks).edits())


class _Marker:
    """One walk over the tags of a sheet."""

    def __init__(self, xml: bytes, marks: SheetMarks) -> None:
        self._xml, self._marks = xml, marks
        self._wanted: dict[int, dict[int, Callable[[int], int]]] = defaultdict(dict)
        for cell, style in marks.styles.items():
            if place := split_cell(cell):
                self._wanted[place[0]][place[1]] = style
        self._edits: list[Edit] = []
        self._column_styles: list[tuple[int, int, int]] = []
        self._prefix = b""
        self._row = self._column = 0
        self._row_head = b""
        self._row_tag: Tag | None = None
        self._is_tied = False
        self._pending: dict[int, Callable[[int], int]] = {}

    def edits(self) -> Iterable[Edit]:
        depth, tied_at, has_data = 0, -1, False
        for tag in tags(self._xml):
            if tag.is_close:
                depth -= 1
                if tag.name == b"row" and depth == 2:
                    self._end_row(tag.start)
                elif depth == 0 and tied_at < 0:
                    tied_at = tag.start
                continue
            if depth == 0:
                self._prefix = tag.prefix
                if tag.is_empty:
                    raise CannotAnnotateError("工作表是空的", "the sheet is empty")
            elif depth == 1:
                has_data |= tag.name == b"sheetData"
                if tag.name == b"legacyDrawing":
                    tied_at = tag.start
                    self._tie(tag)
                elif tied_at < 0 and has_data and tag.name not in _BEFORE_LEGACY_DRAWING:
                    tied_at = tag.start
            elif depth == 2:
                self._at_second_depth(tag)
            elif depth == 3 and tag.name == b"c":
                self._at_cell(tag)
            depth += not tag.is_empty
        if self._marks.legacy_relation and not self._is_tied:
            self._edits.append(Edit(tied_at, tied_at, self._legacy_drawing()))
        return self._edits

    def _at_second_depth(self, tag: Tag) -> None:
        raw = tag.of(self._xml)
        if tag.name == b"row":
            self._begin_row(tag, raw)
        elif tag.name == b"col":
            numbers = [_number(attribute(raw, name)) for name in (b"min", b"max", b"style")]
            self._column_styles.append((numbers[0], numbers[1], numbers[2]))
        elif tag.name == b"sheetView" and self._marks.deselect and attribute(raw, b"tabSelected") is not None:
            self._edits.append(Edit(tag.start, tag.end, with_attribute(raw, b"tabSelected", None)))

    def _begin_row(self, tag: Tag, raw: bytes) -> None:
        self._row = _number(attribute(raw, b"r")) or self._row + 1
        self._column, self._row_tag, self._row_head = 0, tag, raw
        self._pending = dict(sorted(self._wanted.get(self._row, {}).items()))
        if tag.is_empty:
            new = self._missing_cells(2**15)
            if new:
                opened = with_attribute(raw, b"spans", None).removesuffix(b"/>").rstrip() + b">"
                self._edits.append(Edit(tag.start, tag.end, opened + new + b"</" + self._named(b"row") + b">"))

    def _at_cell(self, tag: Tag) -> None:
        raw = tag.of(self._xml)
        if (reference := attribute(raw, b"r")) is not None:
            place = split_cell(reference.decode("ascii", "replace").upper())
            if place is None or place[0] != self._row or place[1] <= self._column:
                raise CannotAnnotateError("单元格的次序有误", "the cells are not in order")
            self._column = place[1]
        else:
            self._column += 1
        if missing := self._missing_cells(self._column):
            self._insert(tag.start, missing)
        style = _number(attribute(raw, b"s"))
        restyle = self._pending.pop(self._column, self._marks.unmark if style in self._marks.old_marks else None)
        if restyle is not None:
            new = str(restyle(style)).encode()
            self._edits.append(Edit(tag.start, tag.end, with_attribute(raw, b"s", new)))

    def _end_row(self, at: int) -> None:
        if missing := self._missing_cells(2**15):
            self._insert(at, missing)

    def _insert(self, at: int, cells: bytes) -> None:
        self._edits.append(Edit(at, at, cells))
        if self._row_tag is not None and attribute(self._row_head, b"spans") is not None:
            # Which columns a row spans is a hint to the reader, and would now be wrong.
            new = with_attribute(self._row_head, b"spans", None)
            self._edits.append(Edit(self._row_tag.start, self._row_tag.end, new))
        self._row_tag = None

    def _missing_cells(self, before: int) -> bytes:
        """New blank cells for what is wanted of this row left of that column."""
        cells: list[bytes] = []
        for column in [c for c in self._pending if c < before]:
            style = self._pending.pop(column)(self._style_of_blank(column))
            cells.append(
                b"<" + self._named(b"c") + f' r="{column_letters(column - 1)}{self._row}" s="{style}"/>'.encode()
            )
        return b"".join(cells)

    def _style_of_blank(self, column: int) -> int:
        if attribute(self._row_head, b"customFormat") in (b"1", b"true"):
            return _number(attribute(self._row_head, b"s"))
        return next((style for first, last, style in self._column_styles if first <= column <= last), 0)

    def _tie(self, tag: Tag) -> None:
        if self._marks.legacy_relation:
            self._edits.append(Edit(tag.start, tag.end, self._legacy_drawing()))
            self._is_tied = True

    def _legacy_drawing(self) -> bytes:
        relation = self._marks.legacy_relation or b""
        return (
            b"<" + self._named(b"legacyDrawing") + b' xmlns:r="' + RELATIONS.encode() + b'" r:id="' + relation + b'"/>'
        )

    def _named(self, name: bytes) -> bytes:
        return (self._prefix + b":" if self._prefix else b"") + name


def _number(text: bytes | None) -> int:
    return int(text) if text and text.isdigit() else 0
