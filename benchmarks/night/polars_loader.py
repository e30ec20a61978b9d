"""The best loader that is easily written by hand: calamine, one polars frame per form and batch, COPY, unchecked.

`python -m benchmarks.night.polars_loader FOLDER URL` prints how many rows it loaded.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
from psycopg import sql
from python_calamine import CalamineWorkbook

from benchmarks.columns import COLUMNS, FIRST_ROW, form_of

SCHEMA = "bench_polars"

BATCH = 200
"""Workbooks in a frame and a commit; a commit for each would cost nine times as much."""

POLARS_TYPES: dict[str, pl.DataType] = {
    "text": pl.String(),
    "bigint": pl.Int64(),
    "numeric(18,2)": pl.Decimal(18, 2),
    "date": pl.Date(),
}


def load(folder: Path, url: str) -> int:
    """Load every workbook of the folder into tables of its own schema, and give the number of rows."""
    paths = [path for path in sorted(folder.glob("*.xlsx")) if form_of(path.name)]
    with psycopg.connect(url) as connection:
        connection.execute(f"drop schema if exists {SCHEMA} cascade")
        connection.execute(f"create schema {SCHEMA}")
        for form_id, columns in COLUMNS.items():
            named = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            connection.execute(f"create table {SCHEMA}.{form_id} (unit_id text, period text, {named})".encode())
        connection.commit()
        return sum(_load_batch(paths[at : at + BATCH], connection) for at in range(0, len(paths), BATCH))


def _load_batch(paths: Sequence[Path], connection: psycopg.Connection[Any]) -> int:
    rows: dict[str, list[list[Any]]] = defaultdict(list)
    for path in paths:
        form_id, unit_id, period = path.stem.rsplit("_", 2)
        width = len(COLUMNS[form_id]) + 1
        sheet = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python(skip_empty_area=False)
        for row in sheet[FIRST_ROW[form_id] :]:
            if any(cell != "" for cell in row[1:width]):
                rows[form_id].append([unit_id, period, *(None if cell == "" else cell for cell in row[1:width])])
    for form_id, lines in rows.items():
        names = ["unit_id", "period", *COLUMNS[form_id]]
        types = {name: POLARS_TYPES[kind] for name, kind in COLUMNS[form_id].items()}
        frame = pl.DataFrame(lines, schema=names, orient="row", infer_schema_length=None).cast(types)  # type: ignore[arg-type]
        copy = sql.SQL("copy {} from stdin (format csv)").format(sql.Identifier(SCHEMA, form_id))
        with connection.cursor().copy(copy) as stream:
            stream.write(frame.write_csv(include_header=False))
    connection.commit()
    return sum(len(lines) for lines in rows.values())


if __name__ == "__main__":
    print(load(Path(sys.argv[1]), sys.argv[2]))
