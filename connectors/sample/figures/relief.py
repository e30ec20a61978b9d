"""Relief of the sample year: the ledger, aid by person and aid by student, each yuan once."""

from __future__ import annotations

from fractions import Fraction

from connectors.sample.figures.rows import count, distinct, lasting, rows, total
from connectors.sample.reported import Reported


def relief_figures() -> dict[str, Fraction]:
    """The indicators of relief for the province."""
    lines, daily = rows("relief"), rows("hardship_aid", aid_kind="daily")
    aid, students = rows("hardship_aid"), rows("student_aid")
    warmth, parcels = rows("relief", campaign="winter_warmth"), rows("relief", campaign="gift_parcel")
    reached = {line.values["beneficiary_unit"] for line in lines}
    daily_money, daily_persons = total(daily, "amount_cny"), distinct(daily, "worker_citizen_id")
    return {
        "relief_paid": _money(lines) + total(aid, "amount_cny") + total(students, "amount_cny"),
        "relief_persons": total(lines, "persons") + count(aid) + count(students),
        "relief_units_reached": count(reached),
        "relief_coverage": count(reached & lasting()) / len(lasting()),
        "winter_warmth_units": distinct(warmth, "beneficiary_unit"),
        "winter_warmth_money": _money(warmth),
        "gift_parcel_units": distinct(parcels, "beneficiary_unit"),
        "gift_parcel_persons": total(parcels, "persons"),
        "gift_parcel_money": _money(parcels),
        "summer_cooling_raised": _money(rows("relief", campaign="summer_cooling")),
        "nuclear_hardship_money": _money(rows("relief", beneficiary_group="nuclear_hardship")),
        "disaster_relief_money": _money(rows("relief", campaign="disaster_relief")),
        "daily_relief_persons": daily_persons,
        "daily_relief_money": daily_money,
        "daily_relief_average": daily_money / daily_persons,
        "student_aid_money": total(students, "amount_cny"),
        "student_aid_students": distinct(students, "student_citizen_id"),
    }


def _money(lines: list[Reported]) -> Fraction:
    return total(lines, "cash_cny") + total(lines, "goods_cny")
