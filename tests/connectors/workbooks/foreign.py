"""Workbooks of ours as other programs would save them: written by hand, cell by cell, so that the reader meets no code of its own."""

from __future__ import annotations

import csv
import io
import struct
import zipfile
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import openpyxl

Sheet = list[list[Any]]


def sheets_of(data: bytes) -> tuple[dict[str, Sheet], set[str]]:
    """The values of an .xlsx, by sheet, and which of its sheets are hidden."""
    workbook = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    values = {s.title: [list(row) for row in s.iter_rows(values_only=True)] for s in workbook.worksheets}
    return values, {s.title for s in workbook.worksheets if s.sheet_state != "visible"}


def as_csv(data: bytes, encoding: str = "utf-8-sig", delimiter: str = ",", line_end: str = "\r\n") -> bytes:
    """The first sheet as text."""
    rows = next(iter(sheets_of(data)[0].values()))
    stream = io.StringIO(newline="")
    # The writer would leave a line feed unquoted where lines end otherwise.
    quoting = csv.QUOTE_ALL if line_end == "\r" else csv.QUOTE_MINIMAL
    csv.writer(stream, delimiter=delimiter, lineterminator=line_end, quoting=quoting).writerows(
        [v.date().isoformat() if isinstance(v, datetime) else v for v in row] for row in rows
    )
    return stream.getvalue().encode(encoding)


def zipped(parts: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


def ods(content: str) -> bytes:
    """An OpenDocument spreadsheet with these tables."""
    xml = (
        '<?xml version="1.0" encoding="UTF-8"?><office:document-content'
        ' xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
        ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
        ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
        ' xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"'
        ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0">'
        '<office:automatic-styles><style:style style:name="unseen" style:family="table">'
        '<style:table-properties table:display="false"/></style:style></office:automatic-styles>'
        f"<office:body><office:spreadsheet>{content}</office:spreadsheet></office:body></office:document-content>"
    )
    return zipped({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": xml.encode()})


def as_ods(data: bytes) -> bytes:
    values, hidden = sheets_of(data)
    tables = []
    for name, rows in values.items():
        style = ' table:style-name="unseen"' if name in hidden else ""
        cells = "".join(f"<table:table-row>{''.join(map(ods_cell, row))}</table:table-row>" for row in rows)
        tables.append(f"<table:table table:name={quoteattr(name)}{style}>{cells}</table:table>")
    return ods("".join(tables))


def ods_cell(value: Any) -> str:
    match value:
        case None:
            return "<table:table-cell/>"
        case datetime() | date():
            return f'<table:table-cell office:value-type="date" office:date-value="{value:%Y-%m-%d}"/>'
        case int() | float():
            return f'<table:table-cell office:value-type="float" office:value="{value}"/>'
        case _:
            text = "".join(f"<text:p>{escape(line)}</text:p>" for line in str(value).split("\n"))
            return f'<table:table-cell office:value-type="string">{text}</table:table-cell>'


def record(kind: int, content: bytes = b"") -> bytes:
    """A record of a binary workbook (MS-XLSB 2.1.4)."""
    head = bytes((kind,)) if kind < 0x80 else bytes((kind & 0x7F | 0x80, kind >> 7))
    length = len(content)
    while True:
        head += bytes((length & 0x7F | (0x80 if length > 0x7F else 0),))
        length >>= 7
        if not length:
            return head + content


def wide(text: str) -> bytes:
    return struct.pack("<I", len(text.encode("utf-16-le")) // 2) + text.encode("utf-16-le")


def as_xlsb(data: bytes, *, extra_rows: bytes = b"") -> bytes:
    """The same workbook in binary records; `extra_rows` follow the rows of its first sheet."""
    values, hidden = sheets_of(data)
    targets = {f"rId{n}": f"worksheets/sheet{n}.bin" for n, _ in enumerate(values, start=1)}
    sheets = b"".join(
        record(156, struct.pack("<II", int(name in hidden), n) + wide(f"rId{n}") + wide(name))
        for n, name in enumerate(values, start=1)
    )
    relations = "".join(
        f'<Relationship Id="{key}" Target="{target}" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
        'relationships/worksheet"/>'
        for key, target in targets.items()
    )
    parts = {
        "[Content_Types].xml": b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "xl/workbook.bin": record(131) + record(153, bytes(12)) + record(143) + sheets + record(144) + record(132),
        "xl/_rels/workbook.bin.rels": (
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f"{relations}</Relationships>"
        ).encode(),
        # The second style is a date.
        "xl/styles.bin": record(278)
        + record(617, struct.pack("<I", 2))
        + b"".join(
            record(47, struct.pack("<HHHHHHHH", 0, number_format, 0, 0, 0, 0, 0, 0)) for number_format in (0, 14)
        )
        + record(618)
        + record(279),
    }
    for target, rows in zip(targets.values(), values.values(), strict=True):
        extra = extra_rows if target == targets["rId1"] else b""
        parts[f"xl/{target}"] = (
            record(129)
            + record(148, struct.pack("<IIII", 0, len(rows), 0, 30))
            + record(145)
            + b"".join(_xlsb_rows(rows))
            + extra
            + record(146)
            + record(130)
        )
    return zipped(parts)


def xlsb_row(number: int, *, is_hidden: bool = False) -> bytes:
    """The head of a row (0-based)."""
    return record(0, struct.pack("<IIHBBBI", number, 0, 300, 0, 0x10 if is_hidden else 0, 0, 0))


def xlsb_cell(column: int, value: Any) -> bytes:
    at = struct.pack("<II", column, 0)
    match value:
        case datetime():
            return record(5, struct.pack("<IId", column, 1, (value - datetime(1899, 12, 30)).days))  # noqa: DTZ001 - a cell has no time zone
        case int() | float():
            return record(5, at + struct.pack("<d", value))
        case "#N/A":
            return record(3, at + b"\x2a")
        case _:
            return record(6, at + wide(str(value)))


def _xlsb_rows(rows: Sheet) -> Iterator[bytes]:
    for number, row in enumerate(rows):
        yield xlsb_row(number)
        for column, value in enumerate(row):
            if value is not None:
                yield xlsb_cell(column, value)
