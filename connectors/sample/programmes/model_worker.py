"""The lists of model workers: 160 named by the provincial defence industry from 2018 to 2021 (P13), others besides.

A unit lists all of them every year. Later years are synthetic.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from connectors.sample.chance import Chance
from connectors.sample.organisation import CLOSING, MERGED, OPENING, enterprises
from connectors.sample.people import Person, member
from connectors.sample.programmes.skills_contest import TRADES
from connectors.sample.reported import Reported

NAMED = {
    "defence_industry": {
        2014: 30,
        2016: 34,
        2018: 48,
        2019: 36,
        2020: 34,
        2021: 42,
        2022: 30,
        2023: 32,
        2024: 30,
        2025: 34,
    },
    "provincial": {2012: 14, 2017: 16, 2022: 14},
    "national": {2010: 3, 2015: 4, 2020: 5, 2025: 5},
    "other": {2016: 12, 2019: 15, 2023: 12},
}
"""How many were named in each year, by the codes of the honours: those of the defence industry from 2018 to 2021 are 160."""

_HAS_ANOTHER = 0.3
"""How likely somebody with a higher honour was named by the defence industry before."""


@dataclass(frozen=True, slots=True)
class Honour:
    """One honour of one person; `unit_id` is the unit that lists it."""

    unit_id: str
    person: Person
    level: str
    year: int
    trade: str | None


def reported(year: int) -> tuple[Reported, ...]:
    """The lists of the year, by unit, year of the honour and person: all honours up to then."""
    return tuple(
        Reported(
            "model_worker",
            honour.unit_id,
            str(year),
            {
                "person_name": honour.person.name,
                "person_citizen_id": honour.person.citizen_id,
                "honour_level": honour.level,
                "honour_year": honour.year,
                "skill_trade": honour.trade,
            },
        )
        for honour in honours()
        if honour.year <= year
    )


@cache
def honours() -> tuple[Honour, ...]:
    """Every honour until the plan ends, by unit, year and person."""
    return tuple(sorted(_named(), key=lambda h: (h.unit_id, h.year, h.person.citizen_id, h.level)))


def _named() -> Iterator[Honour]:
    lasting = [unit for unit in enterprises() if unit.unit_code not in (OPENING, CLOSING, MERGED)]
    # Large enterprises have more of them.
    tickets = [unit.unit_code for unit in lasting for _ in range(1 + unit.size // 400)]
    by_unit: dict[str, list[Honour]] = {}
    number = 0
    for level, counts in NAMED.items():
        for year, count in counts.items():
            for _ in range(count):
                chance = Chance("model_worker", number)
                unit_id = chance.pick(tickets)
                earlier = _free(by_unit.get(unit_id, []), level, year)
                if level != "defence_industry" and earlier and chance.happens(_HAS_ANOTHER):
                    before = chance.pick(earlier)
                    honour = Honour(unit_id, before.person, level, year, before.trade)
                else:
                    trade = chance.pick(TRADES) if chance.happens(0.7) else None
                    born = year - chance.between(32, 48)
                    honour = Honour(unit_id, member("model_worker", number, born), level, year, trade)
                by_unit.setdefault(unit_id, []).append(honour)
                number += 1
                yield honour


def _free(honours_of_unit: list[Honour], level: str, year: int) -> list[Honour]:
    """Those named in an earlier year who have not this honour yet."""
    has_it = {honour.person for honour in honours_of_unit if honour.level == level}
    return [honour for honour in honours_of_unit if honour.year < year and honour.person not in has_it]
