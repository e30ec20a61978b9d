"""Seeded chance: the same names give the same draws on every Python, so that the sample is the same everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

SEED = "陕西省国防工会 2021 样例"
"""One seed for the whole sample; another seed is another sample."""

T = TypeVar("T")


class Chance:
    """Draws that depend on nothing but the seed and the names given.

    Only `Random.random` is used, the one generator that Python promises to keep from version to version.
    """

    def __init__(self, *names: object) -> None:
        self._random = Random("/".join((SEED, *map(str, names)))).random

    def share(self, low: float, high: float) -> float:
        """A number from `low` up to `high`."""
        return low + (high - low) * self._random()

    def between(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both possible."""
        return low + int(self._random() * (high - low + 1))

    def happens(self, probability: float) -> bool:
        """True with that probability (0 to 1)."""
        return self._random() < probability

    def pick(self, choices: Sequence[T]) -> T:
        """One of the choices."""
        return choices[self.between(0, len(choices) - 1)]

    def some(self, choices: Sequence[T], count: int) -> list[T]:
        """So many different ones of the choices, in their order. Raises: ValueError if there are fewer."""
        if count > len(choices):
            raise ValueError(f"asked for {count} of {len(choices)}")
        drawn = sorted(range(len(choices)), key=[self._random() for _ in choices].__getitem__)[:count]
        return [choices[index] for index in sorted(drawn)]


def split(total: int, weights: Sequence[float], step: int) -> list[int]:
    """Whole amounts in proportion to the weights, each at least one `step`, that add up to `total` exactly.

    Each is a multiple of `step` but the first, which carries what the step leaves over.
    Raises: ValueError if the total is too small.
    """
    steps, rest = divmod(total, step)
    spare = steps - len(weights)
    if spare < 0:
        raise ValueError(f"{total} cannot be split into {len(weights)} amounts of at least {step}")
    whole = sum(weights)
    exact = [spare * weight / whole for weight in weights]
    parts = [1 + int(share) for share in exact]
    by_fraction = sorted(range(len(parts)), key=lambda i: (int(exact[i]) - exact[i], i))
    for index in by_fraction[: steps - sum(parts)]:
        parts[index] += 1
    amounts = [part * step for part in parts]
    amounts[0] += rest
    return amounts
