"""Generated tables, read by children and judged: every planted fault is found at its cell, and nothing that is right is accused.

`WAREHOUSE_TEST_CASES` says how many tables of each kind (500; `make soak` takes 10 000).
"""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from connectors.warehouse.decision import Decision
from expectations.contract import Field
from expectations.finding import Severity
from tests.inputs.generated import Table, table
from tests.inputs.judged import judged

CASES = int(os.environ.get("WAREHOUSE_TEST_CASES", "500"))
TABLES_AT_ONCE = 250
"""Tables of one example: judging costs the same for one as for some hundred."""

BATCHES = settings(
    max_examples=max(1, CASES // 2 // TABLES_AT_ONCE),
    derandomize=True,
    database=None,
    deadline=None,
    # A table that fails is shown whole; a smaller seed makes no smaller tables.
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
SEEDS = st.integers(0, 2**32)


def tables(seed: int, *, has_faults: bool) -> list[Table]:
    chance = random.Random(seed)
    return [table(chance, has_faults=has_faults) for _ in range(min(CASES, TABLES_AT_ONCE))]


@pytest.mark.timeout(3600)
@BATCHES
@given(seed=SEEDS)
def test_every_planted_fault_is_found_at_its_cell_and_nothing_else_is_an_error(seed: int, tmp_path: Path) -> None:
    made = tables(seed, has_faults=True)
    assert sum(bool(t.faults) for t in made) > len(made) / 2
    for said, decision in zip(made, judged([t.bytes() for t in made], tmp_path), strict=True):
        assert errors(decision) == Counter((cell, code) for cell, code in said.faults.items()), str(said)
        assert decision.quarantined == {int(cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")) for cell in said.faults}, str(
            said
        )


@pytest.mark.timeout(3600)
@BATCHES
@given(seed=SEEDS)
def test_a_table_without_faults_has_no_errors_and_says_what_was_meant(seed: int, tmp_path: Path) -> None:
    made = tables(seed, has_faults=False)
    for said, decision in zip(made, judged([t.bytes() for t in made], tmp_path), strict=True):
        assert errors(decision) == Counter(), str(said)
        assert decision.rows is not None
        assert decision.rows["row_number"].to_list() == list(said.meant), str(said)
        for row in decision.rows.iter_rows(named=True):
            meant = said.meant[row["row_number"]]
            for field in said.form.fields:
                assert row[field.name] == stored(field, meant.get(field.name)), f"{field.name} of {said}"


def errors(decision: Decision) -> Counter[tuple[str | None, str]]:
    return Counter((f.cell, f.code) for f in decision.findings if f.severity in (Severity.ERROR, Severity.CRITICAL))


def stored(field: Field, meant: object) -> object:
    """A choice is meant by its label and stored by its code."""
    return next((c.code for c in field.choices if c.label_zh == meant), meant)
