"""Cells as people type them, read for the second count: what must be there, within which bounds, in which words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

Row = Mapping[str, Any]


class WaitsError(ValueError):
    """A cell or a row does not say what it must."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A row of the register of units."""

    code: str
    kind: str
    parent: str | None
    valid_from: date
    valid_to: date | None

    def exists(self, first: date, last: date) -> bool:
        """Whether it exists on one of those days."""
        return self.valid_from <= last and (self.valid_to is None or first <= self.valid_to)


def must(is_so: bool) -> None:
    if not is_so:
        raise WaitsError


def amount(least: str, most: str) -> Callable[[object], Decimal]:
    """Money, to the cent: what is typed finer is rounded, and only warned of."""

    def read(value: object) -> Decimal:
        must(isinstance(value, int | float))
        cents = Decimal(str(value)).quantize(Decimal("0.01"), ROUND_HALF_UP)
        must(Decimal(least) <= cents <= Decimal(most))
        return cents

    return read


def count(least: int, most: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        must(isinstance(value, int) and least <= value <= most)
        assert isinstance(value, int)
        return value

    return read


def one_of(*labels: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        must(value in labels)
        return str(value)

    return read


def day(value: object) -> date:
    must(isinstance(value, datetime))
    assert isinstance(value, datetime)
    return value.date()


def citizen_id(value: object) -> str:
    """A citizen ID: 18 characters, and with the weights 2^17 … 2^0 they add up to 1 modulo 11 (X is ten)."""
    must(isinstance(value, str) and len(value) == 18 and value[:17].isdigit())
    assert isinstance(value, str)
    digits = [10 if character == "X" else int(character) for character in value]
    must(sum(digit * 2 ** (17 - place) for place, digit in enumerate(digits)) % 11 == 1)
    return value
