"""From contracts to one Great Expectations suite, and from the rows of many forms to the one slim frame that it is run on.

An expectation costs GX some 9 ms however few rows it sees, and more the longer the suite (measured: 20 take 0.2 s, 400 take
15 s); a row costs next to nothing. So forms share their expectations: the n-th expression rule of every form stands in the
same column `rule_n`, computed in polars, and what must be unique stands in the one column `key`. A frame of all forms then costs
what the form with the most rules would cost alone. Only an expectation that a contract names itself is its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from expectations.contract import Field, Form, Rule

if TYPE_CHECKING:
    import pandas as pd
    from great_expectations.expectations.expectation import Expectation

KEY = ("delivery_id", "row_number")

UNIQUE = "key"
"""The column that holds the same number where two rows of a delivery have the same key."""

Batch = Sequence[tuple[Form, pl.DataFrame]]
"""Forms with their normalised rows, each form once."""


class RuleExpressionError(Exception):
    """The expression of a rule cannot be computed over the columns of its form.

    Attributes:
        rule_code: the rule.
        kind: the kind of exception.
    """

    def __init__(self, rule_code: str, kind: str) -> None:
        self.rule_code, self.kind = rule_code, kind
        super().__init__(f"{rule_code}: {kind}")


def slots(form: Form) -> dict[str, str]:
    """The shared column of each expression rule, by the rule's code."""
    codes = [rule.code for rule in form.row_rules if rule.expression]
    return {code: f"rule_{number}" for number, code in enumerate(codes, 1)}


def expectations_of(forms: Sequence[Form]) -> list[Expectation]:
    """The expectations that these forms share, and those of their own; `meta` has the column or the rule. Imports GX, which takes seconds."""
    import great_expectations.expectations as gxe
    from great_expectations.expectations.core.expect_column_values_to_be_in_set import ExpectColumnValuesToBeInSet
    from great_expectations.expectations.core.expect_column_values_to_be_unique import ExpectColumnValuesToBeUnique

    shared = sorted({column for form in forms for column in slots(form).values()}, key=lambda c: int(c.split("_")[1]))
    found: list[Expectation] = [
        ExpectColumnValuesToBeInSet(column=column, value_set=[True], meta={"column": column}) for column in shared
    ]
    found.append(ExpectColumnValuesToBeUnique(column=UNIQUE, meta={"column": UNIQUE}))
    for form in forms:
        for rule in _named(form):
            expectation = getattr(gxe, "".join(part.capitalize() for part in (rule.expectation or "").split("_")))
            kwargs = {name: _own_columns(form, name, value) for name, value in rule.kwargs.items()}
            found.append(expectation(**kwargs, meta={"rule": rule.code}))
    return found


def slim_frame(batch: Batch, registers: Mapping[str, pl.DataFrame]) -> pd.DataFrame:
    """One row per row of every form, in Arrow types: form_id, keys, verdicts (true, false, null = does not apply), unique key.

    Nothing else of a row goes to GX but the columns of expectations that a contract names itself. Raises: RuleExpressionError.
    """
    parts, taken = [], 0
    for form, rows in batch:
        parts.append(_slim_rows(form, rows, registers, taken))
        taken += rows.height
    return pl.concat(parts, how="diagonal").to_pandas(use_pyarrow_extension_array=True)


def _slim_rows(form: Form, rows: pl.DataFrame, registers: Mapping[str, pl.DataFrame], taken: int) -> pl.DataFrame:
    asked = rows.with_columns(
        _is_known(rows, field, registers).alias(f"{field.name}__is_known") for field in form.fields if field.register
    )
    verdicts = [_verdict(asked, rule).alias(column) for rule, column in _expressions(form)]
    named = [_judged(form, rows, name).alias(f"{form.form_id}.{name}") for name in _named_columns(form)]
    return rows.select(
        pl.lit(form.form_id).alias("form_id"), *KEY, (_unique_keys(form, rows) + taken).alias(UNIQUE), *named
    ).with_columns(verdicts)


def _expressions(form: Form) -> Iterator[tuple[Rule, str]]:
    columns = slots(form)
    return ((rule, columns[rule.code]) for rule in form.row_rules if rule.expression)


def _verdict(rows: pl.DataFrame, rule: Rule) -> pl.Series:
    try:
        verdict = pl.sql_expr(rule.expression or "")
        if "__text" not in (rule.expression or ""):
            # What was typed and could not be read has its complaint; a rule about it would only say so again, and perhaps wrongly.
            unread = [pl.col(n).is_null() & pl.col(f"{n}__text").is_not_null() for n in rule.fields]
            verdict = pl.when(~pl.any_horizontal(unread)).then(verdict) if unread else verdict
        return rows.select(verdict.cast(pl.Boolean).alias("verdict"))["verdict"]
    except pl.exceptions.PolarsError as error:
        raise RuleExpressionError(rule.code, type(error).__name__) from None


def _unique_keys(form: Form, rows: pl.DataFrame) -> pl.Series:
    """A number from 0 for each different key; null where a part of it is blank, which is that blank's complaint."""
    parts = ["delivery_id", *form.key]
    # Texts are compared in half width: 示例厂（西安） and 示例厂(西安) are one.
    alike = [pl.col(n).str.normalize("NFKC") if form.field(n).kind == "text" else pl.col(n) for n in form.key]
    asked = rows.select("delivery_id", *alike)
    numbers = asked.unique(maintain_order=True).with_row_index(UNIQUE)
    return asked.join(numbers, on=parts, how="left", maintain_order="left")[UNIQUE].cast(pl.Int64)


def _named(form: Form) -> list[Rule]:
    return [rule for rule in form.row_rules if rule.expectation]


def _named_columns(form: Form) -> list[str]:
    named: dict[str, None] = {}
    for rule in _named(form):
        for name, value in rule.kwargs.items():
            if name.startswith("column"):
                named |= dict.fromkeys([value] if isinstance(value, str) else value)
    return list(named)


def _own_columns(form: Form, name: str, value: Any) -> Any:
    if not name.startswith("column"):
        return value
    return f"{form.form_id}.{value}" if isinstance(value, str) else [f"{form.form_id}.{column}" for column in value]


def _judged(form: Form, rows: pl.DataFrame, name: str) -> pl.Expr:
    kind = form.field(name).kind
    if kind in ("money", "decimal"):
        # GX compares Arrow decimals slowly or not at all. Two decimals below 9e13 keep their order as binary fractions, equal
        # staying equal, so no comparison with a bound comes out differently; the value itself never comes back from here.
        return pl.col(name).cast(pl.Float64)
    if kind in ("text", "code"):
        # Only sameness is asked of texts here, so GX gets their rank and no personal value.
        return pl.col(name).rank("dense").cast(pl.Int64)
    return pl.col(name)


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
