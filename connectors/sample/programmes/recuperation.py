"""The recuperation of model workers: five batches in 2021, two of them for families (P14, P15); later years synthetic.

Who goes was named in an earlier year, goes once a year, and goes with the family once in the plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from connectors.sample.chance import Chance
from connectors.sample.days import chance_of
from connectors.sample.organisation import OFFICE
from connectors.sample.people import Person
from connectors.sample.programmes.model_worker import honours
from connectors.sample.reported import Reported

MONTHS = (5, 6, 7, 8, 9)
FAMILY_MONTHS = (7, 8)
"""One batch a month; those of families are in the school holidays."""

FAMILIES = {2021: 18, 2022: 20, 2023: 21, 2024: 22, 2025: 22}
"""How many families each of the two batches has: 206 in the plan, whose target is 200 (T06)."""
ALONE = 22
"""How many go in each of the other batches."""

_ORDINALS = "一二三四五"
_PLACES = ("示例疗养院（临潼）", "示例疗养院（秦岭）", "示例疗养院（海滨）", "示例职工疗养中心（汉中）")
_NIGHTS = 5


def reported(year: int) -> tuple[Reported, ...]:
    """The participants of the year, by batch."""
    return tuple(row for before, row in _participants() if before == year)


def _participants() -> Iterator[tuple[int, Reported]]:
    with_family: set[Person] = set()
    for year, families in FAMILIES.items():
        chance = chance_of(year, "recuperation")
        units = {honour.person: honour.unit_id for honour in honours() if honour.year < year}
        away: set[Person] = set()
        for ordinal, month in zip(_ORDINALS, MONTHS, strict=True):
            is_family = month in FAMILY_MONTHS
            able = [p for p in units if p not in away and not (is_family and p in with_family)]
            going = chance.some(able, families if is_family else ALONE)
            away.update(going)
            with_family.update(going if is_family else ())
            batch = _batch(f"{year}年第{ordinal}批", date(year, month, 1), is_family, chance)
            for person in going:
                yield year, _row(batch, person, units[person], chance)


def _batch(name: str, month: date, is_family: bool, chance: Chance) -> dict[str, object]:
    first_day = month + timedelta(days=7 - month.weekday() + 7 * chance.between(0, 1))
    return {
        "batch": name,
        "batch_kind": "family" if is_family else "individual",
        "place": chance.pick(_PLACES),
        "first_day": first_day,
        "last_day": first_day + timedelta(days=_NIGHTS),
    }


def _row(batch: dict[str, object], person: Person, unit_id: str, chance: Chance) -> Reported:
    values = {
        **batch,
        "participant_name": person.name,
        "participant_citizen_id": person.citizen_id,
        "participant_unit": unit_id,
        "family_members": chance.pick((1, 1, 2, 2, 3)) if batch["batch_kind"] == "family" else 0,
    }
    return Reported("recuperation", OFFICE, f"{batch['last_day']:%Y-%m}", values)
