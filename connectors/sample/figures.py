"""What the sample's own rows add up to: the figures of the province for 2021 that a run over the sample must give."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction

from connectors.sample.days import YEAR
from connectors.sample.hardship import payments
from connectors.sample.organisation import enterprises
from connectors.sample.profiles import profiles
from connectors.sample.relief import ReliefLine, relief_lines


def expected_figures() -> Mapping[str, Fraction]:
    """The province's value of each indicator for the year, by plain sums over the rows: CNY, persons, shares."""
    lines, paid = relief_lines(), payments()
    last_profiles = [profile for profile in profiles() if profile.quarter == f"{YEAR}-Q4"]
    year_end = date(YEAR, 12, 31)
    lasting = {unit.unit_code for unit in enterprises() if unit.is_in_force(year_end, year_end)}
    reached = {line.beneficiary_unit for line in lines}
    daily_money, daily_persons = sum(p.amount_cny for p in paid), len({p.worker.citizen_id for p in paid})
    held = sum(1 for p in last_profiles if p.congress_held_on is not None and p.congress_held_on.year == YEAR)
    return {
        "relief_paid": Fraction(_money(lines) + daily_money),
        "relief_persons": Fraction(sum(line.persons for line in lines) + len(paid)),
        "relief_units_reached": Fraction(len(reached)),
        "relief_coverage": Fraction(len(reached & lasting), len(lasting)),
        "winter_warmth_units": Fraction(len({line.beneficiary_unit for line in _campaign("winter_warmth")})),
        "winter_warmth_money": Fraction(_money(_campaign("winter_warmth"))),
        "gift_parcel_units": Fraction(len({line.beneficiary_unit for line in _campaign("gift_parcel")})),
        "gift_parcel_persons": Fraction(sum(line.persons for line in _campaign("gift_parcel"))),
        "gift_parcel_money": Fraction(_money(_campaign("gift_parcel"))),
        "summer_cooling_raised": Fraction(_money(_campaign("summer_cooling"))),
        "nuclear_hardship_money": Fraction(
            _money([line for line in lines if line.beneficiary_group == "nuclear_hardship"])
        ),
        "disaster_relief_money": Fraction(_money(_campaign("disaster_relief"))),
        "daily_relief_persons": Fraction(daily_persons),
        "daily_relief_money": Fraction(daily_money),
        "daily_relief_average": Fraction(daily_money, daily_persons),
        "smart_union_rate": Fraction(sum(1 for p in last_profiles if p.smart_union_status == "built"), len(lasting)),
        "collective_contract_coverage": Fraction(
            sum(p.contract_covered_employees for p in last_profiles), sum(p.employees for p in last_profiles)
        ),
        "workers_congress_rate": Fraction(held, len(lasting)),
    }


def _campaign(campaign: str) -> list[ReliefLine]:
    return [line for line in relief_lines() if line.campaign == campaign]


def _money(lines: tuple[ReliefLine, ...] | list[ReliefLine]) -> int:
    return sum(line.amount_cny for line in lines)
