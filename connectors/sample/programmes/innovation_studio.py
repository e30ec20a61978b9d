"""Innovation studios and their alliances: two alliances founded in 2021 (P10), two more each year, each of another trade.

Every studio is listed every quarter; it names its alliance from the quarter in which that is founded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache

from connectors.sample.chance import Chance
from connectors.sample.days import chance_of, quarters
from connectors.sample.organisation import CLOSING, MERGED, OPENING, Unit, enterprises, reporters
from connectors.sample.people import person
from connectors.sample.programmes.skills_contest import TRADES
from connectors.sample.reported import Reported
from expectations.periods import parse_period

ALLIANCES = {
    "钳工": date(2021, 6, 18),
    "数控加工": date(2021, 9, 16),
    "焊工": date(2022, 5, 20),
    "电工": date(2022, 10, 21),
    "车工": date(2023, 6, 16),
    "铣工": date(2023, 9, 22),
    "无线电装接工": date(2024, 5, 17),
    "质量检验工": date(2024, 10, 18),
    "磨工": date(2025, 6, 20),
    "热处理工": date(2025, 9, 19),
}
"""The trade of each alliance and the day on which it was founded."""

MEMBERS = 6
"""How many studios, each of another enterprise, found an alliance; the first of them leads it."""


@dataclass(frozen=True, slots=True)
class _Studio:
    name: str
    lead: str
    level: str
    trade: str
    founded_on: date
    alliance_role: str | None


def reported(year: int) -> tuple[Reported, ...]:
    """The studios of the year, by quarter and unit."""
    return tuple(row for quarter in quarters(year) for unit in reporters(quarter) for row in _list(unit, quarter))


def _list(unit: Unit, quarter: str) -> Iterator[Reported]:
    chance = chance_of(int(quarter[:4]), "innovation_studio", unit.unit_code, quarter)
    last_day = parse_period(quarter).last_day
    for studio in _studios(unit):
        alliance_founded_on = ALLIANCES[studio.trade] if studio.alliance_role else None
        is_allied = alliance_founded_on is not None and alliance_founded_on <= last_day
        values = {
            "studio": studio.name,
            "lead_worker": studio.lead,
            "studio_level": studio.level,
            "trade": studio.trade,
            "founded_on": studio.founded_on,
            "alliance": f"{studio.trade}创新工作室联盟" if is_allied else None,
            "alliance_trade": studio.trade if is_allied else None,
            "alliance_role": studio.alliance_role if is_allied else None,
            "alliance_founded_on": alliance_founded_on if is_allied else None,
            "results_count": chance.pick((0, 0, 1, 1, 2, 3)),
        }
        yield Reported("innovation_studio", unit.unit_code, quarter, values)


@cache
def _studios(unit: Unit) -> tuple[_Studio, ...]:
    """The studios of a unit: those of the alliances that it will found, and some of its own."""
    chance = Chance("studios", unit.unit_code)
    allied = [trade for trade in ALLIANCES if unit.unit_code in _members(trade)]
    others = chance.some([trade for trade in TRADES if trade not in allied], min(3, unit.size // 900))
    return tuple(_studio(unit, trade, trade in allied, chance) for trade in (*allied, *others))


def _studio(unit: Unit, trade: str, is_allied: bool, chance: Chance) -> _Studio:
    level = chance.pick(("unit", "unit", "city", "provincial", "national"))
    # A high recognition takes some years.
    first, last = (2012, 2016) if level in ("provincial", "national") else (2016, 2019)
    return _Studio(
        name=f"{unit.short_name}{trade}创新工作室",
        lead=person(chance.between(200, 390)).name,
        level=level,
        trade=trade,
        founded_on=date(chance.between(first, last), chance.between(1, 12), chance.between(1, 28)),
        alliance_role=("lead" if _members(trade)[0] == unit.unit_code else "member") if is_allied else None,
    )


@cache
def _members(trade: str) -> tuple[str, ...]:
    lasting = [unit.unit_code for unit in enterprises() if unit.unit_code not in (OPENING, CLOSING, MERGED)]
    return tuple(Chance("alliance", trade).some(lasting, MEMBERS))
