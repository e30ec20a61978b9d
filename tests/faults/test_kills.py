"""Killed anywhere, once or twice, its server killed under it: the same command again, and it is as if nothing had happened.

`make soak` says how many: WAREHOUSE_FAULT_KILLS (200), WAREHOUSE_FAULT_DOUBLE (20), WAREHOUSE_FAULT_POSTGRES (20); WAREHOUSE_FAULT_SEED
(0) is the first seed, and a case can be had again by its own with a count of 1. A reader looks on 20 times a second.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable

import pytest

from tests.faults.faults import Fault, KillServer, draw_kill, suffer
from tests.faults.ground import Ground
from tests.faults.tally import Tally

SEED = int(os.environ.get("WAREHOUSE_FAULT_SEED", "0"))
KILLS = int(os.environ.get("WAREHOUSE_FAULT_KILLS", "1"))
BACKFILL_KILLS = KILLS // 2
"""So many of them befall a backfill, the others a night."""
DOUBLE_KILLS = int(os.environ.get("WAREHOUSE_FAULT_DOUBLE", "0"))
SERVER_KILLS = int(os.environ.get("WAREHOUSE_FAULT_POSTGRES", "1"))

Draw = Callable[[random.Random, Ground], list[Fault]]


def one_kill(chance: random.Random, ground: Ground) -> list[Fault]:
    """One kill of the run."""
    return [draw_kill(chance, ground)]


def two_kills(chance: random.Random, ground: Ground) -> list[Fault]:
    """The run is killed, and the next one is killed too."""
    return [draw_kill(chance, ground), draw_kill(chance, ground)]


def server_kill(chance: random.Random, _: Ground) -> list[Fault]:
    """The server is killed under the run."""
    return [KillServer(chance.random(), chance.random() < 0.5)]


@pytest.mark.timeout(7200)
@pytest.mark.parametrize(
    ("draw", "cases"),
    [
        pytest.param(draw, cases, id=name, marks=pytest.mark.skipif(not cases, reason="make soak"))
        for name, draw, cases in (
            ("killed", one_kill, KILLS - BACKFILL_KILLS),
            ("killed twice", two_kills, DOUBLE_KILLS),
            ("server killed", server_kill, SERVER_KILLS),
        )
    ],
)
def test_a_night_that_is_killed_and_run_again_loses_doubles_and_mixes_nothing(
    draw: Draw, cases: int, night_ground: Ground, tell: Callable[[Tally], None]
) -> None:
    tally = befall(night_ground, draw, cases)
    tell(tally)
    assert tally.is_clean, str(tally)
    assert tally.hits.total() or cases < 5  # one alone may come too late
    assert tally.looks > 20 * cases


@pytest.mark.skipif(not BACKFILL_KILLS, reason="make soak")
@pytest.mark.timeout(7200)
def test_a_backfill_that_is_killed_and_applied_again_loses_doubles_and_mixes_nothing(
    backfill_ground: Ground, tell: Callable[[Tally], None]
) -> None:
    tally = befall(backfill_ground, one_kill, BACKFILL_KILLS)
    tell(tally)
    assert tally.is_clean, str(tally)
    assert tally.hits.total() or BACKFILL_KILLS < 5


def befall(ground: Ground, draw: Draw, cases: int) -> Tally:
    """So many cases, each of its own seed."""
    tally = Tally(f"{ground.subject.name}: {draw.__name__}")
    for seed in range(SEED, SEED + cases):
        faults = draw(random.Random(f"{draw.__name__} {seed}"), ground)
        suffer(ground, f"seed {seed} {faults}", faults, tally)
    return tally
