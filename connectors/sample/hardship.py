"""The hardship aid of the sample: who was paid daily relief, when and how much.

Grain: one `Payment` per person and payment. All amounts in CNY.
Source of the totals: the figures that the union published for 2021 (P26, P27); later years are synthetic.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

from connectors.sample.chance import Chance, split
from connectors.sample.days import YEAR, chance_of, day_in, grown, months
from connectors.sample.organisation import CLOSING, MERGED, MERGES_ON, OPENING, SUCCESSOR, enterprises
from connectors.sample.people import Person, person
from connectors.sample.reported import Reported

DAILY_RELIEF_PERSONS, DAILY_RELIEF_CNY = 86, 183_000

MOVED = 5
"""The number of the worker who changes units within the year: one person in the province, one in each of two units."""

_PAYMENTS = (1, 1, 2, 2, 3, 4, 6)
_CAUSES = (
    "illness",
    "illness",
    "illness",
    "disability",
    "disaster",
    "low_income",
    "low_income",
    "child_education",
    "other",
)


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment to one worker in the codes of the contract; `reporter` and `month` say whose workbook holds it."""

    reporter: str
    month: str
    worker: Person
    hardship_cause: str
    aid_kind: str
    standard_cny: int
    amount_cny: int
    paid_on: date

    def row(self) -> dict[str, object]:
        """The values of the contract's fields, in its codes."""
        return {
            "worker_name": self.worker.name,
            "worker_citizen_id": self.worker.citizen_id,
            "hardship_cause": self.hardship_cause,
            "aid_kind": self.aid_kind,
            "standard_cny": self.standard_cny,
            "amount_cny": self.amount_cny,
            "paid_on": self.paid_on,
        }


def reported(year: int) -> tuple[Reported, ...]:
    """The payments of the year as rows of the units' workbooks."""
    return tuple(Reported("hardship_aid", p.reporter, p.month, p.row()) for p in payments(year))


@cache
def payments(year: int = YEAR) -> tuple[Payment, ...]:
    """Every payment of the year, by reporter, day and worker: 86 workers in 2021, most of them paid more than once."""
    chance = Chance("hardship")
    payers = _payers(chance, year)
    if year != YEAR:
        # The payers stay the same; all else is drawn anew.
        chance = chance_of(year, "hardship")
    persons = DAILY_RELIEF_PERSONS + 4 * (year - YEAR)
    # Every year some workers need relief no more and others begin to.
    first = 40 * (year - YEAR)
    serials = range(first, first + persons)
    counts = [3 if serial == MOVED else chance.pick(_PAYMENTS) for serial in serials]
    weights = [count**0.5 * chance.share(0.6, 1.4) for count in counts]
    totals = split(grown(DAILY_RELIEF_CNY, year, 50), weights, 50)
    made: list[Payment] = []
    for serial, count, total in zip(serials, counts, totals, strict=True):
        reporters = [payers[serial % len(payers)]] * count
        if serial == MOVED:
            reporters[-1] = payers[(serial + 1) % len(payers)]
        cause = chance.pick(_CAUSES)
        chosen = chance.some(months(year), count)
        for reporter, month, amount in zip(reporters, chosen, split(total, [1] * count, 50), strict=True):
            made.append(Payment(reporter, month, person(serial), cause, "daily", amount, amount, day_in(month, chance)))
    return tuple(sorted(made, key=lambda payment: (payment.reporter, payment.paid_on, payment.worker.citizen_id)))


def _payers(chance: Chance, year: int) -> list[str]:
    """The enterprises that pay; what is merged pays no more, and its successor does."""
    payers = chance.some([unit.unit_code for unit in enterprises() if unit.unit_code not in (OPENING, CLOSING)], 38)
    return [SUCCESSOR if code == MERGED and year >= MERGES_ON.year else code for code in payers]
