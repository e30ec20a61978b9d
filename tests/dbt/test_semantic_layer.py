"""The metrics of dbt's semantic layer give what the indicator mart holds, and nothing where figures do not add up.

SQL is made here of dbt's own semantic manifest: MetricFlow is no part of the lock.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from connectors import dbt
from connectors.dbt import BuildResult
from connectors.settings import Settings
from connectors.warehouse.engine import connect

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

Built = tuple[Settings, BuildResult]

AGGREGATIONS = {"sum": "sum", "max": "max", "count": "count"}


@pytest.fixture(scope="module")
def manifest(built: Built) -> Manifest:
    """The project as dbt reads it."""
    dbt.run_dbt(built[0], "compile", "--select", "int_days")
    [kept] = dbt._kept.values()
    return kept


@pytest.fixture
def conn(built: Built) -> Iterator[psycopg.Connection[Any]]:
    with connect(built[0]) as conn:
        yield conn


def expression(manifest: Manifest, name: str) -> str:
    """The SQL of a metric over `figure` (the rows of its semantic model) and `indicator` (of the entity that they name)."""
    [metric] = [each for each in manifest.metrics.values() if each.name == name]
    said = metric.type_params
    if metric.type.value == "ratio":
        return (
            f"({expression(manifest, said.numerator.name)}) / nullif({expression(manifest, said.denominator.name)}, 0)"
        )
    if metric.type.value == "derived":
        parts = {each.name: f"({expression(manifest, each.name)})" for each in said.metrics}
        return re.sub(r"\w+", lambda word: parts.get(word[0], word[0]), said.expr)
    [measure] = [
        each for model in manifest.semantic_models.values() for each in model.measures if each.name == said.measure.name
    ]
    where = [each.where_sql_template for each in (metric.filter.where_filters if metric.filter else [])]
    condition = re.sub(r"{{ Dimension\('indicator__(\w+)'\) }}", r"indicator.\1", " and ".join(where) or "true")
    return f"{AGGREGATIONS[measure.agg.value]}(figure.{measure.expr}) filter (where {condition})"


def asked(manifest: Manifest, conn: psycopg.Connection[Any], metric: str, by: str, where: str) -> dict[Any, Any]:
    """A metric by these columns of the figures, over those of the condition."""
    of = {model.name: model for model in manifest.semantic_models.values()}
    figures, indicators = (
        f"{of[name].node_relation.schema_name}.{of[name].node_relation.alias}" for name in ("figures", "indicators")
    )
    query = (
        f"select {by}, {expression(manifest, metric)} from {figures} as figure join {indicators} as indicator using (indicator_id)"
        f" where {where} group by {by}"
    )
    return {tuple(row[:-1]): row[-1] for row in conn.execute(query)}  # type: ignore[call-overload]


def test_dbt_finds_the_semantic_layer_sound(manifest: Manifest) -> None:
    from dbt.contracts.graph.semantic_manifest import SemanticManifest

    assert SemanticManifest(manifest).validate()
    assert {metric.name for metric in manifest.metrics.values()} >= {"figure", "amount_over_units", "rate_over_units"}


def test_a_figure_is_that_of_the_mart_for_every_indicator(manifest: Manifest, conn: psycopg.Connection[Any]) -> None:
    by = "indicator_id, org_level, org_id, period"
    found = asked(manifest, conn, "figure", by, "has_begun")
    mart = {tuple(row[:-1]): row[-1] for row in conn.execute(f"select {by}, value from bi.indicator_value")}  # type: ignore[arg-type]
    assert len({key[0] for key in mart}) == 61
    assert {key: found[key] for key in mart} == mart


def test_over_units_a_metric_is_the_figure_of_the_province_or_nothing(
    manifest: Manifest, conn: psycopg.Connection[Any]
) -> None:
    over_units = "org_level = 'unit' and has_begun"
    amounts = asked(manifest, conn, "amount_over_units", "indicator_id, period", over_units)
    rates = asked(manifest, conn, "rate_over_units", "indicator_id, period", over_units)
    figures = asked(manifest, conn, "figure", "indicator_id, period", over_units)
    province = conn.execute(
        "select indicator_id, period, value, adds_over_units from bi.indicator_value join bi.indicator using (indicator_id)"
        " where org_level = 'province'"
    ).fetchall()
    assert {adds for *_, adds in province} == {"value", "parts", "no"}
    for indicator_id, period, value, adds in province:
        key = indicator_id, period
        rate = None if rates[key] is None else round(rates[key], 10)
        assert (amounts[key], rate) == (value if adds == "value" else None, value if adds == "parts" else None), key
    # The same person helped by two units: no number is shown for both together.
    assert figures["daily_relief_persons", "2021-03"] is None
