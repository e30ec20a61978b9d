"""Which lines each relief campaign of a year has, before its money is shared out among them.

Grain: one `Draft` per line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from connectors.sample.days import YEAR, chance_of
from connectors.sample.organisation import NUCLEAR, OFFICE, OPENING, Unit, enterprises

WINTER_WARMTH_UNITS = 40

NOT_REACHED = ("A0112", "A0605")
"""Enterprises that nobody visited in the whole year, so that the coverage stays below 100 %."""

SPRING_FESTIVALS = {
    2021: date(2021, 2, 11),
    2022: date(2022, 1, 31),
    2023: date(2023, 1, 21),
    2024: date(2024, 2, 9),
    2025: date(2025, 1, 28),
}
"""The eve of the festival of each year: winter warmth and gift parcels come before it."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A line that waits for its part of the campaign's total, in proportion to its `weight`."""

    reporter: str
    month: str
    group: str
    unit: str
    level: str
    weight: float
    cny_per_person: int
    goods_share: float


def winter_warmth_units(year: int = YEAR) -> list[Unit]:
    """The enterprises that winter warmth reaches, 40 in 2021; all of them exist in January, when it begins."""
    count = WINTER_WARMTH_UNITS + 2 * (year - YEAR)
    return chance_of(year, "winter_warmth").some([unit for unit in reached(year) if is_old(unit)], count)


def is_old(unit: Unit) -> bool:
    """Whether the enterprise was there when the sample year began."""
    return unit.unit_code != OPENING


def reached(year: int) -> list[Unit]:
    """The enterprises that are visited at all."""
    return [unit for unit in enterprises(year) if unit.unit_code not in NOT_REACHED]


def winter_warmth(year: int) -> Iterator[Draft]:
    """What enterprises and the office give before the Spring Festival, and enterprises again in December."""
    chance = chance_of(year, "winter_warmth", "lines")
    warmed, months = winter_warmth_units(year), _winter_months(year)
    for unit in warmed:
        month, code = chance.pick(months), unit.unit_code
        yield Draft(code, month, "hardship", code, "enterprise", chance.share(10, 40), 1_000, 0.25)
        if chance.happens(0.4):
            yield Draft(code, month, "retiree", code, "enterprise", chance.share(4, 15), 600, 0.5)
        if chance.happens(0.35) and unit.valid_to is None:
            yield Draft(code, f"{year}-12", "front_line", code, "enterprise", chance.share(5, 20), 300, 0.6)
    for unit in chance.some(warmed, 24):
        month, level = chance.pick(months), chance.pick(("provincial", "provincial", "national"))
        yield Draft(OFFICE, month, "hardship", unit.unit_code, level, chance.share(15, 30), 2_000, 0.0)


def nuclear_hardship(year: int) -> Iterator[Draft]:
    """What the office gives in summer to retirees and bereaved relatives of the nuclear industry."""
    chance = chance_of(year, "nuclear_hardship")
    for unit in reached(year):
        if unit.parent_code == NUCLEAR:
            yield Draft(
                OFFICE, f"{year}-07", "nuclear_hardship", unit.unit_code, "provincial", chance.share(2, 4), 1_000, 0.0
            )


def summer_cooling(year: int) -> Iterator[Draft]:
    """What unions of every level raise for those who work in the heat."""
    chance, july = chance_of(year, "summer_cooling"), f"{year}-07"
    for unit in reached(year):
        code = unit.unit_code
        for month in (f"{year}-06", july, f"{year}-08"):
            for group, share, likely in (("front_line", 0.8, 0.9), ("general", 0.2, 0.5)):
                if chance.happens(likely):
                    weight = unit.size * share * chance.share(0.7, 1.3)
                    yield Draft(code, month, group, code, "enterprise", weight, 90, chance.share(0.5, 0.9))
        if chance.happens(0.3):
            yield Draft(code, july, "front_line", code, "donation", 60, 120, 1.0)
    for unit in chance.some(reached(year), 20):
        level = chance.pick(("provincial", "provincial", "national"))
        yield Draft(OFFICE, july, "front_line", unit.unit_code, level, chance.share(150, 300), 150, 0.4)


def disaster_relief(year: int) -> Iterator[Draft]:
    """What is given to enterprises that a flood has struck."""
    chance = chance_of(year, "disaster_relief")
    struck = chance.some(reached(year), 14)
    for unit in struck:
        month, code = chance.pick((f"{year}-07", f"{year}-08", f"{year}-09")), unit.unit_code
        yield Draft(code, month, "general", code, "enterprise", chance.share(5, 25), 800, 0.3)
        if chance.happens(0.5):
            yield Draft(code, month, "hardship", code, "donation", chance.share(3, 10), 1_500, 0.6)
    for unit in chance.some(struck, 8):
        month = f"{year}-09" if unit.valid_to else f"{year}-10"
        yield Draft(OFFICE, month, "hardship", unit.unit_code, "provincial", chance.share(10, 30), 2_000, 0.0)


def _winter_months(year: int) -> tuple[str, ...]:
    """The months in which there is time to give before the festival."""
    return tuple(f"{year}-{month:02d}" for month in range(1, SPRING_FESTIVALS[year].month + 1))
