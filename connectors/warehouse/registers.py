"""The unit register as Python asks it: who existed when, of which kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl
import psycopg

NAMES = {
    "unit_id": pl.String,
    "unit_name": pl.String,
    "short_name": pl.String,
    "former_names": pl.String,
    "valid_from": pl.Date,
    "valid_to": pl.Date,
}
"""The shape of what units are called: one row per unit and span."""

UNIT_REGISTER = "unit_register"
"""The form that the register of units is handed in on."""


@dataclass(frozen=True, slots=True)
class UnitRegister:
    """The register in force.

    Shape of `spans`: one row per unit and span; unit_id String, unit_kind String, valid_from Date, valid_to Date (null while it lasts).
    `names` has the shape of `NAMES`, and is empty where only codes are known; `credit_codes` gives the units that have one of them.
    `reporting` are the units that have an answer in force, or one that waits for a closed period: no register that takes the place of
    this one, which is that of `period`, may be without them.
    """

    spans: pl.DataFrame
    names: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=NAMES))
    credit_codes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    reporting: frozenset[str] = frozenset()
    period: str = ""

    def kind(self, unit_id: str, first_day: date, last_day: date) -> str | None:
        """The kind of a unit in the period, or None where the register has no such unit then."""
        found = self.spans.filter(
            (pl.col("unit_id") == unit_id)
            & (pl.col("valid_from") <= last_day)
            & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= first_day))
        )
        return str(found.item(found.height - 1, "unit_kind")) if found.height else None


def read_unit_register(conn: psycopg.Connection[Any], judging: Iterable[str | None] = ()) -> UnitRegister:
    """The register in force; empty before the first register workbook is accepted.

    `judging` are the forms that will be judged by it. Who is reporting takes a look at all submissions, and is only asked for where
    another register of units is among them.
    """
    rows = conn.execute(
        "select unit_id, unit_name, short_name, to_jsonb(u) ->> 'former_names', valid_from, valid_to, unit_kind, credit_code"
        " from registers.unit as u order by unit_id, valid_from"
    ).fetchall()
    register = pl.DataFrame(rows, schema={**NAMES, "unit_kind": pl.String, "credit_code": pl.String}, orient="row")
    credit_codes: dict[str, set[str]] = {}
    for unit_id, *_, credit_code in rows:
        credit_codes.setdefault(credit_code or "", set()).add(unit_id)
    return UnitRegister(
        register.select("unit_id", "unit_kind", "valid_from", "valid_to"),
        register.select(*NAMES),
        {code: frozenset(units) for code, units in credit_codes.items() if code},
        *((_reporting(conn), _period(conn)) if UNIT_REGISTER in judging else ()),
    )


def _reporting(conn: psycopg.Connection[Any]) -> frozenset[str]:
    found = conn.execute(
        "select distinct unit_id from (select distinct on (form_id, unit_id, period) unit_id, submission_id from ops.submission"
        " where outcome = 'accepted' order by form_id, unit_id, period, version desc) newest"
        " where not exists (select from ops.withdrawal w where w.submission_id = newest.submission_id)"
    )
    return frozenset(unit_id for (unit_id,) in found)


def _period(conn: psycopg.Connection[Any]) -> str:
    """The period of the register in force; empty before the first."""
    query = "select max(period) from ops.submission_in_force where form_id = %s"
    [(period,)] = conn.execute(query, (UNIT_REGISTER,)).fetchall()
    return period or ""
