"""Masters and apprentices of several enterprises: 80 mentors and 457 apprentices sign in 2021 (P08, P09), the second batch.

The first batch was signed before the plan; a third follows in 2023. A pair is listed every quarter from signing to end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from connectors.sample.chance import Chance
from connectors.sample.days import quarters
from connectors.sample.organisation import CLOSING, MERGED, OPENING, enterprises
from connectors.sample.people import Person, member
from connectors.sample.programmes.skills_contest import TRADES
from connectors.sample.reported import Reported
from expectations.periods import parse_period


@dataclass(frozen=True, slots=True)
class _Batch:
    """`signed_from` is the first of the days on which its pairs signed; `years` how long an apprenticeship lasts."""

    name: str
    mentors: int
    apprentices: int
    signed_from: date
    years: int


BATCHES = (
    _Batch("第一批", 20, 60, date(2018, 5, 14), 3),
    _Batch("第二批", 80, 457, date(2021, 4, 19), 2),
    _Batch("第三批", 30, 110, date(2023, 9, 18), 2),
)
"""Third batch: with it more than the 500 apprentices of the plan (T09)."""

_SIGNING_DAYS = 40
_ENDS_EARLY = 0.06


@dataclass(frozen=True, slots=True)
class _Mentor:
    person: Person
    unit_id: str
    trade: str


@dataclass(frozen=True, slots=True)
class _Pair:
    batch: str
    mentor: _Mentor
    apprentice: Person
    unit_id: str
    signed_on: date
    ended_on: date
    outcome: str


def reported(year: int) -> tuple[Reported, ...]:
    """The pairs of the year, by quarter, batch, mentor and apprentice, reported by the apprentice's unit."""
    return tuple(_row(pair, quarter) for quarter in quarters(year) for pair in _listed(quarter))


def _listed(quarter: str) -> Iterator[_Pair]:
    span = parse_period(quarter)
    return (pair for pair in _pairs() if pair.signed_on <= span.last_day and pair.ended_on >= span.first_day)


def _row(pair: _Pair, quarter: str) -> Reported:
    has_ended = pair.ended_on <= parse_period(quarter).last_day
    values = {
        "batch": pair.batch,
        "mentor_name": pair.mentor.person.name,
        "mentor_citizen_id": pair.mentor.person.citizen_id,
        "mentor_unit": pair.mentor.unit_id,
        "apprentice_name": pair.apprentice.name,
        "apprentice_citizen_id": pair.apprentice.citizen_id,
        "apprentice_unit": pair.unit_id,
        "trade": pair.mentor.trade,
        "signed_on": pair.signed_on,
        # Nobody knows at the quarter's end how a pair will end after it.
        "ended_on": pair.ended_on if has_ended else None,
        "outcome": pair.outcome if has_ended else "ongoing",
    }
    return Reported("apprenticeship", pair.unit_id, quarter, values)


@cache
def _pairs() -> tuple[_Pair, ...]:
    """Every pair, by batch and mentor. Mentor and apprentice number `n` is the same person in no two batches."""
    pairs: list[_Pair] = []
    mentors = apprentices = 0
    for batch in BATCHES:
        pairs += _signed(batch, mentors, apprentices)
        mentors, apprentices = mentors + batch.mentors, apprentices + batch.apprentices
    return tuple(pairs)


def _signed(batch: _Batch, first_mentor: int, first_apprentice: int) -> Iterator[_Pair]:
    # Only enterprises that last through the plan sign for years.
    lasting = [unit for unit in enterprises() if unit.unit_code not in (OPENING, CLOSING, MERGED)]
    tickets = [unit.unit_code for unit in lasting for _ in range(1 + unit.size // 1_000)]
    chance = Chance("apprenticeship", batch.name)
    mentors = [
        _mentor(first_mentor + n, tickets[n * 7 % len(tickets)], batch.signed_from.year) for n in range(batch.mentors)
    ]
    for n in range(batch.apprentices):
        mentor = mentors[n % len(mentors)]
        # Most learn at their own unit, some at another: that is what the programme is for.
        unit_id = mentor.unit_id if chance.happens(0.7) else chance.pick(tickets)
        apprentice = member("apprentice", first_apprentice + n, batch.signed_from.year - chance.between(20, 32))
        signed_on = batch.signed_from + timedelta(days=chance.between(0, _SIGNING_DAYS))
        ended_on = signed_on.replace(year=signed_on.year + batch.years)
        outcome = "qualified"
        if chance.happens(_ENDS_EARLY):
            outcome, ended_on = "ended_early", signed_on + timedelta(days=chance.between(100, 300 * batch.years))
        yield _Pair(batch.name, mentor, apprentice, unit_id, signed_on, ended_on, outcome)


def _mentor(number: int, unit_id: str, year: int) -> _Mentor:
    chance = Chance("apprenticeship", "mentor", number)
    return _Mentor(member("mentor", number, year - chance.between(38, 52)), unit_id, chance.pick(TRADES))
