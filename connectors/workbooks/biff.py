"""What stands in the records of an `.xls` workbook beside the values that the native reader gives.

The native reader takes an error value for a blank and knows nothing of hidden rows. Source: MS-XLS; the records used here are the same
in BIFF5 and BIFF8.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from connectors.workbooks import ole
from connectors.workbooks.marks import Place, SheetMarks, error_text
from connectors.workbooks.number_formats import is_date_passed_over
from connectors.workbooks.refusal import RefusedError, damaged


class Record:
    """The numbers of the records that say something of a cell, a row or a column."""

    BOF, EOF, FILEPASS, BOUNDSHEET, DATE1904, FORMAT, XF = 0x809, 0x0A, 0x2F, 0x85, 0x22, 0x41E, 0xE0
    FORMULA, BOOLERR, NUMBER, RK, MULRK = 0x06, 0x205, 0x203, 0x27E, 0xBD
    ROW, COLINFO, NOTE = 0x208, 0x7D, 0x1C


_BIFF8 = 0x0600
_LAST_COLUMN = 255


def marks_of_xls(data: bytes) -> list[SheetMarks]:
    """The marks of each sheet, in the order of the workbook. Raises: RefusedError if it is locked or cut off."""
    book = ole.stream(data, "Workbook", "Book")
    try:
        places, dates, is_1904 = _globals(book)
        return [_sheet(book, place, dates, is_1904=is_1904) for place in places]
    except (struct.error, IndexError) as error:
        raise damaged("文件不完整", "the file is cut off") from error


def _records(book: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """The records of one part of the book, which may hold charts that have a beginning and an end of their own."""
    depth = 0
    while at + 4 <= len(book):
        kind, length = struct.unpack_from("<HH", book, at)
        content = book[at + 4 : at + 4 + length]
        at += 4 + length
        if kind == Record.BOF:
            depth += 1
        if kind == Record.EOF:
            depth -= 1
            if depth <= 0:
                return
        if depth <= 1:
            yield kind, content


def _globals(book: bytes) -> tuple[list[int], frozenset[int], bool]:
    """Where the sheets begin, which cell formats show dates that the native reader takes for numbers, and the epoch."""
    places: list[int] = []
    codes: dict[int, str] = {}
    formats: list[int] = []
    is_biff8 = is_1904 = False
    for kind, content in _records(book, 0):
        match kind:
            case Record.BOF:
                is_biff8 = struct.unpack_from("<H", content)[0] == _BIFF8
            case Record.FILEPASS:
                raise RefusedError("file.password")
            case Record.BOUNDSHEET:
                places.append(struct.unpack_from("<I", content)[0])
            case Record.DATE1904:
                is_1904 = struct.unpack_from("<H", content)[0] == 1
            case Record.FORMAT:
                codes[struct.unpack_from("<H", content)[0]] = _format_code(content, is_biff8=is_biff8)
            case Record.XF:
                formats.append(struct.unpack_from("<H", content, 2)[0])
    return places, frozenset(n for n, f in enumerate(formats) if is_date_passed_over(codes.get(f))), is_1904


def _format_code(content: bytes, *, is_biff8: bool) -> str:
    if not is_biff8:
        return content[3:].decode("latin-1")
    return content[5:].decode("utf-16-le" if content[4] & 1 else "latin-1", "replace")


def _sheet(book: bytes, place: int, dates: frozenset[int], *, is_1904: bool) -> SheetMarks:
    marks = SheetMarks(is_1904=is_1904)
    for kind, content in _records(book, place):
        match kind:
            case Record.BOOLERR if content[7]:
                marks.texts.append((*struct.unpack_from("<HH", content), error_text(content[6])))
            case Record.FORMULA if content[12:14] == b"\xff\xff" and content[6] == 2:
                marks.texts.append((*struct.unpack_from("<HH", content), error_text(content[8])))
            case Record.FORMULA | Record.NUMBER | Record.RK | Record.MULRK:
                marks.dates += _dates(kind, content, dates)
            case Record.ROW if struct.unpack_from("<H", content, 12)[0] & 0x20:
                marks.hidden_rows.add(struct.unpack_from("<H", content)[0])
            case Record.COLINFO if struct.unpack_from("<H", content, 8)[0] & 1:
                first, last = struct.unpack_from("<HH", content)
                marks.hidden_columns.update(range(first, min(last, _LAST_COLUMN) + 1))
            case Record.NOTE:
                row, column = struct.unpack_from("<HH", content)
                marks.comments.append((row, column))
    return marks


def _dates(kind: int, content: bytes, dates: frozenset[int]) -> list[Place]:
    """The cells of a record whose cell formats are among those of dates; MULRK holds a run of cells with six bytes each."""
    row, column = struct.unpack_from("<HH", content)
    cells = (len(content) - 6) // 6 if kind == Record.MULRK else 1
    return [(row, column + n) for n in range(cells) if struct.unpack_from("<H", content, 4 + 6 * n)[0] in dates]
