"""What the faults did: counted over all cases of a test, and told as one table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.faults.reader import Looks


@dataclass(slots=True)
class Tally:
    """The counts of a subject. `details` says of each case that went wrong how to have it again and what was wrong."""

    subject: str
    cases: int = 0
    hits: Counter[str] = field(default_factory=Counter)
    """Faults that hit a run while it was under way, by fault and place."""
    missed: int = 0
    """Faults that came when the run had ended already."""
    lost: int = 0
    """Rows that should be there and are not."""
    doubled: int = 0
    """Rows that are there more often than they should be."""
    looks: int = 0
    unanswered: int = 0
    mixed: int = 0
    hand_work: int = 0
    """Cases in which the same command, given again, did not end well."""
    leftovers: int = 0
    """Files that a killed run left and the next ones did not clear away."""
    seconds: float = 0.0
    details: list[str] = field(default_factory=list)

    def compare(self, case: str, expected: Mapping[str, Sequence[str]], found: Mapping[str, Sequence[str]]) -> None:
        """Count what is lost and what is doubled, table by table."""
        for table in sorted({*expected, *found}):
            wanted, had = Counter(expected.get(table, ())), Counter(found.get(table, ()))
            lost, doubled = (wanted - had).total(), (had - wanted).total()
            self.lost += lost
            self.doubled += doubled
            if lost or doubled:
                self.details.append(f"{case}: {table}: {lost} lost, {doubled} too many")

    def read(self, case: str, looks: Looks) -> None:
        """Count what a reader saw."""
        self.looks += looks.answered
        self.unanswered += looks.unanswered
        self.mixed += len(looks.mixed)
        self.details += [f"{case}: reader: {text}" for text in sorted(set(looks.mixed))]

    @property
    def is_clean(self) -> bool:
        """Whether nothing went wrong."""
        return not (self.lost or self.doubled or self.mixed or self.hand_work or self.leftovers)

    def __str__(self) -> str:
        facts = {
            "cases": self.cases,
            "faults that hit": self.hits.total(),
            "  came too late": self.missed,
            "rows lost": self.lost,
            "rows too many": self.doubled,
            "looks of the reader": self.looks,
            "  unanswered": self.unanswered,
            "  mixed": self.mixed,
            "hand work": self.hand_work,
            "files left behind": self.leftovers,
            "seconds": round(self.seconds),
        }
        lines = [f"{self.subject}", *(f"  {name:22} {count:>8}" for name, count in facts.items()), "  where they hit:"]
        lines += [f"    {place:34} {count:>6}" for place, count in sorted(self.hits.items())]
        return "\n".join(lines + [f"  ! {text}" for text in self.details])
