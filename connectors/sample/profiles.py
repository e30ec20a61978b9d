"""The quarterly profiles of the sample's enterprises; those after 2021 are synthetic throughout.

Grain: one `Profile` per enterprise and quarter at whose end it exists.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from functools import cache

from connectors.sample.chance import Chance
from connectors.sample.days import YEAR, chance_of, quarters
from connectors.sample.organisation import CLOSING, MERGED, OPENING, enterprises, size_on
from connectors.sample.reported import Reported

SMART_UNIONS_BUILT, CONGRESSES_HELD, WITHOUT_CONTRACT = 22, 45, 4
"""How many of the 58 enterprises at the year's end: smart union built, congress held in the year, no contract."""

FIRST_CONTRACT = date(YEAR + 1, 2, 18)
"""When the enterprise that began within the sample year signed its first contract."""

SMART_UNIONS_A_YEAR = 6
"""How many more are built each later year: 45 of 57 at the end of the plan."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One row of a unit profile, in the codes of the contract."""

    reporter: str
    quarter: str
    employees: int
    female_employees: int
    members: int
    teams: int
    team_leaders: int
    smart_union_status: str
    congress_held_on: date | None
    contract_signed_on: date | None
    contract_covered_employees: int

    def row(self) -> dict[str, object]:
        """The values of the contract's fields, in its codes."""
        return {name: value for name, value in asdict(self).items() if name not in ("reporter", "quarter")}


def reported(year: int) -> tuple[Reported, ...]:
    """The profiles of the year as rows of the units' workbooks."""
    return tuple(Reported("unit_profile", p.reporter, p.quarter, p.row()) for p in profiles(year))


@cache
def profiles(year: int = YEAR) -> tuple[Profile, ...]:
    """The profiles of the year, by enterprise and quarter."""
    built = {unit_code: built_in for built_in in range(YEAR, year + 1) for unit_code in _built_in(built_in)}
    return tuple(
        _profile(unit.unit_code, year, quarter, built.get(unit.unit_code))
        for unit in enterprises(year)
        for quarter in range(4)
        if unit.is_in_force(_last_day(year, quarter), _last_day(year, quarter))
    )


def _last_day(year: int, quarter: int) -> date:
    return (date(year, 3, 31), date(year, 6, 30), date(year, 9, 30), date(year, 12, 31))[quarter]


def _lasting() -> list[str]:
    return [unit.unit_code for unit in enterprises() if unit.unit_code != CLOSING]


@cache
def _built_in(year: int) -> frozenset[str]:
    """The enterprises that end the building of their smart union in that year."""
    if year == YEAR:
        return frozenset(Chance("smart_union").some(_lasting(), SMART_UNIONS_BUILT))
    built = frozenset(unit_code for before in range(YEAR, year) for unit_code in _built_in(before))
    waiting = [unit_code for unit_code in _lasting() if unit_code not in built | {MERGED}]
    return frozenset(chance_of(year, "smart_union").some(waiting, SMART_UNIONS_A_YEAR))


@cache
def _holds_congress(year: int) -> frozenset[str]:
    # The new enterprise has had neither a congress nor a contract in its first year.
    settled = [unit_code for unit_code in _lasting() if unit_code != OPENING or year > YEAR]
    return frozenset(chance_of(year, "congress").some(settled, CONGRESSES_HELD + 2 * (year - YEAR)))


@cache
def _without_contract(year: int) -> frozenset[str]:
    settled = [unit_code for unit_code in _lasting() if unit_code != OPENING]
    without = Chance("contract").some(settled, WITHOUT_CONTRACT - 1)
    return frozenset((*without, OPENING) if year == YEAR else without)


def _profile(unit_code: str, year: int, quarter: int, built_in: int | None) -> Profile:
    steady = Chance("profile", unit_code)
    last_day = _last_day(year, quarter)
    quarters_since = quarter + 4 * (year - YEAR)
    employees = int(size_on(unit_code, last_day) * (1 + quarters_since * steady.share(-0.01, 0.01)))
    members = int(employees * steady.share(0.93, 1.0))
    # Even where nobody is taken on or let go in all, some come and some go.
    female = int(employees * steady.share(0.18, 0.42)) + Chance("women", unit_code, year, quarter).between(-3, 3)
    teams = max(2, employees // steady.between(14, 24))
    built_by, held_after = steady.between(0, 3), timedelta(days=steady.between(0, 340))
    held_before = date(YEAR - 1, 3, 1) + timedelta(days=steady.between(0, 250))
    signed_on = date(2018, 6, 1) + timedelta(days=steady.between(0, 900))
    if unit_code == OPENING:
        signed_on = FIRST_CONTRACT
    began = steady.happens(0.6)
    is_built = built_in is not None and (year > built_in or quarter >= built_by)
    has_contract = unit_code not in _without_contract(year)
    return Profile(
        reporter=unit_code,
        quarter=quarters(year)[quarter],
        employees=employees,
        female_employees=female,
        members=members,
        teams=teams,
        team_leaders=teams + steady.between(0, 3),
        smart_union_status="built" if is_built else "building" if built_in or began or year > YEAR + 1 else "none",
        congress_held_on=_last_congress(unit_code, held_after, last_day)
        or (held_before if unit_code != OPENING else None),
        contract_signed_on=_renewed(signed_on, year) if has_contract else None,
        contract_covered_employees=int(employees * steady.share(0.92, 1.0)) if has_contract else 0,
    )


def _last_congress(unit_code: str, held_after: timedelta, day: date) -> date | None:
    """The last congress by that day since the sample year began: so long after the eighth of January, where one is held."""
    for year in range(day.year, YEAR - 1, -1):
        held_on = date(year, 1, 8) + held_after
        if unit_code in _holds_congress(year) and held_on <= day:
            return held_on
    return None


def _renewed(signed_on: date, year: int) -> date:
    """The contract in force at the beginning of that year: signed for three years at a time, the first time from 2018."""
    while year > YEAR and signed_on.year + 3 < year:
        signed_on = signed_on.replace(year=signed_on.year + 3)
    return signed_on
