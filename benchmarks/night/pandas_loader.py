"""The loader of the first afternoon: pandas reads each workbook with openpyxl and `to_sql` appends it, unchecked.

`python -m benchmarks.night.pandas_loader FOLDER URL` prints how many rows it loaded.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
from sqlalchemy import create_engine, text

from benchmarks.columns import COLUMNS, FIRST_ROW, form_of

SCHEMA = "bench_pandas"


def load(folder: Path, url: str) -> int:
    """Load every workbook of the folder into tables of its own schema, and give the number of rows."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(f"drop schema if exists {SCHEMA} cascade"))
        connection.execute(text(f"create schema {SCHEMA}"))
    loaded = 0
    for path in sorted(folder.glob("*.xlsx")):
        form_id = form_of(path.name)
        if form_id is None:
            continue
        names = list(COLUMNS[form_id])
        frame = pd.read_excel(
            path,
            engine="openpyxl",
            header=None,
            skiprows=FIRST_ROW[form_id],
            usecols=range(1, len(names) + 1),
            names=names,
        )
        frame = frame.dropna(how="all")
        _, frame["unit_id"], frame["period"] = path.stem.rsplit("_", 2)
        frame.to_sql(form_id, engine, schema=SCHEMA, if_exists="append", index=False)
        loaded += len(frame)
    return loaded


if __name__ == "__main__":
    print(load(Path(sys.argv[1]), sys.argv[2]))
