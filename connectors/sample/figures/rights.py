"""Rights and services of the sample year but relief: purchases, sites, smart unions, democratic management."""

from __future__ import annotations

from fractions import Fraction

from connectors.sample.figures.rows import count, is_in_year, last_rows, lasting, rows, total


def rights_figures() -> dict[str, Fraction]:
    """The indicators of rights and services for the province, relief left out."""
    profiles, management = last_rows("unit_profile"), rows("democratic_management")
    held = [profile for profile in profiles if is_in_year(profile.values["congress_held_on"])]
    return {
        "consumption_assistance_money": total(rows("consumption_assistance"), "amount_cny"),
        "mother_baby_provincial": _units_recognised("mother_baby_room", "provincial", "national"),
        "childcare_national": _units_recognised("childcare_class", "national"),
        "childcare_subsidy": total(rows("service_site", site_kind="childcare_class"), "subsidy_cny"),
        "smart_union_rate": count(last_rows("unit_profile", smart_union_status="built")) / len(lasting()),
        "collective_contract_coverage": total(profiles, "contract_covered_employees") / total(profiles, "employees"),
        "workers_congress_rate": count(held) / len(lasting()),
        "proposal_settlement_rate": total(management, "proposals_settled") / total(management, "proposals_raised"),
    }


def _units_recognised(kind: str, *levels: str) -> Fraction:
    sites = rows("service_site", site_kind=kind)
    return count(
        {s.unit_id for s in sites if s.values["recognition"] in levels and is_in_year(s.values["recognised_on"])}
    )
