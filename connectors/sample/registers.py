"""The registers as the office hands them in: that of the units, whole each time, and how the plan's targets are shared out.

Grain: one `Handover` per version of a register.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from connectors.sample.answers import Row, typed
from connectors.sample.days import YEAR
from connectors.sample.organisation import CLOSES_ON, CLOSING, OFFICE, OPENS_ON, Unit, units
from connectors.sample.programmes import reported
from expectations.contract import Form, forms

REGISTERS_DUE = (
    date(2021, 1, 4),
    date(2021, 3, 29),
    date(2021, 9, 13),
    date(2022, 1, 10),
    date(2023, 9, 11),
    date(2024, 1, 8),
    date(2025, 1, 13),
)
"""When the register of units is handed in: in 2021 before a unit opened and before one closed, later as units change."""

ALLOCATED_ON = date(2021, 3, 15)
"""When the targets of the plan were shared out among the groups."""


@dataclass(frozen=True, slots=True)
class Handover:
    """One version of a register; `names` are those of the draw that gives the hour of the day."""

    form: Form
    unit_id: str
    day: date
    version: int
    rows: tuple[Row, ...]
    names: tuple[object, ...]


def handovers(year: int) -> Iterator[Handover]:
    """The versions of all registers that are handed in in that year."""
    form = forms()["unit_register"]
    for version, day in enumerate((day for day in REGISTERS_DUE if day.year == year), start=1):
        names = ("register", version) if year == YEAR else ("register", year, version)
        yield Handover(form, OFFICE, day, version, tuple(typed(form, unit.row()) for unit in _known_on(day)), names)
    allocation = forms()["target_allocation"]
    if rows := reported(allocation.form_id, year):
        typed_rows = tuple(typed(allocation, row.values) for row in rows)
        yield Handover(allocation, OFFICE, ALLOCATED_ON, 1, typed_rows, (allocation.form_id, year))


def _known_on(day: date) -> Iterator[Unit]:
    """The register's rows as the office knew them on that day: openings and closings are known a month before."""
    for unit in units(day.year):
        if unit.valid_from == OPENS_ON and (OPENS_ON - day).days > 31:
            continue
        knows_end = unit.unit_code != CLOSING or (CLOSES_ON - day).days <= 31
        yield unit if knows_end else replace(unit, valid_to=None)
