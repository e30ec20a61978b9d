"""The contenders, each in a process of its own: `python -m benchmarks.intake.readers NAME FOLDER` prints how many rows it read."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.columns import COLUMNS, FIRST_ROW, form_of
from benchmarks.intake.results import CALAMINE, JUDGED, PANDAS, READ

CHUNK = 400
"""Workbooks that are read and judged together, as in a night."""


def read(folder: Path) -> int:
    """The product's reading: in limited children, to typed rows with their texts and findings."""
    return sum(rows for rows, _ in _read(folder, is_judged=False))


def judge(folder: Path) -> int:
    """The product's reading and judgement: what `warehouse check` does. Raises: SystemExit if it finds an error."""
    counted = list(_read(folder, is_judged=True))
    if any(refused for _, refused in counted):
        raise SystemExit("the workbooks of the measurement are good, but not all were accepted")
    return sum(rows for rows, _ in counted)


def pandas(folder: Path) -> int:
    """pandas with openpyxl: a frame per workbook, types guessed, nothing checked."""
    import pandas as pd

    rows = 0
    for path in _reports(folder):
        form_id = form_of(path.name) or ""
        columns = range(1, len(COLUMNS[form_id]) + 1)
        frame = pd.read_excel(path, engine="openpyxl", header=None, skiprows=FIRST_ROW[form_id], usecols=columns)
        rows += len(frame.dropna(how="all"))
    return rows


def calamine(folder: Path) -> int:
    """python-calamine: lists of what the library makes of each cell, nothing checked."""
    from python_calamine import CalamineWorkbook

    rows = 0
    for path in _reports(folder):
        form_id = form_of(path.name) or ""
        width = len(COLUMNS[form_id]) + 1
        sheet = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python(skip_empty_area=False)
        rows += sum(any(cell != "" for cell in row[1:width]) for row in sheet[FIRST_ROW[form_id] :])
    return rows


def _read(folder: Path, *, is_judged: bool) -> Iterator[tuple[int, int]]:
    """For each chunk, its rows and how many workbooks of it would not be accepted."""
    from connectors.settings import load_settings
    from connectors.warehouse.decision import decide
    from connectors.workbooks.pool import ReaderPool
    from flows.trial import credulous_register

    paths = _reports(folder)
    with ReaderPool(load_settings()) as pool:
        for start in range(0, len(paths), CHUNK):
            chunk = paths[start : start + CHUNK]
            batch = pool.read([(start + n, path.read_bytes()) for n, path in enumerate(chunk)])
            decisions = decide(batch.readings, batch.rows, credulous_register(batch)) if is_judged else []
            refused = sum(d.outcome != "accepted" or bool(d.quarantined) for d in decisions)
            yield sum(len(rows) for rows in batch.rows.values()), refused


def _reports(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.xlsx") if form_of(path.name))


READERS: dict[str, Callable[[Path], int]] = {READ: read, JUDGED: judge, PANDAS: pandas, CALAMINE: calamine}

if __name__ == "__main__":
    print(READERS[sys.argv[1]](Path(sys.argv[2])))
