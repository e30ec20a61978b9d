"""Over random histories the warehouse says what a small model of it says, after every step and about every past release.

`WAREHOUSE_TEST_HISTORIES` says how many histories (`make soak`: 2 000); one in forty has dbt in every night, in the others the
figures that dbt would build are the model's (`product.py` says what else is not real). `WAREHOUSE_TEST_PROGRESS` names files, one for each
worker, that tell how far a long run has come.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import Phase

from expectations.contract import forms
from expectations.judgement import _broken
from tests.expectations.examples import REGISTERS, example_row, normalised
from tests.model import figures, model, words
from tests.model.comparison import Difference
from tests.model.histories import run_histories
from tests.model.machine import Histories, WholeHistories
from tests.model.planted import CHEAP, KINDS, VIEWS, patches, plant_view
from tests.model.verdicts import broken_without_expectations
from tests.model.world import World

HISTORIES = int(os.environ.get("WAREHOUSE_TEST_HISTORIES", "12"))
WHOLE = int(os.environ.get("WAREHOUSE_TEST_WHOLE_HISTORIES", str(max(2, HISTORIES // 40))))
IS_LONG = "WAREHOUSE_TEST_HISTORIES" in os.environ
STEPS = 16
WHOLE_STEPS = 12
PART = 100
"""So many histories are one test, which draws them from a seed of its own: workers share a long run, and a failing one can be had again alone."""

MOST = 150
"""Histories within which a planted fault must be found."""


@pytest.mark.parametrize("module", [words, model, figures], ids=lambda module: module.__name__)
def test_the_model_knows_no_code_of_the_product(module: ModuleType) -> None:
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    named = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    named |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert not {name for name in named if name.split(".")[0] in ("flows", "connectors", "expectations")}


def test_light_histories_judge_as_great_expectations_does() -> None:
    batch = []
    for form in (forms()[form_id] for form_id in ("relief", "hardship_aid", "unit_profile", "unit_register")):
        cases = [[example_row(form)], *([example_row(form, **r.failing)] for r in form.row_rules if r.failing)]
        batch.append((form, normalised(form, [*cases, [example_row(form)] * 2]).rows))
    found = broken_without_expectations(batch, REGISTERS)
    assert found.height > 60
    assert found.sort(found.columns).equals(_broken(batch, REGISTERS).sort(found.columns))


def parts(machine: type[Histories], histories: int, steps: int, size: int) -> Iterator[Any]:
    """The tests that so many histories are shared out to."""
    for first in range(0, histories, size):
        yield pytest.param(machine, first, min(size, histories - first), steps, id=f"{machine.__name__}-{first}")


@pytest.mark.timeout(2 * 3600)
@pytest.mark.parametrize(
    ("machine", "first", "histories", "steps"),
    [*parts(Histories, HISTORIES, STEPS, PART), *parts(WholeHistories, WHOLE, WHOLE_STEPS, PART // 10)],
)
def test_the_warehouse_says_what_the_model_says(
    world: World, machine: type[Histories], first: int, histories: int, steps: int
) -> None:
    run_histories(machine, world, first, histories, steps)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("fault", KINDS if IS_LONG else CHEAP)
def test_a_planted_fault_is_found(world: World, fault: str) -> None:
    planted = replace(world, plant=partial(plant_view, fault=fault) if fault in VIEWS else None)
    with ExitStack() as faulty:
        for patch in patches(fault):
            faulty.enter_context(patch)
        with pytest.raises(Difference):
            # Any history will do: none is shrunk.
            run_histories(Histories, planted, 0, MOST, STEPS, [Phase.generate])
