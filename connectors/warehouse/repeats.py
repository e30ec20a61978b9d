"""Rows that stand in a workbook twice, alike in every cell: one of them counts, and people are asked whether it was meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import polars as pl

from expectations.contract import Form
from expectations.finding import Finding, Severity

if TYPE_CHECKING:
    from connectors.workbooks.reading import Reading


def without_repeats(
    form: Form, readings: Mapping[int, Reading], rows: pl.DataFrame
) -> tuple[pl.DataFrame, list[Finding]]:
    """The rows without those that repeat an earlier row of their workbook, and a finding for each that is left out.

    They go into the account of their reading. A row that lacks something, or has a cell that could not be read, stays: what it says
    is not known. Rows with one key that differ in anything else stay as well; the rules of the form refuse them.
    """
    names = [f.name for f in form.fields]
    is_whole = pl.all_horizontal(
        pl.col(f.name).is_not_null()
        if f.is_required
        else pl.col(f.name).is_not_null() | pl.col(f"{f.name}__text").is_null()
        for f in form.fields
    )
    first = pl.col("row_number").filter(is_whole).min().over("delivery_id", *names)
    marked = rows.with_columns(first.alias("first_row"), (is_whole & (first < pl.col("row_number"))).alias("is_repeat"))
    repeats = marked.filter("is_repeat").select("delivery_id", "row_number", "first_row")
    if repeats.is_empty():
        return rows, []
    findings = []
    for delivery_id, number, first_number in repeats.iter_rows():
        reading = readings[delivery_id]
        reading.rows_ignored.append((number, "repeated_row"))
        letter = next((reading.columns[name] for name in (*form.key, *names) if name in reading.columns), None)
        findings.append(
            Finding(
                "form.repeated_row",
                Severity.WARNING,
                delivery_id,
                reading.sheet,
                f"{letter}{number}" if letter else None,
                number,
                params={"form": form.form_id, "first": str(first_number)},
            )
        )
    return rows.filter(~marked["is_repeat"]), findings
