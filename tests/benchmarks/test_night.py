"""The measurement measures what it says: the same rows for everybody, and costs that the kernel counted."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.columns import COLUMNS, FIRST_ROW, form_of
from benchmarks.measure import CommandFailedError, Cost, measure
from benchmarks.night.results import PANDAS, POLARS, PRODUCT, Result, slope_ms, write_results
from benchmarks.workbooks import ROWS, orders, write_inbox
from connectors.workbooks.reader import BatchReader
from expectations.contract import forms


@pytest.mark.parametrize("form_id", COLUMNS)
def test_the_loaders_know_the_columns_of_the_contract(form_id: str) -> None:
    form = forms()[form_id]
    kinds = {"text": "text", "code": "text", "integer": "bigint", "money": "numeric(18,2)", "date": "date"}
    assert COLUMNS[form_id] == {field.name: kinds[field.kind] for field in form.fields}
    assert FIRST_ROW[form_id] == 4 + any(field.is_totalled for field in form.fields)


def test_there_are_enough_workbooks_and_every_name_is_another() -> None:
    names = [order.name for order in orders()]
    assert len(set(names)) == len(names) >= 2_000
    assert Counter(form_of(name) for name in names) == {"relief": 1_008, "hardship_aid": 1_008, "unit_profile": 336}


def test_the_workbooks_hold_the_rows_that_are_expected_and_nothing_to_complain_of(tmp_path: Path) -> None:
    size = 90
    expected = write_inbox(size, tmp_path / "cache", tmp_path / "inbox", lambda done, total: None)
    paths = sorted((tmp_path / "inbox").iterdir())
    assert len(paths) == size + 1, "the register comes on top"
    reader = BatchReader()
    for number, path in enumerate(paths):
        reader.add(number, path.read_bytes())
    batch = reader.finish()
    assert [finding for reading in batch.readings for finding in reading.findings] == []
    assert expected == size * ROWS
    assert sum(len(rows) for form_id, rows in batch.rows.items() if form_id != "unit_register") == expected


def test_a_cost_counts_the_children_and_their_memory(tmp_path: Path) -> None:
    inner = "import time; held = bytearray(80_000_000); began = time.process_time()\nwhile time.process_time() < began + 0.5: pass"
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}]); print(42)"
    cost, said = measure([sys.executable, "-c", outer], tmp_path / "log")
    assert said == "42\n"
    assert 0.5 <= cost.cpu_seconds < 5
    assert cost.wall_seconds >= 0.5
    assert cost.peak_mb > 76
    assert cost.largest_process_mb > 76


def test_a_command_that_fails_is_no_measurement(tmp_path: Path) -> None:
    with pytest.raises(CommandFailedError, match="no such luck"):
        measure([sys.executable, "-c", "import sys; sys.exit('no such luck')"], tmp_path / "log")


def test_ratios_and_slopes_come_from_cpu_of_client_and_server(tmp_path: Path) -> None:
    def result(contender: str, workbooks: int, cpu: float) -> Result:
        return Result(contender, workbooks, workbooks * ROWS, Cost(cpu, cpu - 1, 1, 100, 90))

    results = [
        result(PRODUCT, 200, 12),
        result(PRODUCT, 1_000, 20),
        result(PANDAS, 1_000, 100),
        result(POLARS, 1_000, 5),
    ]
    assert slope_ms(results, PRODUCT) == pytest.approx(10)
    assert slope_ms(results, PANDAS) is None
    table = write_results(results, tmp_path)
    assert "| 0.20 × | 4.00 × |" in table
    kept = json.loads((tmp_path / "night.json").read_text(encoding="utf-8"))
    assert len(kept["results"]) == 4
    assert (tmp_path / "night.md").read_text(encoding="utf-8") == table
