"""The example row of a form as texts, and the rows that a night would judge, made from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from expectations.contract import Form
from expectations.normalise import Normalised, normalise
from expectations.periods import Period, parse_period

REGISTERS = {
    "unit": pl.DataFrame(
        {
            "unit_id": ["A0101", "A0102", "A0103", "A0104"],
            "unit_kind": ["enterprise"] * 4,
            "valid_from": [date(2018, 1, 1), date(2018, 1, 1), date(2021, 3, 1), date(2021, 2, 28)],
            "valid_to": [None, date(2021, 1, 31), None, date(2021, 2, 28)],
        }
    )
}
"""A0101 lasts; A0102 ended in January, A0103 begins in March and A0104 lives on the last day of February only."""


def example_period(form: Form) -> Period:
    return parse_period({"month": "2021-02", "quarter": "2021-Q1", "year": "2021"}[form.frequency])


def example_row(form: Form, **over: Any) -> dict[str, str | None]:
    typed = {f.name: f.examples[0] if f.examples else None for f in form.fields} | over
    return {name: None if value is None else str(value) for name, value in typed.items()}


def normalised(form: Form, deliveries: Sequence[Sequence[Mapping[str, str | None]]]) -> Normalised:
    """The rows of some deliveries, numbered from 0, each with rows from sheet row 6."""
    period = example_period(form)
    texts = pl.DataFrame(
        [
            {"delivery_id": delivery_id, "row_number": 6 + i, **{f"{name}__text": row[name] for name in row}}
            for delivery_id, rows in enumerate(deliveries)
            for i, row in enumerate(rows)
        ],
        schema={
            "delivery_id": pl.Int64,
            "row_number": pl.Int32,
            **{f"{f.name}__text": pl.String for f in form.fields},
        },
    ).with_columns(
        unit_id=pl.lit("A0101"),
        period=pl.lit(period.id),
        period_first_day=pl.lit(period.first_day),
        period_last_day=pl.lit(period.last_day),
    )
    return normalise(form, texts, dict.fromkeys(range(len(deliveries)), period))


def broken(failures: pl.DataFrame, delivery_id: int) -> set[str]:
    return set(failures.filter(delivery_id=delivery_id)["rule_code"])
