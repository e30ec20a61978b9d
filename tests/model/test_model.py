"""Over random histories the warehouse says what a small model of it says, after every step and about every past release.

`WAREHOUSE_TEST_HISTORIES` says how many histories (`make soak`: 2 000); one in forty has dbt in every night, in the others the
figures that dbt would build are the model's (`product.py` says what else is not real). `WAREHOUSE_TEST_PROGRESS` names a file that tells
how far a long run has come.
"""

from __future__ import annotations

import ast
import os
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import Phase

from tests.model import figures, model, words
from tests.model.comparison import Difference
from tests.model.histories import run_histories
from tests.model.machine import Histories, WholeHistories
from tests.model.planted import CHEAP, KINDS, VIEWS, patches, plant_view
from tests.model.world import World

HISTORIES = int(os.environ.get("WAREHOUSE_TEST_HISTORIES", "12"))
WHOLE = int(os.environ.get("WAREHOUSE_TEST_WHOLE_HISTORIES", str(max(2, HISTORIES // 40))))
IS_LONG = "WAREHOUSE_TEST_HISTORIES" in os.environ
STEPS = 16
WHOLE_STEPS = 12
MOST = 150
"""Histories within which a planted fault must be found."""


@pytest.mark.parametrize("module", [words, model, figures], ids=lambda module: module.__name__)
def test_the_model_knows_no_code_of_the_product(module: ModuleType) -> None:
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    named = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    named |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert not {name for name in named if name.split(".")[0] in ("flows", "connectors", "expectations")}


@pytest.mark.timeout(8 * 3600)
@pytest.mark.parametrize(
    ("machine", "histories", "steps"), [(Histories, HISTORIES, STEPS), (WholeHistories, WHOLE, WHOLE_STEPS)]
)
def test_the_warehouse_says_what_the_model_says(
    world: World, machine: type[Histories], histories: int, steps: int
) -> None:
    run_histories(machine, world, histories, steps)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("fault", KINDS if IS_LONG else CHEAP)
def test_a_planted_fault_is_found(world: World, fault: str) -> None:
    planted = replace(world, plant=partial(plant_view, fault=fault) if fault in VIEWS else None)
    with ExitStack() as faulty:
        for patch in patches(fault):
            faulty.enter_context(patch)
        with pytest.raises(Difference):
            # Any history will do: none is shrunk.
            run_histories(Histories, planted, MOST, STEPS, [Phase.generate])
