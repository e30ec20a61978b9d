"""Democratic management: one row of each enterprise a year, of its workers' congress and collective bargaining."""

from __future__ import annotations

from connectors.sample.days import chance_of
from connectors.sample.organisation import Unit, reporters
from connectors.sample.profiles import Profile, profiles
from connectors.sample.reported import Reported


def reported(year: int) -> tuple[Reported, ...]:
    """The rows of the year; what they share with the unit's profile of the fourth quarter, they share to the digit."""
    last = {profile.reporter: profile for profile in profiles(year) if profile.quarter.endswith("Q4")}
    return tuple(_row(unit, last[unit.unit_code], year) for unit in reporters(str(year)))


def _row(unit: Unit, profile: Profile, year: int) -> Reported:
    chance = chance_of(year, "democratic_management", unit.unit_code)
    is_held = profile.congress_held_on is not None and profile.congress_held_on.year == year
    raised = chance.between(6, 14) + unit.size // 120 if is_held else 0
    has_contract = profile.contract_signed_on is not None
    values = {
        "congress_sessions": chance.pick((1, 1, 1, 2)) if is_held else 0,
        "proposals_raised": raised,
        "proposals_settled": int(raised * chance.share(0.85, 1.0)),
        "contract_kinds": chance.between(1, 4) if has_contract else 0,
        "contract_covered_employees": profile.contract_covered_employees,
        "open_affairs_items": chance.between(4, 30),
        "disputes_mediated": chance.pick((0, 0, 0, 1, 1, 2, 4)),
    }
    return Reported("democratic_management", unit.unit_code, str(year), values)
