"""Units called by a name where their code is asked for: a name that the register has is its alias, and nothing is chosen by nearness."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date
from difflib import SequenceMatcher
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from expectations.contract import Field, Form
from expectations.finding import Finding, Severity
from expectations.masks import shown
from expectations.variants import simplified

if TYPE_CHECKING:
    from connectors.warehouse.registers import UnitRegister
    from connectors.workbooks.reading import Reading

NEAREST = 3
"""How many units an unknown one is answered with."""

_Span = tuple[str, date, date | None]


class UnitNames:
    """The names of the units of a register: full, short and former ones, and any of them beside the code."""

    def __init__(self, register: UnitRegister) -> None:
        self._register = register
        self._nearest: dict[str, list[str]] = {}

    def code_for(self, typed: str, first_day: date, last_day: date) -> str | None:
        """The code of the one unit that bears the name and is in force in the period; None if none or several do."""
        codes = {
            code
            for code, since, until in self._units.get(_folded(typed), ())
            if since <= last_day and (until is None or until >= first_day)
        }
        return codes.pop() if len(codes) == 1 else None

    def knows(self, code: str) -> bool:
        """Whether this is the code of a unit, in force or not."""
        return code in self._codes

    def nearest(self, typed: str) -> list[str]:
        """The units most like what was typed, by code or any of their names, as code and name, for people to choose from."""
        # One slip is copied down a column: its neighbours are looked for once, not in every row.
        if typed not in self._nearest:
            self._nearest[typed] = self._most_like(_folded(typed))
        return self._nearest[typed]

    def _most_like(self, wanted: str) -> list[str]:
        likeness: dict[str, float] = {}
        names: dict[str, str] = {}
        for code, name, texts in self._known:
            names[code] = name
            alike = max(SequenceMatcher(None, wanted, text).ratio() for text in texts)
            likeness[code] = max(alike, likeness.get(code, 0))
        best = sorted(names, key=lambda code: likeness[code], reverse=True)[:NEAREST]
        return [f"{code} {names[code]}" for code in best]

    @cached_property
    def _known(self) -> list[tuple[str, str, list[str]]]:
        """By span of a named unit: its code, its name, and the code and every name as they are compared."""
        return [
            (
                row["unit_id"],
                row["unit_name"],
                [
                    _folded(text)
                    for text in (row["unit_id"], row["unit_name"], row["short_name"], *_former(row))
                    if text
                ],
            )
            for row in self._rows()
            if row["unit_name"]
        ]

    @cached_property
    def _codes(self) -> frozenset[str]:
        return frozenset(self._register.spans["unit_id"])

    @cached_property
    def _units(self) -> Mapping[str, list[_Span]]:
        found: dict[str, list[_Span]] = {}
        for row in self._rows():
            code = row["unit_id"]
            for name in filter(None, (row["unit_name"], row["short_name"], *_former(row))):
                for said in (name, f"{code}{name}", f"{name}{code}", f"{name}({code})"):
                    found.setdefault(_folded(said), []).append((code, row["valid_from"], row["valid_to"]))
        return found

    def _rows(self) -> Iterator[dict[str, Any]]:
        yield from self._register.names.iter_rows(named=True)


def with_codes_for_names(
    form: Form, rows: pl.DataFrame, readings: Mapping[int, Reading], names: UnitNames
) -> tuple[pl.DataFrame, list[Finding]]:
    """The rows with the code where a name of the register was typed, and a finding for each such cell."""
    findings: list[Finding] = []
    for field in form.fields:
        if field.register != "unit":
            continue
        asked = rows.select(field.name, "period_first_day", "period_last_day").drop_nulls().unique()
        codes = {
            (typed, first): code
            for typed, first, last in asked.iter_rows()
            if not names.knows(typed) and (code := names.code_for(typed, first, last)) is not None
        }
        if not codes:
            continue
        said = [codes.get(key) for key in rows.select(field.name, "period_first_day").iter_rows()]
        for row, code in zip(rows.iter_rows(named=True), said, strict=True):
            if code is not None:
                findings.append(_told(form, field, row, readings[row["delivery_id"]], code))
        column = pl.Series(field.name, said, dtype=pl.String)
        rows = rows.with_columns(pl.coalesce(column, pl.col(field.name)).alias(field.name))
    return rows, findings


def _told(form: Form, field: Field, row: Mapping[str, Any], reading: Reading, code: str) -> Finding:
    letter, number = reading.columns.get(field.name), row["row_number"]
    # A name alone proposes a unit, and somebody must confirm it; the code beside it says which.
    has_code = code.upper() in _folded(row[f"{field.name}__text"])
    return Finding(
        "value.repaired" if has_code else "value.unit_by_name",
        Severity.INFO if has_code else Severity.WARNING,
        reading.delivery_id,
        reading.sheet,
        f"{letter}{number}" if letter else None,
        number,
        field.name,
        shown(form, field, row[f"{field.name}__text"]),
        {"form": form.form_id, "became": code},
    )


def _former(row: Mapping[str, Any]) -> list[str]:
    return re.split(r"[、,，;；/|]", row["former_names"] or "")


def _folded(text: str) -> str:
    return simplified(re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))).upper()
