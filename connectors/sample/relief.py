"""The relief lines of the sample: invented line by line; those of 2021 are real in their totals.

Grain: one `ReliefLine` per line of a relief ledger. All amounts in CNY.
Source of the totals: the figures that the union published for 2021 (P16 to P21, P25, P28); later years are synthetic.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache

from connectors.sample.chance import Chance, split
from connectors.sample.days import YEAR, chance_of, day_in, grown
from connectors.sample.organisation import OFFICE, Unit
from connectors.sample.relief_drafts import (
    SPRING_FESTIVALS,
    Draft,
    disaster_relief,
    is_old,
    nuclear_hardship,
    reached,
    summer_cooling,
    winter_warmth,
)
from connectors.sample.reported import Reported

WINTER_WARMTH_CNY = 1_420_000
GIFT_PARCEL_UNITS, GIFT_PARCEL_PERSONS = 12, 500
GIFT_CASH_CNY, GIFT_GOODS_CNY = 300, 140
"""What each of the 500 was given: 220 000 CNY in all, as published."""
SUMMER_COOLING_CNY, NUCLEAR_HARDSHIP_CNY = 35_598_540, 150_000
"""Raised by unions at every level; the money for the nuclear hardship group is inside it and counted once."""
DISASTER_RELIEF_CNY = 908_360


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


def reported(year: int) -> tuple[Reported, ...]:
    """The relief lines of the year as rows of the units' workbooks."""
    return tuple(Reported("relief", line.reporter, line.month, line.row()) for line in relief_lines(year))


@cache
def relief_lines(year: int = YEAR) -> tuple[ReliefLine, ...]:
    """Every relief line of the year, by reporter, month and day."""
    cooling = grown(SUMMER_COOLING_CNY - NUCLEAR_HARDSHIP_CNY, year, 20)
    lines = [
        *_share_out("winter_warmth", "paid", grown(WINTER_WARMTH_CNY, year, 100), 100, winter_warmth(year)),
        *_gift_parcels(year),
        *_share_out("summer_cooling", "raised", grown(NUCLEAR_HARDSHIP_CNY, year, 100), 100, nuclear_hardship(year)),
        *_share_out("summer_cooling", "raised", cooling, 20, summer_cooling(year)),
        *_share_out("disaster_relief", "paid", grown(DISASTER_RELIEF_CNY, year, 20, -0.2), 20, disaster_relief(year)),
    ]
    return tuple(
        sorted(lines, key=lambda line: (line.reporter, line.month, line.given_on, line.campaign, line.beneficiary_unit))
    )


def gift_parcel_units(year: int = YEAR) -> list[Unit]:
    """The enterprises whose hardship workers are sent gift parcels, 12 in 2021, some of them not among the 40."""
    count = GIFT_PARCEL_UNITS + year - YEAR
    return chance_of(year, "gift_parcel").some([unit for unit in reached(year) if is_old(unit)], count)


def _last_day(campaign: str, month: str) -> int:
    """The last day of that month on which the campaign gives."""
    eve = SPRING_FESTIVALS[int(month[:4])]
    return min(25, eve.day - 1) if campaign == "winter_warmth" and month == f"{eve:%Y-%m}" else 25


def _share_out(
    campaign: str, money_flow: str, total_cny: int, step: int, drafts: Iterable[Draft]
) -> Iterator[ReliefLine]:
    """The drafts as lines whose amounts add up to the total exactly."""
    waiting = list(drafts)
    for draft, amount in zip(waiting, split(total_cny, [draft.weight for draft in waiting], step), strict=True):
        goods = int(amount * draft.goods_share) // step * step
        chance = Chance("day", campaign, draft.reporter, draft.month, draft.unit, draft.group)
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
            given_on=day_in(draft.month, chance, 4, _last_day(campaign, draft.month)),
        )


def _gift_parcels(year: int) -> Iterator[ReliefLine]:
    chance = chance_of(year, "gift_parcel", "lines")
    sent, eve = gift_parcel_units(year), SPRING_FESTIVALS[year]
    persons = split(grown(GIFT_PARCEL_PERSONS, year), [chance.share(3, 6) for _ in sent], 1)
    # A January begins with a holiday, from which a weekend would lead back into the year before.
    first = 1 if eve.month == 2 else 6
    for unit, count in zip(sent, persons, strict=True):
        yield ReliefLine(
            reporter=OFFICE,
            month=f"{eve:%Y-%m}",
            campaign="gift_parcel",
            beneficiary_group="hardship",
            beneficiary_unit=unit.unit_code,
            funding_level="provincial",
            money_flow="paid",
            persons=count,
            cash_cny=count * GIFT_CASH_CNY,
            goods_cny=count * GIFT_GOODS_CNY,
            given_on=day_in(f"{eve:%Y-%m}", chance, first, eve.day - 2),
        )
