"""The unit register as Python asks it: who existed when, of which kind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
import psycopg


@dataclass(frozen=True, slots=True)
class UnitRegister:
    """The register in force.

    Shape of `spans`: one row per unit and span; unit_id String, unit_kind String, valid_from Date, valid_to Date (null while it lasts).
    """

    spans: pl.DataFrame

    def kind(self, unit_id: str, first_day: date, last_day: date) -> str | None:
        """The kind of a unit in the period, or None where the register has no such unit then."""
        found = self.spans.filter(
            (pl.col("unit_id") == unit_id)
            & (pl.col("valid_from") <= last_day)
            & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= first_day))
        )
        return str(found.item(found.height - 1, "unit_kind")) if found.height else None


def read_unit_register(conn: psycopg.Connection[Any]) -> UnitRegister:
    """The register in force; empty before the first register workbook is accepted."""
    rows = conn.execute(
        "select unit_id, unit_kind, valid_from, valid_to from registers.unit order by unit_id, valid_from"
    ).fetchall()
    schema = {"unit_id": pl.String, "unit_kind": pl.String, "valid_from": pl.Date, "valid_to": pl.Date}
    return UnitRegister(pl.DataFrame(rows, schema=schema, orient="row"))
