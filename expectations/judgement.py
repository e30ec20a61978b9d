"""The judgement of a form's rows by Great Expectations: which rows break which rules, and nothing else about them.

One suite and one batch per form and call. GX runs in an ephemeral context, keeps no result and sends nothing; what it found
is turned into keys at once, and the values in its results go no further than this module.
"""

from __future__ import annotations

import logging
import os
import re
import threading
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import polars as pl

from expectations.contract import Form, Rule
from expectations.finding import Finding
from expectations.masks import shown
from expectations.standing_rules import standing_rules
from expectations.suite import KEY, expectations_of, slim_frame

if TYPE_CHECKING:
    from great_expectations.data_context.data_context.ephemeral_data_context import EphemeralDataContext

FAILURES = {"rule_code": pl.String, "delivery_id": pl.Int64, "row_number": pl.Int32, "is_shadow": pl.Boolean}
"""The shape of what `judge` gives: one row per rule and row that breaks it."""

_ONE_AT_A_TIME = threading.RLock()
"""GX keeps one context for the process and is not made for threads."""


class JudgementError(Exception):
    """A rule could not be judged at all; that is a fault of the contract or of ours, never of the rows.

    Attributes:
        rule_code: the rule.
        kind: the kind of exception; its message is left out, because it may quote values.
    """

    def __init__(self, rule_code: str, kind: str) -> None:
        self.rule_code, self.kind = rule_code, kind
        super().__init__(
            f"Rule {rule_code} could not be judged ({kind}); check its expression or arguments in the contract."
        )


def warm_up() -> None:
    """Imports Great Expectations, which takes some seconds, so that it can be done while readers work."""
    with _ONE_AT_A_TIME:
        _context()


def judge(form: Form, rows: pl.DataFrame, registers: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The rules that rows break: rule_code, delivery_id, row_number, is_shadow; one row per rule and row that breaks it.

    `rows`: the normalised rows of one form with period_first_day and period_last_day. `registers`: by name, with `<name>_id`,
    valid_from and valid_to. A row that breaks a standing rule about one field (not given, out of range, unknown) is not
    also blamed for the rules that compare that field with others. Raises: JudgementError.
    """
    if rows.is_empty():
        return pl.DataFrame(schema=FAILURES)
    with _ONE_AT_A_TIME:
        keys = _failing_keys(form, rows, registers)
    failures = pl.concat([pl.DataFrame(schema=FAILURES), *keys])
    return _without_followers(form, failures).sort("delivery_id", "row_number", "rule_code")


def findings_of_failures(
    form: Form,
    failures: pl.DataFrame,
    rows: pl.DataFrame,
    columns_by_delivery: Mapping[int, Mapping[str, str]],
    sheet: str,
) -> list[Finding]:
    """One finding per broken rule and row, at the cell of the rule's first field; `params` name all its cells and headings.

    Shadow rules are counted and not applied, so they give no finding.
    """
    applied = failures.filter(~pl.col("is_shadow"))
    texts = applied.join(rows.select(*KEY, pl.col("^.*__text$")), on=KEY, how="left", maintain_order="left")
    return [
        _finding(form, form.rule(row["rule_code"]), row, columns_by_delivery, sheet)
        for row in texts.iter_rows(named=True)
    ]


def _finding(
    form: Form, rule: Rule, row: Mapping[str, Any], columns_by_delivery: Mapping[int, Mapping[str, str]], sheet: str
) -> Finding:
    letters = columns_by_delivery.get(row["delivery_id"], {})
    cells = [f"{letters[name]}{row['row_number']}" for name in rule.fields if name in letters]
    first = form.field(rule.fields[0]) if rule.fields else None
    text = row[f"{first.name}__text"] if first else None
    return Finding(
        code=rule.code,
        severity=rule.severity,
        delivery_id=row["delivery_id"],
        sheet=sheet,
        cell=f"{letters[first.name]}{row['row_number']}" if first and first.name in letters else None,
        row_number=row["row_number"],
        field=first.name if first else None,
        value=shown(first, text) if first and text is not None else None,
        params={
            "form": form.form_id,
            "heading": "、".join(form.field(name).heading for name in rule.fields),
            "cells": "、".join(cells),
        },
    )


def _failing_keys(form: Form, rows: pl.DataFrame, registers: Mapping[str, pl.DataFrame]) -> list[pl.DataFrame]:
    from great_expectations.core import ExpectationSuite

    source = _context().data_sources.add_pandas(form.form_id)
    try:
        batch = (
            source.add_dataframe_asset("rows")
            .add_batch_definition_whole_dataframe("all")
            .get_batch({"dataframe": slim_frame(form, rows, registers)})
        )
        # COMPLETE gives every failing row, not the first twenty; the index columns make the rows known by their keys.
        wanted = {
            "result_format": "COMPLETE",
            "unexpected_index_column_names": list(KEY),
            "include_unexpected_rows": False,
        }
        verdict = batch.validate(
            ExpectationSuite(name=form.form_id, expectations=expectations_of(form)), result_format=wanted
        )
        return [_keys(form, result) for result in verdict.results]
    finally:
        # The context would keep the frame, and with it the night's rows, as long as the process lives.
        _context().data_sources.delete(form.form_id)


def _keys(form: Form, result: Any) -> pl.DataFrame:
    code = result.expectation_config.meta["rule"]
    _raise_if_not_judged(code, result.exception_info)
    found = result.result.get("unexpected_index_list") or []
    return pl.DataFrame(
        {
            "rule_code": [code] * len(found),
            "delivery_id": [int(key["delivery_id"]) for key in found],
            "row_number": [int(key["row_number"]) for key in found],
            "is_shadow": [form.rule(code).is_shadow] * len(found),
        },
        schema=FAILURES,
    )


def _raise_if_not_judged(code: str, account: Mapping[str, Any]) -> None:
    # GX reports one exception, or one for each metric under its name.
    for problem in [account] if "raised_exception" in account else account.values():
        if problem["raised_exception"]:
            kind = re.search(
                r"^([\w.]*(?:Error|Exception|error))\b", str(problem["exception_traceback"]), re.ASCII | re.MULTILINE
            )
            raise JudgementError(code, kind[1] if kind else "unknown")


def _without_followers(form: Form, failures: pl.DataFrame) -> pl.DataFrame:
    """One complaint per cause: what a broken standing rule of one field already says is not said again by rules over that field."""
    roots = {
        r.code: r.fields[0]
        for r in standing_rules(form)
        if len(r.fields) == 1 and r.expectation != "expect_compound_columns_to_be_unique"
    }
    followers = [(r.code, name) for r in form.rules if r.code not in roots for name in r.fields]
    causes = failures.filter(pl.col("rule_code").is_in(list(roots))).select(
        *KEY, pl.col("rule_code").replace_strict(roots, return_dtype=pl.String).alias("field")
    )
    reach = pl.DataFrame(followers, schema={"rule_code": pl.String, "field": pl.String}, orient="row")
    silenced = causes.join(reach, on="field").select(*KEY, "rule_code").unique()
    return failures.join(silenced, on=[*KEY, "rule_code"], how="anti")


@cache
def _context() -> EphemeralDataContext:
    # Read once, when GX is imported; nothing about a night leaves the machine.
    os.environ["GX_ANALYTICS_ENABLED"] = "false"  # noqa: TID251  # a switch of GX, not a setting of ours
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    return context
