"""Generated ledgers of people: who is helped where, release by release, what readers are shown of it, and what they could work out."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field

from connectors.warehouse.small_numbers.rule import THRESHOLDS, Behind, Cell, Change, Year

MEASURES = {
    "relief": frozenset({"relief"}),
    "winter": frozenset({"winter"}),
    "daily": frozenset({"daily"}),
    "nuclear": frozenset({"nuclear"}),
}
CLASSES = ("relief,winter", "daily,relief", "nuclear,relief,winter", "relief")
HEALTH = frozenset({"nuclear"})
LEVELS = ("province", "group", "unit")


@dataclass
class Ledger:
    """A province of some units and the releases of one year. `naive` shows every cell that is not small itself; `forgetful` forgets
    at each release what was shown before: both are what the rule must be better than."""

    chance: random.Random
    naive: bool = False
    forgetful: bool = False
    changes: list[Change] = field(default_factory=list)
    people: dict[Behind, int] = field(default_factory=lambda: defaultdict(int))
    shown: dict[Cell, list[int]] = field(default_factory=lambda: defaultdict(list))
    noted: list[tuple[Cell, int]] = field(default_factory=list)

    def live(self, releases: int, units: int) -> None:
        """Let answers arrive, be corrected and be taken back, and publish after each."""
        homes = {f"U{number}": f"G{self.chance.randrange(1 + units // 4)}" for number in range(units)}
        for release_id in range(1, releases + 1):
            for _ in range(self.chance.choice((1, 1, 2, units))):
                unit = self.chance.choice(list(homes))
                behind = Behind(self.chance.choice(CLASSES), unit, homes[unit])
                before = self.people[behind]
                after = self.chance.choice(
                    (before, before + 1, before + self.chance.randrange(1, 30), self.chance.randrange(12), 0)
                )
                if after != before and not any(c.behind == behind and c.release_id == release_id for c in self.changes):
                    self.changes.append(Change(behind, release_id, after - before))
                    self.people[behind] = after
            self._publish(release_id)

    def _publish(self, release_id: int) -> None:
        changes = self.changes
        there = {behind: persons for behind, persons in self.people.items() if persons}
        if self.forgetful:
            changes = [Change(behind, release_id, persons) for behind, persons in there.items()]
        year = Year(MEASURES, HEALTH, changes, {} if self.forgetful else self.shown)
        moved = [c.behind for c in changes if c.release_id == release_id]
        cells = {cell for behind in moved for cell in year.cells_of(behind)}
        ordered = sorted(cells, key=lambda cell: (LEVELS.index(cell.org_level), cell.indicator_id, cell.org_id))
        for cell in [c for c in ordered if self._is_large(c)] if self.naive else year.show(ordered):
            self.shown[cell].append(release_id)
            self.noted.append((cell, release_id))

    def _is_large(self, cell: Cell) -> bool:
        persons = sum(persons for behind, persons in self.people.items() if counts_in(behind, cell))
        return persons >= THRESHOLDS["health" if cell.indicator_id == "nuclear" else "people"]

    def noted_sums(self) -> Iterator[dict[Hashable, int]]:
        """What readers noted, as sums over changes: those that did not happen are known, for who sent what when is no secret."""
        for cell, release_id in self.noted:
            yield self.sum_of(cell, 0, release_id)

    def sum_of(self, cell: Cell, after: int, until: int) -> dict[Hashable, int]:
        """The changes of a cell after one release and until another, each once."""
        return {c: 1 for c in self.changes if after < c.release_id <= until and counts_in(c.behind, cell)}

    def secrets(self) -> dict[str, dict[Hashable, int]]:
        """Every small number of persons that was in the year: of each cell at each release, of each step between two releases, and of each
        class of each unit, which no figure shows."""
        releases = sorted({c.release_id for c in self.changes})
        cells = {Cell(i, level, org) for i in MEASURES for level, org in self._orgs()}
        secrets: dict[str, dict[Hashable, int]] = {}
        for cell in cells:
            for until in releases:
                for after in (0, *releases):
                    row = self.sum_of(cell, after, until)
                    if is_small(row):
                        secrets[f"{cell.indicator_id} {cell.org_level} {cell.org_id} {after}..{until}"] = row
        for behind in {c.behind for c in self.changes}:
            for until in releases:
                row = {c: 1 for c in self.changes if c.behind == behind and c.release_id <= until}
                if is_small(row):
                    secrets[f"{behind} ..{until}"] = row
        return secrets

    def _orgs(self) -> set[tuple[str, str]]:
        return {("province", "")} | {
            org for c in self.changes for org in (("group", c.behind.group_id), ("unit", c.behind.unit_id))
        }


def counts_in(behind: Behind, cell: Cell) -> bool:
    """Whether these people are counted in the cell."""
    org = {"province": "", "group": behind.group_id, "unit": behind.unit_id}[cell.org_level]
    return cell.indicator_id in behind.counted_in.split(",") and org == cell.org_id


def is_small(row: Mapping[Hashable, int]) -> bool:
    """Whether a sum of changes is of somebody, but of fewer than the threshold of the most sensitive among them.

    Who came and went again at one place is not in it. Twenty who went at one place and eighteen who came at another are no two persons.
    """
    net: dict[Behind, int] = defaultdict(int)
    for change, times in row.items():
        assert isinstance(change, Change)
        net[change.behind] += change.persons * times
    moved = {behind: persons for behind, persons in net.items() if persons}
    came, went = (sum(max(sign * persons, 0) for persons in moved.values()) for sign in (1, -1))
    kind = "health" if any("nuclear" in behind.counted_in for behind in moved) else "people"
    return 0 < max(came, went) < THRESHOLDS[kind]
