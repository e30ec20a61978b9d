"""Charts in few words, as Superset wants them in many: what is drawn (`params`) and what is asked (`query_context`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ROWS = 10_000
"""The most rows that a chart asks for; Superset says so on the chart where they are all used."""


NUMBER = ",.2~f"
"""How numbers in tables are written: grouped, with two digits after the point where there are any."""


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart: what it is called, of which kind it is, what it asks of its dataset, and how much room it takes.

    `width` is in twelfths of the page, `height` in units of 8 px. `where` holds conditions as column, operator, value. `formats` are of
    metrics and columns, in the words of D3. `limit` is the most rows that it asks for.
    """

    name: str
    title: str
    kind: str
    dataset: str
    metrics: tuple[str, ...] = ()
    x: str | None = None
    series: str | None = None
    columns: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    where: tuple[tuple[str, str, Any], ...] = ()
    lying: bool = False
    note: str | None = None
    width: int = 6
    height: int = 50
    limit: int = ROWS
    formats: Mapping[str, str] = field(default_factory=dict)


def params(chart: Chart) -> tuple[str, dict[str, Any]]:
    """The name that Superset has for its kind, and what it keeps of it."""
    viz_type, own = _KINDS[chart.kind](chart)
    filters = [
        {"expressionType": "SIMPLE", "clause": "WHERE", "subject": c, "operator": o, "comparator": v, "isExtra": False}
        for c, o, v in chart.where
    ]
    return viz_type, {"viz_type": viz_type, "adhoc_filters": filters, "row_limit": chart.limit, **own}


def query_context(chart: Chart, viz_type: str, form: Mapping[str, Any]) -> str:
    """The question behind the chart, which Superset would else only know after somebody has saved the chart in a browser."""
    dimensions = [*([chart.x] if chart.x else []), *([chart.series] if chart.series else []), *chart.columns]
    order = chart.order or ((chart.x,) if chart.x else ())
    query: dict[str, Any] = {
        "columns": dimensions,
        # An empty list would group by the columns, and then nothing else could be ordered by.
        "metrics": list(chart.metrics) or None,
        "filters": [{"col": c, "op": o, "val": v} for c, o, v in chart.where],
        "orderby": [[name, True] for name in order],
        "row_limit": chart.limit,
        "extras": {},
        "annotation_layers": [],
        "applied_time_extras": {},
        "url_params": {},
        "custom_params": {},
        "custom_form_data": {},
    }
    context = {
        "datasource": {"id": 0, "type": "table"},
        "force": False,
        "queries": [query],
        "form_data": {**form, "viz_type": viz_type},
        "result_format": "json",
        "result_type": "full",
    }
    return json.dumps(context, ensure_ascii=False)


def _number(chart: Chart) -> tuple[str, dict[str, Any]]:
    [metric] = chart.metrics
    return "big_number_total", {
        "metric": metric,
        "subheader": chart.note or "",
        "header_font_size": 0.3,
        "subheader_font_size": 0.125,
        "y_axis_format": chart.formats[metric],
    }


def _bars(chart: Chart) -> tuple[str, dict[str, Any]]:
    return "echarts_timeseries_bar", {
        **_axes(chart),
        "orientation": "horizontal" if chart.lying else "vertical",
        "show_value": chart.series is None,
    }


def _lines(chart: Chart) -> tuple[str, dict[str, Any]]:
    # Else a period in which nothing has a figure is left out of the answer, and the line goes straight across it.
    gaps = {"show_empty_columns": True}
    return "echarts_timeseries_line", {**_axes(chart), **gaps, "markerEnabled": True, "markerSize": 5}


def _axes(chart: Chart) -> dict[str, Any]:
    return {
        "x_axis": chart.x,
        # A year is no time and no quantity; without this, an axis of years goes from 2,019 to 2,022.
        "xAxisForceCategorical": True,
        # Lying bars are drawn from the bottom, so the longest comes to the top; what stands goes by its axis, as time does.
        "x_axis_sort": chart.metrics[0] if chart.lying else chart.x,
        "x_axis_sort_asc": True,
        "metrics": list(chart.metrics),
        "groupby": [chart.series] if chart.series else [],
        "y_axis_format": chart.formats[chart.metrics[0]],
        "show_legend": bool(chart.series) or len(chart.metrics) > 1,
        "legendOrientation": "top",
        "legendType": "scroll",
        "rich_tooltip": True,
        "truncate_metric": True,
        "truncateYAxis": False,
        "only_total": False,
    }


def _table(chart: Chart) -> tuple[str, dict[str, Any]]:
    return "table", {
        "query_mode": "raw",
        "all_columns": list(chart.columns),
        "order_by_cols": [json.dumps([name, True]) for name in chart.order],
        "table_timestamp_format": "%Y-%m-%d",
        "show_cell_bars": False,
        # Superset's own words for its search box and its pages are wrong in Chinese; all rows stand in one list that can be sorted.
        "include_search": False,
        "page_length": 0,
        "column_config": {name: {"d3NumberFormat": chart.formats.get(name, NUMBER)} for name in chart.columns},
    }


def _heat(chart: Chart) -> tuple[str, dict[str, Any]]:
    [metric] = chart.metrics
    return "heatmap_v2", {
        "x_axis": chart.x,
        "groupby": chart.series,
        "metric": metric,
        "sort_x_axis": "alpha_asc",
        "sort_y_axis": "alpha_desc",
        "normalize_across": "heatmap",
        "linear_color_scheme": "schemeRdYlGn",
        "xscale_interval": 1,
        "yscale_interval": 1,
        "show_legend": True,
        "show_values": False,
        "value_bounds": [0, 1],
        "y_axis_format": chart.formats[metric],
    }


_KINDS = {"number": _number, "bars": _bars, "lines": _lines, "table": _table, "heat": _heat}
