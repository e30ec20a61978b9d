"""The connection cut at any commit of a night, before it or after it: the same command again, and it is as if nothing had happened.

`WAREHOUSE_FAULT_CUTS` says how many cuts, drawn by seed (1); `34-166` are the commits from one to another, and `all` every
one, both ways.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable

import pytest

from tests.faults.faults import Cut, suffer
from tests.faults.ground import Ground
from tests.faults.tally import Tally
from tests.faults.test_kills import SEED

CUTS = os.environ.get("WAREHOUSE_FAULT_CUTS", "1")


@pytest.mark.timeout(36000)
def test_a_night_whose_connection_is_cut_at_a_commit_and_that_is_run_again_is_right(
    night_ground: Ground, tell: Callable[[Tally], None]
) -> None:
    # dbt commits at least twice for each model.
    assert night_ground.commits > 100
    cuts = [Cut(number, is_after) for number in range(1, night_ground.commits + 1) for is_after in (False, True)]
    if "-" in CUTS:
        first, last = map(int, CUTS.split("-"))
        cuts = [cut for cut in cuts if first <= cut.number <= last]
    elif CUTS != "all":
        cuts = random.Random(SEED).sample(cuts, int(CUTS))
    tally = Tally(f"night: {len(cuts)} cuts at {night_ground.commits} commits")
    for cut in cuts:
        suffer(night_ground, str(cut), [cut], tally)
    tell(tally)
    assert tally.is_clean, str(tally)
    assert tally.hits.total()
