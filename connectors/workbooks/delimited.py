"""CSV and TSV: decoded strictly in a fixed order and never on a guess, and split into rows as they were typed."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter

from connectors.workbooks.package import check_rectangle
from connectors.workbooks.refusal import damaged

SHEET = "CSV"
"""What the one sheet of such a file is called in findings."""

DELIMITERS = "\t,;"
"""Where two would do equally well, the first of them."""

_GARBLED = ("\ufffd", "锟斤拷")
_QUOTED = re.compile(r'"[^"]*"')
_LINES_LOOKED_AT, _LETTERS_LOOKED_AT = 50, 100_000
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))

csv.field_size_limit(2**31 - 1)
"""A cell of any length is a complaint about its row; the module's own limit would be one about the file."""


def read_delimited(data: bytes) -> list[list[str]]:
    """The rows of the file; each as wide as it was written. Raises: RefusedError where its text or its quotes are broken."""
    text = decode(data)
    delimiter = find_delimiter(text)
    lines = text.count("\n") or text.count("\r")
    check_rectangle(SHEET, lines + 1, text.count(delimiter) // (lines + 1) + 1)
    rows: list[list[str]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        rows.extend(reader)
    except csv.Error as error:
        number = len(rows) + 1
        raise damaged(f"从第 {number} 行起引号不配对", f"from row {number} on the quotes do not match") from error
    return rows


def decode(data: bytes) -> str:
    """The text: by its byte order mark, else as UTF-8, else as GB18030. Raises: RefusedError where it is neither, or was spoilt before."""
    named = next((encoding for mark, encoding in _MARKS if data.startswith(mark)), None)
    for encoding in (named,) if named else ("utf-8", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if any(mark in text for mark in _GARBLED):
            break
        return text
    raise damaged("文字编码有误，已成乱码", "its text is garbled")


def find_delimiter(text: str) -> str:
    """The mark that stands equally often in most of the first lines, outside quotes."""
    lines = _QUOTED.sub("", text[:_LETTERS_LOOKED_AT]).splitlines()[:_LINES_LOOKED_AT]

    def fits(mark: str) -> int:
        counts = Counter(n for line in lines if (n := line.count(mark)))
        return counts.most_common(1)[0][1] if counts else 0

    return max(DELIMITERS, key=fits)
