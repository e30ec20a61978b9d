"""Totals held against the rows that they add up: a sheet's own sum passes over numbers typed as text, so it is never trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import polars as pl

from connectors.workbooks.harvest import TotalRow
from connectors.workbooks.reading import Reading
from expectations.contract import Form
from expectations.finding import Severity
from expectations.normalise import normalise

Sums = dict[int, dict[str, Decimal | int | None]]
"""By delivery and field; None where a row could not be read, so that its one complaint is not followed by a second."""


def reconcile(
    form: Form, totals: Sequence[tuple[Reading, TotalRow]], rows: pl.DataFrame, scales: Mapping[int, Mapping[str, str]]
) -> None:
    """Warn, in their readings, of the totals of a form that differ from the sum of the typed rows; a blank total says nothing.

    `scales` as for `normalise`.
    """
    # A formula that nobody worked out is the template's own, blank like the rest of it.
    stated = [
        (reading, total, name, text)
        for reading, total in totals
        for name, text in total.texts.items()
        if not text.startswith("=")
    ]
    if not stated:
        return
    fields = [f.name for f in form.fields if f.is_totalled]
    texts = pl.DataFrame(
        {
            "delivery_id": [reading.delivery_id for reading, _ in totals],
            "row_number": [total.row_number for _, total in totals],
            **{f"{name}__text": [total.texts.get(name) for _, total in totals] for name in fields},
        },
        schema_overrides={
            "delivery_id": pl.Int64,
            "row_number": pl.Int32,
            **{f"{name}__text": pl.String for name in fields},
        },
    )
    typed = {
        (row["delivery_id"], row["row_number"]): row
        for row in normalise(form, texts, {}, scales).rows.iter_rows(named=True)
    }
    whole = _sums(fields, rows)
    for reading, total, name, text in stated:
        letter = reading.columns[name]
        place = {"cell": f"{letter}{total.row_number}", "field": name, "value": text}
        heading = form.field(name).heading
        given = typed[reading.delivery_id, total.row_number][name]
        if given is None:
            reading.complain(
                "form.total_unreadable", Severity.WARNING, row_number=total.row_number, heading=heading, **place
            )
            continue
        sums = whole if total.span is None else _sums(fields, _within(rows, reading.delivery_id, total.span))
        added = sums.get(reading.delivery_id, {}).get(name, 0)
        if added is not None and added != given:
            reading.complain(
                "form.total_differs",
                Severity.WARNING,
                row_number=total.row_number,
                heading=heading,
                total=str(given),
                sum=str(added),
                difference=str(given - added),
                **place,
            )


def _sums(fields: Sequence[str], rows: pl.DataFrame) -> Sums:
    unread = (
        (pl.col(name).is_null() & pl.col(f"{name}__text").is_not_null()).any().alias(f"{name}__unread")
        for name in fields
    )
    sums = rows.group_by("delivery_id").agg(pl.col(fields).sum(), *unread)
    return {
        row["delivery_id"]: {name: None if row[f"{name}__unread"] else row[name] for name in fields}
        for row in sums.iter_rows(named=True)
    }


def _within(rows: pl.DataFrame, delivery_id: int, span: tuple[int, int]) -> pl.DataFrame:
    return rows.filter((pl.col("delivery_id") == delivery_id) & pl.col("row_number").is_between(*span))
