"""What follows by sums and differences from figures that somebody noted: exact elimination over a large prime field."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping

PRIME = (1 << 61) - 1
"""Two rows that depend on each other over the rationals do so here; the other way round chance would have to hit one of 2^61."""

Row = dict[Hashable, int]


class Knowledge:
    """The sums that an attacker knows, as rows over unknowns; a sum is recovered when it is a combination of them."""

    def __init__(self) -> None:
        self._pivots: dict[Hashable, Row] = {}

    def learn(self, row: Mapping[Hashable, int]) -> None:
        """Take in one sum: how often each unknown counts in it. Those that are known to be 0 are left out by the caller."""
        rest = self._reduced(row)
        if rest:
            pivot = next(iter(rest))
            inverse = pow(rest[pivot], -1, PRIME)
            self._pivots[pivot] = {unknown: value * inverse % PRIME for unknown, value in rest.items()}

    def determines(self, row: Mapping[Hashable, int]) -> bool:
        """Whether the sum follows from what is known."""
        return not self._reduced(row)

    def _reduced(self, row: Mapping[Hashable, int]) -> Row:
        rest = {unknown: value % PRIME for unknown, value in row.items() if value % PRIME}
        while True:
            pivot = next((unknown for unknown in rest if unknown in self._pivots), None)
            if pivot is None:
                return rest
            factor = rest[pivot]
            for unknown, value in self._pivots[pivot].items():
                left = (rest.get(unknown, 0) - factor * value) % PRIME
                if left:
                    rest[unknown] = left
                else:
                    rest.pop(unknown, None)


def recovered(noted: Iterable[Mapping[Hashable, int]], wanted: Mapping[str, Mapping[Hashable, int]]) -> list[str]:
    """The names of the wanted sums that follow from the noted ones."""
    knowledge = Knowledge()
    for row in noted:
        knowledge.learn(row)
    return [name for name, row in wanted.items() if row and knowledge.determines(row)]
