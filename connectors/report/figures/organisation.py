"""Who the report is about: the union, its groups and its units, as named at the end of the span."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
from psycopg.rows import class_row

SAMPLE_WORDS = ("样例", "示例", "虚构")
"""Words in the provincial office's name that give away the register of the synthetic sample; a real office has none of them."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit, group or the province under the last name that it had by the end of the span."""

    unit_id: str
    unit_name: str
    short_name: str
    unit_kind: str
    parent_id: str | None


@dataclass(frozen=True, slots=True)
class Organisation:
    """The register as a page needs it."""

    units: dict[str, Unit]

    @property
    def name(self) -> str:
        """The name of the provincial union, empty where the register is."""
        return next((u.unit_name for u in self.units.values() if u.unit_kind == "province"), "")

    @property
    def is_sample(self) -> bool:
        """Whether the register is the made-up one of the sample."""
        offices = [u.unit_name for u in self.units.values() if u.unit_kind == "provincial_office"]
        return any(word in name for name in offices for word in SAMPLE_WORDS)

    @property
    def groups(self) -> tuple[Unit, ...]:
        """The groups, by code."""
        return tuple(sorted((u for u in self.units.values() if u.unit_kind == "group"), key=lambda u: u.unit_id))

    def short_name(self, unit_id: str) -> str:
        """What charts and lists call a unit; its code where the register does not know it."""
        return self.units[unit_id].short_name if unit_id in self.units else unit_id

    def group_of(self, unit_id: str) -> Unit | None:
        """The group that a unit belongs to, or None for the provincial office and for strangers."""
        unit = self.units.get(unit_id)
        parent = self.units.get(unit.parent_id) if unit and unit.parent_id else None
        return parent if parent and parent.unit_kind == "group" else None


def read_organisation(conn: psycopg.Connection[Any], last_day: date) -> Organisation:
    """Every unit that existed at some time up to `last_day`."""
    with conn.cursor(row_factory=class_row(Unit)) as cursor:
        units = cursor.execute(
            "select distinct on (unit_id) unit_id, unit_name, short_name, unit_kind, parent_id from bi.unit"
            " where valid_from <= %s order by unit_id, valid_from desc",
            (last_day,),
        ).fetchall()
    return Organisation({u.unit_id: u for u in units})
