"""The quarterly profiles of the sample's enterprises.

Grain: one `Profile` per enterprise and quarter at whose end it exists.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from functools import cache

from connectors.sample.chance import Chance
from connectors.sample.days import QUARTERS, YEAR
from connectors.sample.organisation import CLOSING, OPENING, Unit, enterprises

SMART_UNIONS_BUILT, CONGRESSES_HELD, WITHOUT_CONTRACT = 22, 45, 4
"""How many of the 58 enterprises at the year's end: smart union built, congress held in the year, no contract."""

_QUARTER_ENDS = (date(YEAR, 3, 31), date(YEAR, 6, 30), date(YEAR, 9, 30), date(YEAR, 12, 31))


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


@cache
def profiles() -> tuple[Profile, ...]:
    """The profiles of the year, by enterprise and quarter."""
    lasting = [unit.unit_code for unit in enterprises() if unit.unit_code != CLOSING]
    built = set(Chance("smart_union").some(lasting, SMART_UNIONS_BUILT))
    # The new enterprise has had neither a congress nor a contract yet.
    settled = [unit_code for unit_code in lasting if unit_code != OPENING]
    held = set(Chance("congress").some(settled, CONGRESSES_HELD))
    without = {OPENING, *Chance("contract").some(settled, WITHOUT_CONTRACT - 1)}
    return tuple(
        _profile(unit, quarter, unit.unit_code in built, unit.unit_code in held, unit.unit_code not in without)
        for unit in enterprises()
        for quarter in range(4)
        if unit.is_in_force(_QUARTER_ENDS[quarter], _QUARTER_ENDS[quarter])
    )


def _profile(unit: Unit, quarter: int, builds: bool, holds: bool, has_contract: bool) -> Profile:
    steady = Chance("profile", unit.unit_code)
    last_day = _QUARTER_ENDS[quarter]
    employees = int(unit.size * (1 + quarter * steady.share(-0.01, 0.01)))
    members = int(employees * steady.share(0.93, 1.0))
    female = int(employees * steady.share(0.18, 0.42))
    teams = max(2, employees // steady.between(14, 24))
    built_by, held_on = steady.between(0, 3), date(YEAR, 1, 8) + timedelta(days=steady.between(0, 340))
    held_before = date(YEAR - 1, 3, 1) + timedelta(days=steady.between(0, 250))
    signed_on = date(2018, 6, 1) + timedelta(days=steady.between(0, 900))
    began = steady.happens(0.6)
    return Profile(
        reporter=unit.unit_code,
        quarter=QUARTERS[quarter],
        employees=employees,
        female_employees=female,
        members=members,
        teams=teams,
        team_leaders=teams + steady.between(0, 3),
        smart_union_status="built" if builds and quarter >= built_by else "building" if builds or began else "none",
        congress_held_on=held_on
        if holds and held_on <= last_day
        else held_before
        if unit.unit_code != OPENING
        else None,
        contract_signed_on=signed_on if has_contract else None,
        contract_covered_employees=int(employees * steady.share(0.92, 1.0)) if has_contract else 0,
    )
