"""Whole columns of typed texts to typed values: patterns in polars for the many clean cells, `values` for the few others.

It runs in the reading child, so it imports polars and nothing heavier. A column is first brought to canonical texts, then cast
once, exactly; a text that cannot be read becomes a typed blank with an error complaint, never another value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import date
from types import MappingProxyType

import polars as pl

from expectations.choices import labels
from expectations.citizen_id import CHECK_CHARACTERS, WEIGHTS
from expectations.cleaning import DITTO_WORDS, LONGEST_CELL, NEEDS_CARE
from expectations.complaint import Complaint
from expectations.contract import Field, Form
from expectations.finding import Finding, Severity
from expectations.masks import shown
from expectations.periods import Period
from expectations.values import LATEST, ValueReading, read_value

KEY = ("delivery_id", "row_number")

_CLEAN_TEXT = r"^[\p{Han}A-Za-z0-9](?:[\p{Han}A-Za-z0-9（）()，。、；：·_-]*[\p{Han}A-Za-z0-9（）()。])?$"
_LONG_NUMBER = "[0-9]{11}"
_NOT_CLEAN = f"{DITTO_WORDS}|{NEEDS_CARE}|{_LONG_NUMBER}"
_CLEAN_NAME = r"^\p{Han}{2,10}$"
_CLEAN_INTEGER = r"^-?[0-9]{1,15}$"
_CLEAN_MONEY = r"^-?[0-9]{1,13}(?:\.[0-9]{1,2})?$"
_CLEAN_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ]00:00:00)?$"
_CLEAN_KEY = r"^[A-Z0-9]+$"
_CLEAN_YEARS = r"^[1-9][0-9]{3}$"
_CITIZEN_ID = r"^[1-9][0-9]{16}[0-9X]$"


@dataclass(frozen=True, slots=True)
class CellComplaint:
    """One complaint about one cell: what `values` said, with its row and field.

    `value` is what was typed, cut if it is long, masked where the field is personal; `params` name the form, and never hold a personal value.
    """

    code: str
    severity: Severity
    delivery_id: int
    row_number: int
    field: str
    params: Mapping[str, str] = dataclass_field(default_factory=dict)
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Normalised:
    """The rows of one form with their typed columns, and what there is to say about their cells.

    `rows` has every column that came in; for each field `F` a typed column `F` (Int64, Decimal(18,2), Date or String) and
    `F__text` with what was typed, null where the cell is blank or holds a placeholder such as `-`.
    """

    rows: pl.DataFrame
    complaints: list[CellComplaint]


def normalise(
    form: Form,
    texts: pl.DataFrame,
    periods: Mapping[int, Period],
    scales: Mapping[int, Mapping[str, str]] = MappingProxyType({}),
) -> Normalised:
    """The typed rows of one form.

    `texts`: one row per data row with delivery_id, row_number and `F__text` for the fields that have a column (String, null =
    blank); other columns pass through. `periods`: the period of each delivery, by delivery_id. `scales`: for the deliveries whose
    headings say so, by delivery_id, what the numbers of a field are to be multiplied by (万).
    """
    missing = [f"{f.name}__text" for f in form.fields if f"{f.name}__text" not in texts.columns]
    rows = texts.with_columns(pl.lit(None, pl.String).alias(name) for name in missing)
    canonical = rows.select(_fast(f, _latest_everywhere(form, periods)).alias(f.name) for f in form.fields)
    complaints: list[CellComplaint] = []
    columns: list[pl.Series] = []
    for field in form.fields:
        typed, text = rows[f"{field.name}__text"], canonical[field.name]
        times = {delivery_id: fields[field.name] for delivery_id, fields in scales.items() if field.name in fields}
        if times:
            # A scaled number is never clean already.
            text = pl.select(pl.when(~rows["delivery_id"].is_in(list(times))).then(text)).to_series()
        careful = (typed.is_not_null() & text.is_null()).arg_true()
        if len(careful):
            keys = list(zip(*(rows[name].gather(careful).to_list() for name in KEY), strict=True))
            contexts = [(periods.get(d), times.get(d)) for d, _ in keys]
            readings = _read_carefully(form, field, typed.gather(careful).to_list(), contexts)
            complaints += _complaints(form, field, keys, typed.gather(careful).to_list(), readings)
            text = text.scatter(careful, pl.Series([r.text for r in readings], dtype=pl.String))
            blank = careful.filter(pl.Series([r.is_blank for r in readings], dtype=pl.Boolean))
            typed = typed.scatter(blank, pl.Series([None] * len(blank), dtype=pl.String))
        columns += [_cast(field, text), typed]
    others = [name for name in rows.columns if not name.endswith("__text")]
    complaints.sort(key=lambda c: (c.delivery_id, c.row_number))
    return Normalised(rows.select(others).with_columns(columns), complaints)


def findings_of_complaints(
    form: Form, complaints: Sequence[CellComplaint], columns_by_delivery: Mapping[int, Mapping[str, str]]
) -> list[Finding]:
    """A finding for each complaint, at its cell; `columns_by_delivery` gives the letter of each field's column."""
    return [
        Finding(
            code=c.code,
            severity=c.severity,
            delivery_id=c.delivery_id,
            sheet=form.sheet,
            cell=f"{letter}{c.row_number}"
            if (letter := columns_by_delivery.get(c.delivery_id, {}).get(c.field))
            else None,
            row_number=c.row_number,
            field=c.field,
            value=c.value,
            params=c.params,
        )
        for c in complaints
    ]


def _read_carefully(
    form: Form, field: Field, typed: Sequence[str], contexts: Sequence[tuple[Period | None, str | None]]
) -> list[ValueReading]:
    # People repeat themselves down a column, so one reading serves all cells with the same text, period and heading.
    seen: dict[tuple[str, tuple[Period | None, str | None]], ValueReading] = {}
    for text, context in zip(typed, contexts, strict=True):
        if (text, context) not in seen:
            period, times = context
            seen[text, context] = read_value(field, text, period, latest_day(form, period), times)
    return [seen[pair] for pair in zip(typed, contexts, strict=True)]


def latest_day(form: Form, period: Period | None) -> date:
    """The last day that a date on the form may be: the end of the year after the period; registers plan further ahead."""
    return LATEST if form.is_register or period is None else date(period.last_day.year + 1, 12, 31)


def _latest_everywhere(form: Form, periods: Mapping[int, Period]) -> date:
    return min((latest_day(form, period) for period in periods.values()), default=LATEST)


def _complaints(
    form: Form, field: Field, keys: Sequence[tuple[int, int]], typed: Sequence[str], readings: Sequence[ValueReading]
) -> list[CellComplaint]:
    def complaint(key: tuple[int, int], text: str, said: Complaint) -> CellComplaint:
        params = {"form": form.form_id, **said.params}
        return CellComplaint(said.code, said.severity, *key, field.name, params, shown(form, field, text))

    return [
        complaint(key, text, said)
        for key, text, reading in zip(keys, typed, readings, strict=True)
        for said in reading.complaints
    ]


def _fast(field: Field, latest: date) -> pl.Expr:
    """The canonical text of each cell that is clean already; null for blanks and for all that need care."""
    typed = pl.col(f"{field.name}__text")
    match field.kind:
        case "integer":
            return _where(typed, typed.str.contains(_CLEAN_INTEGER))
        case "money" | "decimal":
            return _where(typed, typed.str.contains(_CLEAN_MONEY))
        case "date":
            day = pl.when(typed.str.contains(_CLEAN_DATE)).then(typed.str.slice(0, 10))
            # The years from 1949; the careful path knows the limit of each period.
            return _where(day, day.str.to_date("%Y-%m-%d", strict=False).is_between(date(1949, 1, 1), latest))
        case "code" if field.choices:
            return typed.replace_strict(dict(labels(field)), default=None, return_dtype=pl.String)
        case _:
            return _where(typed, _is_clean_text(field, typed, latest))


def _is_clean_text(field: Field, typed: pl.Expr, latest: date) -> pl.Expr:
    short = typed.str.len_chars() <= (field.max_length or LONGEST_CELL)
    match field.semantic:
        case "citizen_id":
            return _is_citizen_id(typed, latest)
        case "credit_code":
            return pl.lit(False)
        case "person_name":
            return typed.str.contains(_CLEAN_NAME) & short & ~typed.str.contains(_NOT_CLEAN)
        case "period":
            return typed.str.contains(_CLEAN_YEARS)
        case _ if field.kind == "code":
            return typed.str.contains(_CLEAN_KEY) & short
        case _:
            return typed.str.contains(_CLEAN_TEXT) & short & ~typed.str.contains(_NOT_CLEAN)


def _is_citizen_id(typed: pl.Expr, latest: date) -> pl.Expr:
    shaped = pl.when(typed.str.contains(_CITIZEN_ID)).then(typed)
    total = pl.sum_horizontal(
        shaped.str.slice(place, 1).cast(pl.Int32) * weight for place, weight in enumerate(WEIGHTS)
    )
    check = (total % 11).replace_strict(dict(enumerate(CHECK_CHARACTERS)), default=None, return_dtype=pl.String)
    born = shaped.str.slice(6, 8).str.to_date("%Y%m%d", strict=False)
    return (check == shaped.str.slice(17, 1)) & born.is_between(date(1900, 1, 1), latest)


def _where(value: pl.Expr, condition: pl.Expr) -> pl.Expr:
    return pl.when(condition).then(value)


def _cast(field: Field, text: pl.Series) -> pl.Series:
    match field.kind:
        case "integer":
            return text.cast(pl.Int64)
        case "money" | "decimal":
            return text.cast(pl.Decimal(18, 2))
        case "date":
            return text.str.to_date("%Y-%m-%d")
        case _:
            return text
