"""The rule holds against whoever notes every figure at every release and adds and subtracts; without a half of it, it would not."""

from __future__ import annotations

import os
import random

import pytest

from tests.attack.elimination import recovered
from tests.attack.ledgers import Ledger

LEDGERS = int(os.environ.get("WAREHOUSE_ATTACK_LEDGERS", "40"))
"""How many ledgers are attacked; `make soak` asks for more."""


def lived(seed: int, *, naive: bool = False, forgetful: bool = False) -> Ledger:
    chance = random.Random(seed)
    ledger = Ledger(chance, naive, forgetful)
    ledger.live(chance.randrange(1, 7), chance.randrange(2, 12))
    return ledger


def test_no_small_number_follows_from_what_readers_noted() -> None:
    secrets = shown = 0
    for seed in range(LEDGERS):
        ledger = lived(seed)
        wanted = ledger.secrets()
        assert recovered(ledger.noted_sums(), wanted) == [], f"seed {seed}"
        secrets, shown = secrets + len(wanted), shown + len(ledger.noted)
    assert secrets > 10 * LEDGERS, "there is something to find"
    assert shown > 2 * LEDGERS, "and something is shown"


@pytest.mark.parametrize("without", ["naive", "forgetful"])
def test_the_attack_succeeds_where_only_small_cells_are_hidden_or_releases_are_forgotten(without: str) -> None:
    ledgers = [lived(seed, **{without: True}) for seed in range(20)]
    assert sum(len(recovered(ledger.noted_sums(), ledger.secrets())) for ledger in ledgers) > 20
