"""Invented people: names that say that they are samples, and citizen IDs whose area does not exist."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from connectors.sample.chance import Chance
from expectations.citizen_id import check_character

_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏"
_GIVEN = "安宁和平康乐诚信勤俭明达远志文武春秋"
_MORE_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛超霞鹏飞玲刚辉燕红波斌华亮峰颖健琳浩雪晨瑞"
_MARK = "示"
"""The middle character of every name of the sample, as in 示例 (example): a search for it finds any that strayed."""

_FICTITIOUS_AREA = "619900"
"""61 is the province; no place in it has this code, so that no ID made from it can be anybody's."""

_FIRST_SEQUENCE = 540
"""The sequence numbers below it belong to the people of `person`, so that no ID of `member` can be one of theirs."""
_SEQUENCES = 1_000 - _FIRST_SEQUENCE
_COHORTS = 64
"""A cohort shares its days of birth with no other: every 64th day is its own, in whatever year somebody is born."""

CIRCLES: Mapping[str, range] = {
    "post": range(0, 20_000),
    "model_worker": range(20_000, 21_000),
    "mentor": range(21_000, 21_500),
    "apprentice": range(21_500, 23_000),
    "graduate": range(23_000, 25_000),
    "student": range(25_000, 26_000),
    "parent": range(26_000, 27_000),
    "reserve": range(27_000, 28_000),
}
"""The circles of invented people and which of the 29 440 numbers that there are belong to each."""


@dataclass(frozen=True, slots=True)
class Person:
    """An invented worker, or a worker's child."""

    name: str
    citizen_id: str

    @property
    def surname(self) -> str:
        """The first character of the name."""
        return self.name[0]


def person(serial: int) -> Person:
    """The invented worker of that number (0 to 539), always the same; ID valid by GB 11643-1999."""
    surname, given = _SURNAMES[serial % len(_SURNAMES)], _GIVEN[serial // len(_SURNAMES)]
    born = date(1964, 1, 1) + timedelta(days=Chance("born", serial).between(0, 11_500))
    return Person(f"{surname}{_MARK}{given}", _citizen_id(born, serial % 1000))


@cache
def member(circle: str, number: int, birth_year: int, surname: str | None = None) -> Person:
    """The person of that number in the circle, born in that year, of that surname where it is given.

    The caller gives a number the same year and surname each time. IDs are valid and no two numbers share one; names recur.
    Raises: IndexError if the circle has no such number.
    """
    cohort, sequence = divmod(CIRCLES[circle][number], _SEQUENCES)
    first_day = date(birth_year, 1, 1)
    first_day += timedelta(days=(cohort - first_day.toordinal()) % _COHORTS)
    born = first_day + timedelta(days=_COHORTS * (number * 7 // 3 % 4))
    given = (_MORE_GIVEN + _GIVEN)[(number * 31 + sequence) % (len(_MORE_GIVEN) + len(_GIVEN))]
    family = surname or _SURNAMES[(number + cohort) % len(_SURNAMES)]
    return Person(f"{family}{_MARK}{given}", _citizen_id(born, _FIRST_SEQUENCE + sequence))


def with_wrong_check_character(citizen_id: str) -> str:
    """The ID as a slip of the last key would leave it."""
    return citizen_id[:-1] + ("7" if citizen_id[-1] != "7" else "3")


def _citizen_id(born: date, sequence: int) -> str:
    seventeen = f"{_FICTITIOUS_AREA}{born:%Y%m%d}{sequence:03d}"
    return seventeen + check_character(seventeen)
