"""What the workbooks of a folder say, read with openpyxl and nothing else."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

SHANGHAI = timezone(timedelta(hours=8))
"""China keeps one time the whole year."""


@dataclass(frozen=True, slots=True)
class Workbook:
    """One file that can be opened: what it says it is, when it arrived, its rows by heading, and its total row."""

    form: str
    edition: str
    unit: str
    period: str
    arrived: datetime
    is_nil: bool
    rows: tuple[Mapping[str, Any], ...]
    totals: tuple[object, ...]


def read_workbook(path: Path) -> Workbook | None:
    """The workbook of that path; None if it cannot be opened."""
    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except zipfile.BadZipFile:
        return None
    said = {str(key): str(value) for key, value in book["_meta"].iter_rows(max_col=2, values_only=True)}
    headings: list[str] = []
    rows: list[Mapping[str, Any]] = []
    is_nil = False
    totals: tuple[object, ...] = ()
    for first, *cells in book.worksheets[0].iter_rows(values_only=True):
        if first == "序号":
            headings = [str(cell).split("\n")[0].removesuffix(" *") for cell in cells]
        elif not headings:
            is_nil = is_nil or (str(first).startswith("本期无此项") and "是" in cells)
        elif first == "合计":
            totals = tuple(cells)
        elif any(cell is not None for cell in cells):
            rows.append(dict(zip(headings, cells, strict=True)))
    book.close()
    # Whole microseconds, counted in integers: a float of 2021 in seconds would round the last of them.
    arrived = datetime(1970, 1, 1, tzinfo=SHANGHAI) + timedelta(hours=8, microseconds=path.stat().st_mtime_ns // 1000)
    return Workbook(said["form"], said["edition"], said["unit"], said["period"], arrived, is_nil, tuple(rows), totals)
