"""The same workbooks as people would have typed them: every number and date written in another way than Excel would."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context
from pathlib import Path

import openpyxl
from openpyxl.cell import Cell

from benchmarks.columns import FIRST_ROW, form_of

_WIDE = str.maketrans("0123456789,.", "０１２３４５６７８９，．")


def write_odd(clean: Path, odd: Path) -> None:
    """Write every report of the folder `clean` into the folder `odd`, with its numbers and dates as texts."""
    odd.mkdir(parents=True)
    paths = sorted(path for path in clean.glob("*.xlsx") if form_of(path.name))
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        list(pool.map(_retype, paths, [odd / path.name for path in paths], chunksize=20))


def _retype(source: Path, target: Path) -> None:
    workbook = openpyxl.load_workbook(source)
    sheet = workbook.worksheets[0]
    for cell in _typed_cells(sheet.iter_rows(min_row=FIRST_ROW[form_of(source.name) or ""] + 1, min_col=2)):
        cell.value = _as_people_type(cell.value)
    workbook.save(target)


def _typed_cells(rows: Iterator[tuple[Cell, ...]]) -> Iterator[Cell]:
    for row in rows:
        yield from (cell for cell in row if isinstance(cell.value, (int, float, date)))


def _as_people_type(value: object) -> str:
    if isinstance(value, date):
        return f"{value.year}年{value.month}月{value.day}日"
    return f"{value:,}".translate(_WIDE)
