"""Invented people: names that say that they are samples, and citizen IDs whose area does not exist."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from connectors.sample.chance import Chance
from expectations.citizen_id import check_character

_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏"
_GIVEN = "安宁和平康乐诚信勤俭明达远志文武春秋"
_MARK = "示"
"""The middle character of every name of the sample, as in 示例 (example): a search for it finds any that strayed."""

_FICTITIOUS_AREA = "619900"
"""61 is the province; no place in it has this code, so that no ID made from it can be anybody's."""


@dataclass(frozen=True, slots=True)
class Person:
    """An invented worker."""

    name: str
    citizen_id: str


def person(serial: int) -> Person:
    """The invented worker of that number (0 to 539), always the same; ID valid by GB 11643-1999."""
    surname, given = _SURNAMES[serial % len(_SURNAMES)], _GIVEN[serial // len(_SURNAMES)]
    born = date(1964, 1, 1) + timedelta(days=Chance("born", serial).between(0, 11_500))
    seventeen = f"{_FICTITIOUS_AREA}{born:%Y%m%d}{serial % 1000:03d}"
    return Person(name=f"{surname}{_MARK}{given}", citizen_id=seventeen + check_character(seventeen))


def with_wrong_check_character(citizen_id: str) -> str:
    """The ID as a slip of the last key would leave it."""
    return citizen_id[:-1] + ("7" if citizen_id[-1] != "7" else "3")
