"""Explain a figure: number → numerator and denominator → submissions and files → rows → cells.

The rows are those of `marts.fct_measures`, attributed to organisation and period by the same two tables that the figures are
computed with, so that their sum or distinct count must be the figure; `is_reconciled` says whether it is. Nothing personal
stands here: of a personal field the address is told, never the value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from expectations.contract import forms

_FIGURE = """
    select i.name_zh, i.name_en, i.unit, i.numerator_measure, i.subtracted_measure, i.denominator_measure,
        v.org_level, v.org_id, v.value, v.numerator, v.denominator, v.completeness, v.status, v.release_id
    from {figures} v join bi.indicator i using (indicator_id)
    where v.indicator_id = %(indicator_id)s and v.period = %(period)s
        and (v.org_id = %(org_id)s or %(org_id)s::text is null and v.org_level = 'province')
"""

_FIGURE_FACTS = (
    *("name_zh", "name_en", "unit", "org_level", "org_id"),
    *("release_id", "value", "completeness", "status"),
)

_MEASURE = """
    select name_zh, name_en, unit, aggregation, over_time, membership
    from marts.measures where measure_id = %s
"""

_BY_MONTH = """
        m.value from {measures} m join {unit_months} o
        on o.unit_id = m.unit_id and o.month_date = date_trunc('month', m.occurred_date)::date
        join {measure_periods} p
        on p.measure_id = m.measure_id and o.month_date between date_trunc('month', p.first_date) and p.as_of_date
        where m.state_first_date is null and p.period = %(period)s"""

_AT_PERIOD_END = "{measures} m join {enterprises} o on o.unit_id = m.unit_id"

_ATTRIBUTED = {
    ("flow", "as_then"): _BY_MONTH,
    ("cumulative", "as_then"): _BY_MONTH,
    ("flow", "at_period_end"): f"""
        m.value from {_AT_PERIOD_END} and date_trunc('month', m.occurred_date)::date between o.first_date and o.as_of_date
        where m.state_first_date is null and o.period = %(period)s""",
    ("state", "at_period_end"): f"""
        m.value from {_AT_PERIOD_END} and o.as_of_date between m.state_first_date and m.state_last_date
        where o.period = %(period)s""",
    ("state_in_year", "at_period_end"): f"""
        case when m.occurred_date >= date_trunc('year', o.as_of_date)::date then m.value else 0 end as value
        from {_AT_PERIOD_END} and o.as_of_date between m.state_first_date and m.state_last_date
        where m.state_first_date >= date_trunc('year', o.as_of_date)::date and o.period = %(period)s""",
}
"""How the rows of a measure come to an organisation and a period, as `int_measure_values` has it; by over_time and membership."""

_COUNTED = """
    with counted as (
        select m.form_id, m.submission_id, m.row_number, m.unit_id, m.occurred_date, m.distinct_key, m.fields, {attributed}
            and m.measure_id = %(measure_id)s and o.basis <> 'as_now'
            and o.org_level = %(org_level)s and o.org_id = %(org_id)s
    )
"""

_TOTALS = """
    select count(*) filter (where value <> 0) as rows_total, sum(value) as sum, count(distinct distinct_key) as distinct
    from counted
"""

_SUBMISSION_FACTS = (
    *("submission_id", "form_id", "period", "version"),
    *("received_at", "source_id", "sha256", "sheet"),
)

_ROWS = """
    select c.*, s.unit_id as reporter_id, s.period, s.version, s.sheet, s.columns, s.received_at,
        d.source_id, d.object_name, d.sha256
    from counted c
    left join ops.submission s using (submission_id)
    left join archive.delivery d using (delivery_id)
    where c.value <> 0
    order by c.form_id, s.unit_id, s.period, c.submission_id, c.row_number, c.unit_id
    limit %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Relations:
    """Where rows of measures, and what attributes them, are read: as built last, or as laid out for a past release."""

    measures: str = "marts.fct_measures"
    unit_months: str = "intermediate.int_unit_months"
    measure_periods: str = "intermediate.int_measure_periods"
    enterprises: str = "intermediate.int_enterprises_in_force"


FindRelations = Callable[[str], Relations]
"""Gives the relations for a measure."""


@dataclass(frozen=True, slots=True)
class ExplainedCell:
    """One cell: its address, the field and heading that it stands under, and what the warehouse read there (never of a person).

    `is_corrected` says that a correction stands over what the file has.
    """

    field: str
    heading: str
    address: str | None
    value: str | None
    is_personal: bool
    is_corrected: bool


@dataclass(frozen=True, slots=True)
class ExplainedRow:
    """One row of a sheet and what it adds, in the measure's unit; `row_number` is None where the whole submission counts."""

    row_number: int | None
    unit_id: str
    occurred_on: date | None
    value: Decimal
    distinct_key: str | None
    cells: tuple[ExplainedCell, ...]


@dataclass(frozen=True, slots=True)
class ExplainedSubmission:
    """One submission and the file that it came in; all None but the form where an expected submission is missing."""

    submission_id: int | None
    form_id: str
    unit_id: str | None
    period: str | None
    version: int | None
    received_at: datetime | None
    source_id: str | None
    file_name: str | None
    sha256: str | None
    sheet: str | None
    rows: tuple[ExplainedRow, ...]


@dataclass(frozen=True, slots=True)
class ExplainedMeasure:
    """One side of a figure. `rows_value` is the sum, or the distinct count, of all its rows; `rows_total` counts them.

    `submissions` holds all of the rows, or the first `limit`.
    """

    measure_id: str
    name_zh: str
    name_en: str
    unit: str
    aggregation: str
    value: Decimal | None
    rows_value: Decimal
    rows_total: int
    is_reconciled: bool
    submissions: tuple[ExplainedSubmission, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A published figure and everything that it is made of. `value` is None where there is no data.

    `subtracted` is what growth is measured against; None for every other figure. `rows_unknown` says why the rows behind a past
    figure cannot be told (`code_changed`, `boundary_unknown`); no rows are listed then.
    """

    indicator_id: str
    name_zh: str
    name_en: str
    unit: str
    org_level: str
    org_id: str
    period: str
    release_id: int | None
    value: Decimal | None
    completeness: Decimal | None
    status: str
    is_reconciled: bool
    numerator: ExplainedMeasure
    subtracted: ExplainedMeasure | None
    denominator: ExplainedMeasure | None
    rows_unknown: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The whole tree in JSON's own types: numbers as exact decimal text, times in ISO 8601."""
        return {name: _plain(value) for name, value in asdict(self).items()}


def explain(
    conn: psycopg.Connection[Any],
    indicator_id: str,
    period: str,
    org_id: str | None = None,
    limit: int | None = None,
    figures: str = "bi.indicator_value",
    relations: FindRelations = lambda _: Relations(),
) -> Explanation | None:
    """The current release's figure of a unit, group or (None) the province, walked to its cells; None if it was never published.

    `limit` bounds the rows listed for each measure, never what is added up. `figures` and `relations` say where figures and rows are
    read, as SQL; see `explain_as_of` for a past release.
    """
    asked = {"indicator_id": indicator_id, "period": period, "org_id": org_id}
    found = _query(conn, _FIGURE.format(figures=figures), asked)
    if not found:
        return None
    figure = found[0]
    place: dict[str, Any] = {
        "org_level": figure["org_level"],
        "org_id": figure["org_id"],
        "period": period,
        "limit": limit,
    }
    numerator = _measure(conn, relations, figure["numerator_measure"], figure["numerator"], place)
    subtracted = denominator = None
    if figure["subtracted_measure"]:
        known = figure["numerator"] is not None and figure["value"] is not None
        before = figure["numerator"] - figure["value"] if known else None
        subtracted = _measure(conn, relations, figure["subtracted_measure"], before, place)
    if figure["denominator_measure"]:
        denominator = _measure(conn, relations, figure["denominator_measure"], figure["denominator"], place)
    return Explanation(
        indicator_id=indicator_id,
        period=period,
        is_reconciled=numerator.is_reconciled
        # Without growth nothing tells what was subtracted.
        and (subtracted is None or figure["value"] is None or subtracted.is_reconciled)
        and (denominator is None or denominator.is_reconciled),
        numerator=numerator,
        subtracted=subtracted,
        denominator=denominator,
        **{name: figure[name] for name in _FIGURE_FACTS},
    )


def _measure(
    conn: psycopg.Connection[Any],
    relations: FindRelations,
    measure_id: str,
    value: Decimal | None,
    place: Mapping[str, Any],
) -> ExplainedMeasure:
    measure = _query(conn, _MEASURE, (measure_id,))[0]
    attributed = _ATTRIBUTED[measure.pop("over_time"), measure.pop("membership")]
    counted = _COUNTED.format(attributed=attributed.format(**asdict(relations(measure_id))))
    asked = {**place, "measure_id": measure_id}
    totals = _query(conn, counted + _TOTALS, asked)[0]
    rows_value = Decimal(totals[measure["aggregation"]] or 0)
    return ExplainedMeasure(
        measure_id=measure_id,
        value=value,
        rows_value=rows_value,
        rows_total=totals["rows_total"],
        # Without rows the figure is 0 (there was nothing) or absent (nobody answered).
        is_reconciled=(value or Decimal(0)) == rows_value,
        submissions=tuple(_submissions(conn, _query(conn, counted + _ROWS, asked))),
        **measure,
    )


def _submissions(conn: psycopg.Connection[Any], rows: list[dict[str, Any]]) -> Iterable[ExplainedSubmission]:
    values, corrected = _landed_values(conn, rows), _corrected(conn, rows)
    for _, members in groupby(rows, key=lambda row: (row["form_id"], row["submission_id"] or row["unit_id"])):
        lines = list(members)
        first = lines[0]
        yield ExplainedSubmission(
            file_name=first["object_name"],
            unit_id=first["reporter_id"],
            rows=tuple(
                _row(line, values.get((line["submission_id"], line["row_number"]), {}), corrected) for line in lines
            ),
            **{name: first[name] for name in _SUBMISSION_FACTS},
        )


def _row(line: Mapping[str, Any], landed: Mapping[str, Any], corrected: set[tuple[int, int, str]]) -> ExplainedRow:
    form = forms()[line["form_id"]]
    cells = []
    for field in (form.field(name) for name in line["fields"].split(",") if name):
        letter = (line["columns"] or {}).get(field.name)
        value = None if field.is_personal else landed.get(field.name)
        # A code is told as people typed it.
        value = next((choice.label_zh for choice in field.choices if choice.code == value), value)
        cells.append(
            ExplainedCell(
                field=field.name,
                heading=field.heading,
                address=f"{letter}{line['row_number']}" if letter else None,
                value=None if value is None else str(value),
                is_personal=field.is_personal,
                is_corrected=(line["submission_id"], line["row_number"], field.name) in corrected,
            )
        )
    return ExplainedRow(
        line["row_number"], line["unit_id"], line["occurred_date"], line["value"], line["distinct_key"], tuple(cells)
    )


def _landed_values(
    conn: psycopg.Connection[Any], rows: list[dict[str, Any]]
) -> dict[tuple[int, int], Mapping[str, Any]]:
    """What the listed rows hold in the landing tables, by submission and row of the sheet."""
    values: dict[tuple[int, int], Mapping[str, Any]] = {}
    for form_id in {row["form_id"] for row in rows if row["row_number"] is not None}:
        submissions = list({row["submission_id"] for row in rows if row["form_id"] == form_id})
        statement = sql.SQL("select * from {} where submission_id = any(%s)").format(sql.Identifier("landing", form_id))
        with conn.cursor(row_factory=dict_row) as cursor:
            for landed in cursor.execute(statement, (submissions,)):
                values[landed["submission_id"], landed["row_number"]] = landed
    return values


def _corrected(conn: psycopg.Connection[Any], rows: list[dict[str, Any]]) -> set[tuple[int, int, str]]:
    """The cells of the listed submissions over which a correction stands: submission, row of the sheet, field."""
    found = conn.execute(
        "select s.submission_id, c.row_number, c.field from ops.submission s join ops.correction c using (delivery_id)"
        " join ops.correction_approval a using (correction_id)"
        " where s.submission_id = any(%s) and a.submission_id <= s.submission_id",
        (list({row["submission_id"] for row in rows if row["submission_id"] is not None}),),
    )
    return {(submission_id, row_number, field) for submission_id, row_number, field in found}


def _query(conn: psycopg.Connection[Any], statement: str, parameters: Any) -> list[dict[str, Any]]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement.encode(), parameters).fetchall()


def _plain(value: Any) -> Any:
    match value:
        case Decimal():
            # Without the zeros that a column of ten decimals adds.
            return f"{value.normalize():f}"
        case date():
            return value.isoformat()
        case Mapping():
            return {name: _plain(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_plain(inner) for inner in value]
        case _:
            return value
