"""Explain a figure of a past release: as it was published then, with the rows that were in force then.

The measures hold only what is in force today, so the rows are computed once more, from landing, over the ledger up to the boundary of
the build behind that release, and with the register of then. Today's program computes them: where it is another than then and the rows
do not come to the figure, or where nobody wrote down what that release was made from, no rows are told, and why.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import psycopg

from connectors.dbt_models import ProjectModels
from connectors.dbt_sources import DBT_PROJECT
from connectors.warehouse.as_then import Layout
from connectors.warehouse.build_inputs import code_digest
from connectors.warehouse.build_state import state_of_release
from connectors.warehouse.explain import ExplainedMeasure, Explanation, FindRelations, Relations, explain


@dataclass(frozen=True, slots=True)
class ReleaseSpan:
    """The releases that there are; `last` is 0 before the first."""

    first: int
    last: int


def release_span(conn: psycopg.Connection[Any]) -> ReleaseSpan:
    """The first and last release."""
    [(first, last)] = conn.execute(
        "select coalesce(min(release_id), 0), coalesce(max(release_id), 0) from bi.release"
    ).fetchall()
    return ReleaseSpan(first, last)


def release_at(conn: psycopg.Connection[Any], at: datetime) -> int | None:
    """The release that readers saw at a moment; None before the first."""
    [(release_id,)] = conn.execute("select bi.release_at(%s)", (at,)).fetchall()
    return None if release_id is None else int(release_id)


def explain_as_of(
    conn: psycopg.Connection[Any],
    release_id: int,
    indicator_id: str,
    period: str,
    org_id: str | None = None,
    limit: int | None = None,
) -> Explanation | None:
    """A release's figure, walked to the cells that it was made of then; None if that release had no such figure.

    `rows_unknown` says where and why there are no rows. The connection must be in no transaction; nothing is kept of what is laid out.
    """
    figures = f"bi.indicator_value_as_of({int(release_id)})"
    state = state_of_release(conn, release_id)
    if state is None:
        found = explain(conn, indicator_id, period, org_id, 0, figures)
        return found and _without_rows(found, "boundary_unknown")
    with conn.transaction(force_rollback=True):
        layout = Layout(conn, ProjectModels(DBT_PROJECT), state, "then")
        # To compile what is asked once takes longer than to answer it.
        conn.execute("set local jit = off")
        found = explain(conn, indicator_id, period, org_id, limit, figures, _relations(layout))
        if found and not found.is_reconciled and state.code_digest != code_digest(conn, DBT_PROJECT):
            return _without_rows(found, "code_changed")
    return found


def _relations(layout: Layout) -> FindRelations:
    def relations(measure_id: str) -> Relations:
        return Relations(
            layout.measure_rows(measure_id),
            *map(layout.relation, ("int_unit_months", "int_measure_periods", "int_enterprises_in_force")),
        )

    return relations


def _without_rows(found: Explanation, why: str) -> Explanation:
    def bare(measure: ExplainedMeasure | None) -> ExplainedMeasure | None:
        return measure and replace(measure, submissions=(), rows_total=0)

    numerator = bare(found.numerator)
    assert numerator is not None  # noqa: S101 - every figure has one
    return replace(
        found,
        rows_unknown=why,
        is_reconciled=False,
        numerator=numerator,
        subtracted=bare(found.subtracted),
        denominator=bare(found.denominator),
    )
