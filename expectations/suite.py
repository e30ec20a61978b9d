"""From a contract to its Great Expectations suite, and from rows to the slim frame that the suite is run on.

The frame holds keys, one boolean column for each expression rule (computed in polars, hundreds of times cheaper than in GX), and
the few columns that native expectations name. Nothing else of a row goes to GX.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from expectations.contract import Field, Form, Rule

if TYPE_CHECKING:
    import pandas as pd
    from great_expectations.expectations.expectation import Expectation

KEY = ("delivery_id", "row_number")


def expectations_of(form: Form) -> list[Expectation]:
    """The GX expectation of each rule, with the rule's code in its `meta`. Imports GX, which takes seconds."""
    import great_expectations.expectations as gxe

    found: list[Expectation] = []
    for rule in form.rules:
        if rule.expectation:
            name, kwargs = rule.expectation, dict(rule.kwargs)
        else:
            name, kwargs = "expect_column_values_to_be_in_set", {"column": rule.code, "value_set": [True]}
        if name in ("expect_compound_columns_to_be_unique", "expect_select_column_values_to_be_unique_within_record"):
            # A key with a blank in it is that blank's complaint, not a duplicate of the next one with a blank.
            kwargs.setdefault("ignore_row_if", "any_value_is_missing")
        expectation = getattr(gxe, "".join(part.capitalize() for part in name.split("_")))
        found.append(expectation(**{k: _plain(v) for k, v in kwargs.items()}, meta={"rule": rule.code}))
    return found


def slim_frame(form: Form, rows: pl.DataFrame, registers: Mapping[str, pl.DataFrame]) -> pd.DataFrame:
    """The keys, the verdicts of expression rules (true, false, null = does not apply) and the columns of native rules, in Arrow types."""
    with_registers = rows.with_columns(
        _is_known(rows, field, registers).alias(f"{field.name}__is_known") for field in form.fields if field.register
    )
    verdicts = [_verdict(form, rule) for rule in form.rules if rule.expression]
    columns = [_judged(form, rows, name) for name in _native_columns(form)]
    return with_registers.select(*KEY, *verdicts, *columns).to_pandas(use_pyarrow_extension_array=True)


def _verdict(form: Form, rule: Rule) -> pl.Expr:
    verdict = pl.sql_expr(rule.expression or "")
    if "__text" not in (rule.expression or ""):
        # What was typed and could not be read has its complaint; a rule about it would only say so again, and perhaps wrongly.
        unread = [pl.col(n).is_null() & pl.col(f"{n}__text").is_not_null() for n in rule.fields]
        verdict = pl.when(~pl.any_horizontal(unread)).then(verdict) if unread else verdict
    return verdict.alias(rule.code)


def _native_columns(form: Form) -> list[str]:
    named: dict[str, None] = {}
    for rule in form.rules:
        if rule.expectation:
            named |= dict.fromkeys(_columns_in(rule.kwargs))
    return [name for name in named if name not in KEY]


def _columns_in(kwargs: Mapping[str, Any]) -> Iterator[str]:
    for name, value in kwargs.items():
        if name in ("column", "column_A", "column_B"):
            yield value
        elif name in ("column_list", "column_set"):
            yield from value


def _judged(form: Form, rows: pl.DataFrame, name: str) -> pl.Expr:
    field = _field(form, name)
    column = pl.col(name)
    if field is None:
        return column
    if field.kind == "money":
        # GX compares Arrow decimals slowly or not at all. Two decimals below 9e13 keep their order as binary fractions, equal
        # staying equal, so no comparison with a bound comes out differently; the value itself never comes back from here.
        return column.cast(pl.Float64)
    if field.kind in ("text", "code"):
        # Only sameness is asked of texts here, so GX gets their rank and no personal value.
        return column.rank("dense").cast(pl.Int64)
    return column


def _is_known(rows: pl.DataFrame, field: Field, registers: Mapping[str, pl.DataFrame]) -> pl.Expr:
    """Whether the key has a span in the register that overlaps the row's period; null for blanks."""
    spans = registers[field.register or ""].select(
        pl.col(f"{field.register}_id").alias(field.name), "valid_from", pl.col("valid_to").alias("valid_to")
    )
    asked = rows.select(field.name, "period_first_day", "period_last_day").unique()
    known = (
        asked.join(spans, on=field.name)
        .filter(
            (pl.col("valid_from") <= pl.col("period_last_day"))
            & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= pl.col("period_first_day")))
        )
        .select(pl.struct(field.name, "period_first_day", "period_last_day").alias("key"))
    )
    is_known = pl.struct(field.name, "period_first_day", "period_last_day").is_in(known["key"].implode())
    return pl.when(pl.col(field.name).is_not_null()).then(is_known)


def _field(form: Form, name: str) -> Field | None:
    return next((f for f in form.fields if f.name == name), None)


def _plain(value: Any) -> Any:
    # GX keeps its arguments as JSON, which has no decimals.
    from decimal import Decimal

    return (int(value) if value == value.to_integral_value() else float(value)) if isinstance(value, Decimal) else value
