"""The rule: what readers are shown may not let anybody work out a number of persons, or their money, below the threshold.

Everything that readers were ever shown of a year is a sum over *changes*: so many persons more or fewer at a place (a unit, and a class of rows
that feed the same measures) at a release. A cell (indicator × organisation × year) as shown at a release is the set of its changes up to that
release. All cells ever shown cut the changes of the year into blocks: two changes are in one block when every cell that was shown
holds both or neither. Whatever can be worked out, by sums and differences over organisations, programmes and releases, with whatever is
known of who sent what when, is a function of the totals of blocks; and a part of the year whose total follows from them is made of whole
blocks. So it is enough that no block is small:

    a cell is shown only if of every block that it cuts, the part inside and the part left come to at least the threshold, or to nothing

and then no sum of blocks is small either, because all are positive: where people went, it is shown once more came with it.

What no shown cell ever held is one block of its own, whose total nobody can know. The threshold is that of the most sensitive row in a block.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

THRESHOLDS = {"people": 5, "health": 10}
"""The fewest persons that may stand behind what readers can work out. Five is the office's own limit; causes of illness name people sooner."""

OUTSIDE = 0
"""The block of what no shown cell ever held."""


@dataclass(frozen=True, slots=True)
class Behind:
    """Where people stand in a year: the measures that their rows feed, the unit that reported them and its group then."""

    counted_in: str
    unit_id: str
    group_id: str


@dataclass(frozen=True, slots=True)
class Change:
    """So many persons more (or fewer) at a place from a release on; 0 where only money moved."""

    behind: Behind
    release_id: int
    persons: int


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure of one year: an indicator of an organisation; the province needs no code."""

    indicator_id: str
    org_level: str
    org_id: str


@dataclass(slots=True)
class _Part:
    """What some changes come to: how many they are, their net persons, how many concern health."""

    changes: int = 0
    persons: int = 0
    of_health: int = 0

    def add(self, persons: int, *, is_health: bool) -> None:
        self.changes += 1
        self.persons += persons
        self.of_health += is_health

    def without(self, other: _Part) -> _Part:
        return _Part(self.changes - other.changes, self.persons - other.persons, self.of_health - other.of_health)

    @property
    def is_safe(self) -> bool:
        return not self.changes or self.persons >= THRESHOLDS["health" if self.of_health else "people"]


class Year:
    """What stands behind the sensitive figures of one year, what readers were shown of them, and what they may be shown next.

    `measures` says which measures each sensitive indicator is made of, `health_measures` which of all are of the more sensitive kind,
    `shown` at which releases, in order, each cell was shown.
    """

    def __init__(
        self,
        measures: Mapping[str, frozenset[str]],
        health_measures: frozenset[str],
        changes: Iterable[Change],
        shown: Mapping[Cell, list[int]],
    ) -> None:
        self._changes = list(changes)
        classes = {change.behind.counted_in for change in self._changes}
        self._indicators = {
            name: [indicator for indicator, needed in measures.items() if needed & set(name.split(","))]
            for name in classes
        }
        self._is_health = {name: bool(health_measures & set(name.split(","))) for name in classes}
        self._inside: dict[Cell, list[int]] = defaultdict(list)
        self._cells_of: dict[Behind, list[Cell]] = {}
        for index, change in enumerate(self._changes):
            for cell in self.cells_of(change.behind):
                self._inside[cell].append(index)
        numbers: dict[tuple[tuple[Cell, int], ...], int] = {(): OUTSIDE}
        self._block = [
            numbers.setdefault(tuple(self._first_shown(change, shown)), len(numbers)) for change in self._changes
        ]

    def cells_of(self, behind: Behind) -> list[Cell]:
        """The cells in which these people are counted."""
        if behind not in self._cells_of:
            orgs = [("unit", behind.unit_id), ("group", behind.group_id), ("province", "")]
            self._cells_of[behind] = [
                Cell(indicator, level, org)
                for indicator in self._indicators[behind.counted_in]
                for level, org in orgs
                if org or level == "province"
            ]
        return self._cells_of[behind]

    def show(self, cells: Iterable[Cell]) -> Iterator[Cell]:
        """Those of the cells that may be shown as they are now, looked at in this order: what is shown first may keep out what comes after."""
        whole = self._totals(range(len(self._changes)))
        fresh = len(self._changes) + len(whole)
        for cell in cells:
            inside = self._inside.get(cell, [])
            cut = self._totals(inside)
            if not all(
                part.is_safe and (block == OUTSIDE or whole[block].without(part).is_safe) for block, part in cut.items()
            ):
                continue
            moved = {}
            for block, part in cut.items():
                fresh += 1
                moved[block] = fresh
                whole[block], whole[fresh] = whole[block].without(part), part
            for index in inside:
                self._block[index] = moved[self._block[index]]
            yield cell

    def _first_shown(self, change: Change, shown: Mapping[Cell, list[int]]) -> Iterator[tuple[Cell, int]]:
        """Of each cell that the change is in: the release at which readers first saw it with the change in it."""
        for cell in self.cells_of(change.behind):
            releases = shown.get(cell, [])
            at = bisect_left(releases, change.release_id)
            if at < len(releases):
                yield cell, releases[at]

    def _totals(self, indexes: Iterable[int]) -> dict[int, _Part]:
        """What the changes come to, by the block that they are in."""
        totals: dict[int, _Part] = defaultdict(_Part)
        for index in indexes:
            change = self._changes[index]
            totals[self._block[index]].add(change.persons, is_health=self._is_health[change.behind.counted_in])
        return totals
