"""The judgement of a form's rows by Great Expectations: which rows break which rules, and nothing else about them.

One suite and one batch per call, however many forms it is about. GX runs in an ephemeral context, keeps no result and sends nothing; what it found
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
from expectations.suite import KEY, UNIQUE, Batch, RuleExpressionError, expectations_of, slim_frame, slots

if TYPE_CHECKING:
    from great_expectations.data_context.data_context.ephemeral_data_context import EphemeralDataContext

FAILURES = {"rule_code": pl.String, "delivery_id": pl.Int64, "row_number": pl.Int32, "is_shadow": pl.Boolean}
"""The shape of what `judge` gives: one row per rule and row that breaks it."""

_BROKEN = {"form_id": pl.String, "delivery_id": pl.Int64, "row_number": pl.Int32, "broken": pl.String}

BATCH = "rows_of_forms"
"""What the batch and its suite are called within GX."""

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


def judge(batch: Batch, registers: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The rules that rows break: rule_code, delivery_id, row_number, is_shadow; one row per rule and row that breaks it.

    `batch`: forms with their normalised rows, which have period_first_day and period_last_day. `registers`: by name, with
    `<name>_id`, valid_from and valid_to. A row that breaks a standing rule about one field (not given, out of range, unknown)
    is not also blamed for the rules that compare that field with others. Raises: JudgementError.
    """
    asked = [(form, rows) for form, rows in batch if not rows.is_empty()]
    if not asked:
        return pl.DataFrame(schema=FAILURES)
    with _ONE_AT_A_TIME:
        broken = _broken(asked, registers)
    parts = [_without_followers(form, _failures(form, broken)) for form, _ in asked]
    return pl.concat(parts).sort("delivery_id", "row_number", "rule_code")


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
        value=shown(form, first, text) if first and text is not None else None,
        params={
            "form": form.form_id,
            "heading": "、".join(form.field(name).heading for name in rule.fields),
            "cells": "、".join(cells),
        },
    )


def _broken(batch: Batch, registers: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """What GX found: form_id, delivery_id, row_number and `broken`, the shared column or the rule of an expectation that a row fails."""
    from great_expectations.core import ExpectationSuite

    try:
        frame = slim_frame(batch, registers)
    except RuleExpressionError as error:
        raise JudgementError(error.rule_code, error.kind) from None
    source = _context().data_sources.add_pandas(BATCH)
    try:
        whole = (
            source.add_dataframe_asset("rows")
            .add_batch_definition_whole_dataframe("all")
            .get_batch({"dataframe": frame})
        )
        # COMPLETE gives every failing row, not the first twenty; the index columns make the rows known by their keys.
        wanted = {
            "result_format": "COMPLETE",
            "unexpected_index_column_names": ["form_id", *KEY],
            "include_unexpected_rows": False,
        }
        suite = ExpectationSuite(name=BATCH, expectations=expectations_of([form for form, _ in batch]))
        verdict = whole.validate(suite, result_format=wanted)
        return pl.concat([pl.DataFrame(schema=_BROKEN), *(_broken_by(result) for result in verdict.results)])
    finally:
        # The context would keep the frame, and with it the night's rows, as long as the process lives.
        _context().data_sources.delete(BATCH)


def _broken_by(result: Any) -> pl.DataFrame:
    meta = result.expectation_config.meta
    name = meta.get("rule") or meta["column"]
    _raise_if_not_judged(name, result.exception_info)
    found = result.result.get("unexpected_index_list") or []
    return pl.DataFrame(
        {
            "form_id": [key["form_id"] for key in found],
            "delivery_id": [int(key["delivery_id"]) for key in found],
            "row_number": [int(key["row_number"]) for key in found],
            "broken": [name] * len(found),
        },
        schema=_BROKEN,
    )


def _failures(form: Form, broken: pl.DataFrame) -> pl.DataFrame:
    """The rules of a form that its rows break, in the shape of `FAILURES`."""
    columns = slots(form)
    rules = [
        (UNIQUE if rule.is_key else columns.get(rule.code, rule.code), rule.code, rule.is_shadow)
        for rule in form.row_rules
    ]
    named = pl.DataFrame(
        rules, schema={"broken": pl.String, "rule_code": pl.String, "is_shadow": pl.Boolean}, orient="row"
    )
    return broken.filter(form_id=form.form_id).join(named, on="broken").select(pl.DataFrame(schema=FAILURES).columns)


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
    roots = {r.code: r.fields[0] for r in standing_rules(form) if len(r.fields) == 1 and not r.is_key}
    followers = [(r.code, name) for r in form.row_rules if r.code not in roots for name in r.fields]
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
