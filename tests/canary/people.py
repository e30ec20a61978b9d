"""Fifty people whom nobody else is called like, and secrets that nothing else looks like: the marks."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from tests.night.inbox import citizen_id

SURNAMES = ("亓官", "漆雕", "钟离", "令狐", "濮阳", "澹台", "壤驷", "谷梁", "闾丘", "仉督")
GIVEN = "濯翾黼燊赟翀龑彧祎婳翊骉淼焱垚鑫犇羴猋矗"
FOUR_BYTES = "㐂"
"""In GB18030 four bytes long."""


@dataclass(frozen=True, slots=True)
class Person:
    """One invented person, and all that a clerk might write about them."""

    name: str
    citizen_id: str
    phone: str
    bank_card: str
    address: str

    def marks(self, number: int) -> dict[str, str]:
        """What must not be found, by words that say whose it is. Of the ID its first 15 characters: Excel's numbers keep no more."""
        return {
            f"name {number}": self.name,
            f"ID {number}": self.citizen_id[:15],
            f"phone {number}": self.phone,
            f"card {number}": self.bank_card,
            f"address {number}": self.address,
        }

    @property
    def wrong_id(self) -> str:
        """The ID with another check character."""
        return self.citizen_id[:17] + ("1" if self.citizen_id[17] != "1" else "2")


def people(count: int) -> list[Person]:
    """So many people, always the same."""
    chance = random.Random(1949)
    made: dict[str, Person] = {}
    while len(made) < count:
        number = len(made)
        last = FOUR_BYTES if number == 7 else chance.choice(GIVEN)
        name = chance.choice(SURNAMES) + chance.choice(GIVEN) + last
        day = f"{chance.randint(1961, 1999)}{chance.randint(1, 12):02}{chance.randint(1, 28):02}"
        card = _with_luhn(f"622848{chance.randrange(10**12):012}")
        made[name] = Person(
            name,
            citizen_id(f"610199{day}{number // 10:01}{number % 10:01}{chance.randrange(10)}"),
            f"1708{chance.randrange(10**7):07}",
            card,
            f"样例市{chance.choice(GIVEN)}{chance.choice(GIVEN)}巷{chance.randint(100, 999)}号{number}室",
        )
    return list(made.values())


def marks_of(crowd: Sequence[Person]) -> dict[str, str]:
    """The marks of all."""
    return {name: text for number, person in enumerate(crowd) for name, text in person.marks(number).items()}


def secret(kind: str) -> str:
    """A secret of that kind, always the same: letters, digits, and two characters that URLs write otherwise."""
    chance = random.Random(kind)
    return "".join(chance.choice("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789") for _ in range(22)) + "+/"


def _with_luhn(digits: str) -> str:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (2 if place % 2 == 0 else 1)
        total += number - 9 if number > 9 else number
    return f"{digits}{-total % 10}"
