"""The harness sees what it is there to see: the naive loader loses, doubles, mixes and needs a hand under the same faults."""

from __future__ import annotations

from collections.abc import Callable

from tests.faults.faults import KillAtMoment, suffer
from tests.faults.ground import Ground
from tests.faults.tally import Tally


def test_undisturbed_the_naive_loader_comes_to_the_right_end(naive_ground: Ground) -> None:
    tally = Tally("naive loader, undisturbed")
    suffer(naive_ground, "undisturbed", [], tally)
    # What its reader sees meanwhile may well be mixed: it publishes table by table.
    assert (tally.lost, tally.doubled, tally.hand_work, tally.leftovers) == (0, 0, 0, 0), str(tally)


def test_killed_at_its_commits_the_naive_loader_loses_doubles_mixes_and_needs_a_hand(
    naive_ground: Ground, tell: Callable[[Tally], None]
) -> None:
    tally = Tally("naive loader: killed after every second commit")
    for number in range(1, naive_ground.undisturbed.moments + 1, 2):
        fault = KillAtMoment(number, is_after=True)
        suffer(naive_ground, str(fault), [fault], tally)
    tell(tally)
    assert tally.lost > 0, str(tally)
    assert tally.doubled > 0, str(tally)
    assert tally.mixed > 0, str(tally)
    assert tally.hand_work > 0, str(tally)
