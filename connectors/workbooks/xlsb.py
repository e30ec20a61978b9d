"""What stands in the records of an `.xlsb` workbook beside the values that the native reader gives. Source: MS-XLSB."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from xml.etree import ElementTree

from connectors.workbooks.marks import SheetMarks, error_text
from connectors.workbooks.number_formats import is_date_passed_over
from connectors.workbooks.package import check_rectangle, parse_xml
from connectors.workbooks.refusal import damaged, unsafe


class Record:
    """The numbers of the records that say something of a cell, a row or a column."""

    ROW, BLANK, ERROR, FORMULA_ERROR = 0, 1, 3, 11
    RK, NUMBER, FORMULA_NUMBER = 2, 5, 9
    FORMAT, XF, CELL_XFS, CELL_XFS_END = 44, 47, 617, 618
    COLUMNS, SHEET, BOOK, MERGED = 60, 156, 153, 176


LAST_COLUMN = 16_383


def marks_of_xlsb(parts: Mapping[str, bytes]) -> dict[str, SheetMarks]:
    """The marks of each worksheet by its name. Raises: RefusedError if a part is missing, cut off or reaches too far."""
    try:
        dates = _date_styles(parts.get("xl/styles.bin", b""))
        book, is_1904 = _book(parts)
        return {name: _sheet(name, part, dates, is_1904=is_1904) for name, part in book.items()}
    except (struct.error, IndexError, UnicodeDecodeError, ElementTree.ParseError) as error:
        raise damaged("文件不完整", "the file is cut off") from error


def _records(part: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(part):
        kind = part[at]
        at += 1
        if kind & 0x80:
            kind = (kind & 0x7F) | (part[at] & 0x7F) << 7
            at += 1
        length = shift = 0
        for _ in range(4):
            byte = part[at]
            at += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                break
        yield kind, part[at : at + length]
        at += length


def _text(content: bytes, at: int) -> tuple[str, int]:
    length = struct.unpack_from("<I", content, at)[0]
    end = at + 4 + 2 * length
    return content[at + 4 : end].decode("utf-16-le"), end


def _book(parts: Mapping[str, bytes]) -> tuple[dict[str, bytes], bool]:
    relations = {r.get("Id", ""): r.get("Target", "") for r in parse_xml(parts.get("xl/_rels/workbook.bin.rels", b""))}
    sheets: dict[str, bytes] = {}
    is_1904 = False
    for kind, content in _records(parts["xl/workbook.bin"]):
        if kind == Record.BOOK:
            is_1904 = bool(content[0] & 1)
        if kind == Record.SHEET:
            relation, end = _text(content, 8)
            name, _ = _text(content, end)
            target = relations.get(relation, "")
            path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            if path not in parts:
                raise damaged(f"缺少工作表“{name}”的部件", f"the part of sheet '{name}' is missing")
            if "/worksheets/" in path:
                sheets[name] = parts[path]
    return sheets, is_1904


def _date_styles(part: bytes) -> frozenset[int]:
    codes: dict[int, str] = {}
    formats: list[int] = []
    is_of_cells = False
    for kind, content in _records(part):
        match kind:
            case Record.FORMAT:
                codes[struct.unpack_from("<H", content)[0]] = _text(content, 2)[0]
            case Record.CELL_XFS | Record.CELL_XFS_END:
                is_of_cells = kind == Record.CELL_XFS
            case Record.XF if is_of_cells:
                formats.append(struct.unpack_from("<H", content, 2)[0])
    return frozenset(n for n, f in enumerate(formats) if is_date_passed_over(codes.get(f)))


def _sheet(name: str, part: bytes, dates: frozenset[int], *, is_1904: bool) -> SheetMarks:
    marks = SheetMarks(is_1904=is_1904)
    row = rows = columns = 0
    for kind, content in _records(part):
        if Record.BLANK < kind <= Record.FORMULA_ERROR:
            column, style = struct.unpack_from("<I", content)[0], int.from_bytes(content[4:7], "little")
            rows, columns = max(rows, row + 1), max(columns, column + 1)
            if kind in (Record.ERROR, Record.FORMULA_ERROR):
                marks.texts.append((row, column, error_text(content[8])))
            elif kind in (Record.RK, Record.NUMBER, Record.FORMULA_NUMBER) and style in dates:
                marks.dates.append((row, column))
            continue
        match kind:
            case Record.ROW:
                row, last = struct.unpack_from("<I", content)[0], row
                if rows and row <= last:
                    zh = f"工作表“{name}”的第 {row + 1} 行重复或次序颠倒"
                    raise unsafe(zh, f"row {row + 1} of sheet '{name}' is there twice or out of order")
                if content[11] & 0x10:
                    marks.hidden_rows.add(row)
            case Record.COLUMNS if content[16] & 1:
                first, last = struct.unpack_from("<II", content)
                marks.hidden_columns.update(range(first, min(last, LAST_COLUMN) + 1))
            case Record.MERGED:
                first_row, last_row, first_column, last_column = struct.unpack_from("<IIII", content)
                marks.merged.append((first_row, first_column, last_row, last_column))
    check_rectangle(name, rows, columns)
    return marks
