"""Service sites: in 2021 six units with a provincial model mother-and-baby room (P30), one with a national childcare class (P31).

Every site is listed every quarter, with its recognition from the quarter in which it was recognised.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache

from connectors.sample.chance import Chance
from connectors.sample.days import chance_of, quarters
from connectors.sample.organisation import CLOSING, MERGED, OPENING, Unit, enterprises, reporters
from connectors.sample.profiles import profiles
from connectors.sample.reported import Reported
from expectations.periods import parse_period

MODEL_ROOMS = {2019: 3, 2020: 4, 2021: 6, 2022: 5, 2023: 5, 2024: 4, 2025: 4}
"""How many units had a room recognised by the province in each year."""

NATIONAL_CLASSES = {2020: 1, 2021: 1, 2022: 1, 2024: 2}
"""How many units had a childcare class recognised nationally in each year."""

CHILDCARE_CNY_PER_CHILD = 300
"""What the union adds for each child and quarter."""


@dataclass(frozen=True, slots=True)
class _Site:
    name: str
    kind: str
    capacity: int
    level: str
    recognised_on: date | None


def reported(year: int) -> tuple[Reported, ...]:
    """The sites of the year, by quarter and unit."""
    return tuple(row for quarter in quarters(year) for unit in reporters(quarter) for row in _list(unit, quarter))


def _list(unit: Unit, quarter: str) -> Iterator[Reported]:
    chance = chance_of(int(quarter[:4]), "service_site", unit.unit_code, quarter)
    last_day = parse_period(quarter).last_day
    for site in _sites(unit):
        if site.kind == "smart_union" and (unit.unit_code, quarter) not in _smart(int(quarter[:4])):
            continue
        is_recognised = site.recognised_on is not None and site.recognised_on <= last_day
        is_open = site.kind != "childcare_class" or quarter.endswith(("Q1", "Q3"))
        users = int(site.capacity * chance.share(0.5, 1.0)) if site.kind == "childcare_class" else site.capacity * 9
        values = {
            "site": site.name,
            "site_kind": site.kind,
            "recognition": site.level if is_recognised else "none",
            "recognised_on": site.recognised_on if is_recognised else None,
            "capacity": site.capacity,
            "users": users if is_open else 0,
            "subsidy_cny": users * CHILDCARE_CNY_PER_CHILD if is_open and site.kind == "childcare_class" else 0,
        }
        yield Reported("service_site", unit.unit_code, quarter, values)


@cache
def _smart(year: int) -> frozenset[tuple[str, str]]:
    """The units whose smart union is at least being built, by quarter: no site is in use before."""
    return frozenset((p.reporter, p.quarter) for p in profiles(year) if p.smart_union_status != "none")


@cache
def _sites(unit: Unit) -> tuple[_Site, ...]:
    """The sites of a unit: a workers' home, rooms for mothers and childcare classes where it has them."""
    chance = Chance("sites", unit.unit_code)
    sites = [_Site(f"{unit.short_name}职工之家", "other", chance.between(40, 200), "unit", date(2019, 5, 1))]
    model_year = _recognised(tuple(MODEL_ROOMS.items()), "rooms").get(unit.unit_code)
    if model_year or chance.happens(0.4):
        for number in range(1, 2 + (unit.size > 2_000)):
            level, year = ("provincial", model_year) if model_year else ("city", 2020)
            name = f"{unit.short_name}第{number}母婴关爱室"
            sites.append(_Site(name, "mother_baby_room", chance.between(4, 12), level, _day(year, chance)))
    class_year = _recognised(tuple(NATIONAL_CLASSES.items()), "classes").get(unit.unit_code)
    if class_year or chance.happens(0.2):
        level, year = ("national", class_year) if class_year else ("provincial", 2020)
        name = f"{unit.short_name}爱心托管班"
        sites.append(_Site(name, "childcare_class", chance.between(20, 60), level, _day(year, chance)))
    if chance.happens(0.3):
        sites.append(_Site(f"{unit.short_name}智慧工会服务站", "smart_union", chance.between(20, 80), "none", None))
    return tuple(sites)


def _day(year: int, chance: Chance) -> date:
    return date(year, chance.between(3, 12), chance.between(1, 28))


@cache
def _recognised(counts: tuple[tuple[int, int], ...], name: str) -> dict[str, int]:
    """The year in which each unit was recognised: every year so many of those that are waiting."""
    years: dict[str, int] = {}
    for year, count in counts:
        waiting = [u.unit_code for u in enterprises() if u.unit_code not in {OPENING, CLOSING, MERGED, *years}]
        years |= dict.fromkeys(Chance("recognised", name, year).some(waiting, count), year)
    return years
