"""The overlay: approved corrections put over what was read from an original, before it is judged.

The corrected cell is read as if its text had been typed there, in the field's own unit whatever the heading says (万元). What was
found at the cell before gives way to what is found now, and so does the comparison of a total of the sheet, which is no longer that
of its rows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from connectors.warehouse.loading import WRONG_TOTALS
from connectors.workbooks.reading import ReadBatch
from expectations.contract import forms
from expectations.normalise import findings_of_complaints, normalise
from expectations.periods import parse_period

if TYPE_CHECKING:
    from connectors.warehouse.corrections import Correction
    from connectors.workbooks.reading import Reading
    from expectations.finding import Finding


def overlaid(batch: ReadBatch, corrections: Sequence[Correction]) -> ReadBatch:
    """The batch with these corrections over it, in this order; those that it has no place for are left out (see `has_place`)."""
    readings = {reading.delivery_id: reading for reading in batch.readings}
    rows = dict(batch.rows)
    for correction in corrections:
        reading = readings[correction.delivery_id]
        if has_place(batch, correction):
            readings[correction.delivery_id], rows[correction.form_id] = _corrected(
                reading, rows[correction.form_id], correction
            )
    return ReadBatch([readings[reading.delivery_id] for reading in batch.readings], rows)


def has_place(batch: ReadBatch, correction: Correction) -> bool:
    """Whether the original is still read so that it has the row and the field of a correction."""
    rows = batch.rows.get(correction.form_id)
    return rows is not None and correction.field in rows.columns and not rows.filter(_row(correction)).is_empty()


def _corrected(reading: Reading, rows: pl.DataFrame, correction: Correction) -> tuple[Reading, pl.DataFrame]:
    form, text = forms()[correction.form_id], f"{correction.field}__text"
    typed = normalise(
        form,
        pl.DataFrame(
            {"delivery_id": [reading.delivery_id], "row_number": [correction.row_number], text: [correction.value]},
            schema_overrides={"row_number": pl.Int32, text: pl.String},
        ),
        {reading.delivery_id: parse_period(correction.period)},
    )
    anew = (
        pl.when(_row(correction)).then(pl.lit(typed.rows[name].item(), rows.schema[name])).otherwise(name).alias(name)
        for name in (correction.field, text)
    )
    found = findings_of_complaints(form, typed.complaints, {reading.delivery_id: reading.columns})
    return (
        replace(
            reading,
            findings=[
                *(f for f in reading.findings if not _gives_way(f, reading, correction)),
                *(replace(f, sheet=reading.sheet) for f in found),
            ],
            content_sha256=_content_hash(reading, correction),
        ),
        rows.with_columns(anew),
    )


def _row(correction: Correction) -> pl.Expr:
    return (pl.col("delivery_id") == correction.delivery_id) & (pl.col("row_number") == correction.row_number)


def _gives_way(finding: Finding, reading: Reading, correction: Correction) -> bool:
    if finding.code in WRONG_TOTALS:
        return finding.field == correction.field
    cell = f"{reading.columns.get(correction.field)}{correction.row_number}"
    return finding.cell == cell or (finding.row_number, finding.field) == (correction.row_number, correction.field)


def _content_hash(reading: Reading, correction: Correction) -> str:
    said = [reading.content_sha256, correction.row_number, correction.field, correction.value]
    return hashlib.sha256(json.dumps(said, ensure_ascii=True).encode()).hexdigest()
