"""The relief lines of the sample year: invented line by line, real in their totals.

Grain: one `ReliefLine` per line of a relief ledger. All amounts in CNY.
Source of the totals: the figures that the union published for 2021 (P16 to P21, P25, P28).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache

from connectors.sample.chance import Chance, split
from connectors.sample.days import day_in
from connectors.sample.organisation import NUCLEAR, OFFICE, OPENING, Unit, enterprises

WINTER_WARMTH_UNITS, WINTER_WARMTH_CNY = 40, 1_420_000
GIFT_PARCEL_UNITS, GIFT_PARCEL_PERSONS = 12, 500
GIFT_CASH_CNY, GIFT_GOODS_CNY = 300, 140
"""What each of the 500 was given: 220 000 CNY in all, as published."""
SUMMER_COOLING_CNY, NUCLEAR_HARDSHIP_CNY = 35_598_540, 150_000
"""Raised by unions at every level; the money for the nuclear hardship group is inside it and counted once."""
DISASTER_RELIEF_CNY = 908_360

NOT_REACHED = ("A0112", "A0605")
"""Enterprises that nobody visited in the whole year, so that the coverage stays below 100 %."""


@dataclass(frozen=True, slots=True)
class ReliefLine:
    """One relief line in the codes of the contract; `reporter` and `month` say whose workbook holds it."""

    reporter: str
    month: str
    campaign: str
    beneficiary_group: str
    beneficiary_unit: str
    funding_level: str
    money_flow: str
    persons: int
    cash_cny: int
    goods_cny: int
    given_on: date

    @property
    def amount_cny(self) -> int:
        """Cash and goods together, CNY."""
        return self.cash_cny + self.goods_cny

    def row(self) -> dict[str, object]:
        """The values of the contract's fields, in its codes."""
        return {name: value for name, value in asdict(self).items() if name not in ("reporter", "month")}


@dataclass(frozen=True, slots=True)
class _Draft:
    """A line that waits for its part of the campaign's total, in proportion to its `weight`."""

    reporter: str
    month: str
    group: str
    unit: str
    level: str
    weight: float
    cny_per_person: int
    goods_share: float


@cache
def relief_lines() -> tuple[ReliefLine, ...]:
    """Every relief line of the year, by reporter, month and day."""
    lines = [
        *_share_out("winter_warmth", "paid", WINTER_WARMTH_CNY, 100, _winter_warmth()),
        *_gift_parcels(),
        *_share_out("summer_cooling", "raised", NUCLEAR_HARDSHIP_CNY, 100, _nuclear_hardship()),
        *_share_out("summer_cooling", "raised", SUMMER_COOLING_CNY - NUCLEAR_HARDSHIP_CNY, 20, _summer_cooling()),
        *_share_out("disaster_relief", "paid", DISASTER_RELIEF_CNY, 20, _disaster_relief()),
    ]
    return tuple(
        sorted(lines, key=lambda line: (line.reporter, line.month, line.given_on, line.campaign, line.beneficiary_unit))
    )


def winter_warmth_units() -> list[Unit]:
    """The 40 enterprises that winter warmth reaches; all of them exist in January, when it begins."""
    return Chance("winter_warmth").some([unit for unit in _reached() if unit.unit_code != OPENING], WINTER_WARMTH_UNITS)


def gift_parcel_units() -> list[Unit]:
    """The 12 enterprises whose hardship workers are sent gift parcels, some of them not among the 40."""
    return Chance("gift_parcel").some([unit for unit in _reached() if unit.unit_code != OPENING], GIFT_PARCEL_UNITS)


def _reached() -> list[Unit]:
    return [unit for unit in enterprises() if unit.unit_code not in NOT_REACHED]


def _share_out(
    campaign: str, money_flow: str, total_cny: int, step: int, drafts: Iterable[_Draft]
) -> Iterator[ReliefLine]:
    """The drafts as lines whose amounts add up to the total exactly."""
    waiting = list(drafts)
    for draft, amount in zip(waiting, split(total_cny, [draft.weight for draft in waiting], step), strict=True):
        # The Spring Festival of 2021 began on 11 February: winter warmth comes before it.
        last = 10 if draft.month == "2021-02" else 25
        goods = int(amount * draft.goods_share) // step * step
        yield ReliefLine(
            reporter=draft.reporter,
            month=draft.month,
            campaign=campaign,
            beneficiary_group=draft.group,
            beneficiary_unit=draft.unit,
            funding_level=draft.level,
            money_flow=money_flow,
            persons=max(1, amount // draft.cny_per_person),
            cash_cny=amount - goods,
            goods_cny=goods,
            given_on=day_in(
                draft.month, Chance("day", campaign, draft.reporter, draft.month, draft.unit, draft.group), 4, last
            ),
        )


def _winter_warmth() -> Iterator[_Draft]:
    chance = Chance("winter_warmth", "lines")
    warmed = winter_warmth_units()
    for unit in warmed:
        month = chance.pick(("2021-01", "2021-02"))
        yield _Draft(unit.unit_code, month, "hardship", unit.unit_code, "enterprise", chance.share(10, 40), 1_000, 0.25)
        if chance.happens(0.4):
            yield _Draft(unit.unit_code, month, "retiree", unit.unit_code, "enterprise", chance.share(4, 15), 600, 0.5)
        if chance.happens(0.35) and unit.valid_to is None:
            yield _Draft(
                unit.unit_code, "2021-12", "front_line", unit.unit_code, "enterprise", chance.share(5, 20), 300, 0.6
            )
    for unit in chance.some(warmed, 24):
        month, level = chance.pick(("2021-01", "2021-02")), chance.pick(("provincial", "provincial", "national"))
        yield _Draft(OFFICE, month, "hardship", unit.unit_code, level, chance.share(15, 30), 2_000, 0.0)


def _gift_parcels() -> Iterator[ReliefLine]:
    chance = Chance("gift_parcel", "lines")
    reached = gift_parcel_units()
    persons = split(GIFT_PARCEL_PERSONS, [chance.share(3, 6) for _ in reached], 1)
    for unit, count in zip(reached, persons, strict=True):
        yield ReliefLine(
            reporter=OFFICE,
            month="2021-02",
            campaign="gift_parcel",
            beneficiary_group="hardship",
            beneficiary_unit=unit.unit_code,
            funding_level="provincial",
            money_flow="paid",
            persons=count,
            cash_cny=count * GIFT_CASH_CNY,
            goods_cny=count * GIFT_GOODS_CNY,
            given_on=day_in("2021-02", chance, 1, 9),
        )


def _nuclear_hardship() -> Iterator[_Draft]:
    chance = Chance("nuclear_hardship")
    for unit in _reached():
        if unit.parent_code == NUCLEAR:
            yield _Draft(
                OFFICE, "2021-07", "nuclear_hardship", unit.unit_code, "provincial", chance.share(2, 4), 1_000, 0.0
            )


def _summer_cooling() -> Iterator[_Draft]:
    chance = Chance("summer_cooling")
    for unit in _reached():
        for month in ("2021-06", "2021-07", "2021-08"):
            for group, share, likely in (("front_line", 0.8, 0.9), ("general", 0.2, 0.5)):
                if chance.happens(likely):
                    weight = unit.size * share * chance.share(0.7, 1.3)
                    yield _Draft(
                        unit.unit_code, month, group, unit.unit_code, "enterprise", weight, 90, chance.share(0.5, 0.9)
                    )
        if chance.happens(0.3):
            yield _Draft(unit.unit_code, "2021-07", "front_line", unit.unit_code, "donation", 60, 120, 1.0)
    for unit in chance.some(_reached(), 20):
        level = chance.pick(("provincial", "provincial", "national"))
        yield _Draft(OFFICE, "2021-07", "front_line", unit.unit_code, level, chance.share(150, 300), 150, 0.4)


def _disaster_relief() -> Iterator[_Draft]:
    chance = Chance("disaster_relief")
    struck = chance.some(_reached(), 14)
    for unit in struck:
        month = chance.pick(("2021-07", "2021-08", "2021-09"))
        yield _Draft(unit.unit_code, month, "general", unit.unit_code, "enterprise", chance.share(5, 25), 800, 0.3)
        if chance.happens(0.5):
            yield _Draft(unit.unit_code, month, "hardship", unit.unit_code, "donation", chance.share(3, 10), 1_500, 0.6)
    for unit in chance.some(struck, 8):
        month = "2021-09" if unit.valid_to else "2021-10"
        yield _Draft(OFFICE, month, "hardship", unit.unit_code, "provincial", chance.share(10, 30), 2_000, 0.0)
