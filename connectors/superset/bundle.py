"""What is declared under `bi/`, as the bundle of assets that Superset imports: the same bytes for the same words.

Every asset has a UUID made from its name (uuid5), so an import replaces what an earlier one made. The password of the database is not in it.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import yaml

from connectors.superset.charts import Chart, params, query_context

NAMESPACE = UUID("6f0c2b5e-8f0e-5d0b-9d5e-0d9a1c2f7a11")
VERSION = "1.0.0"
EPOCH = (2020, 1, 1, 0, 0, 0)
DATABASE = "工会报表仓库"


@dataclass(frozen=True, slots=True)
class Dashboard:
    """One dashboard: rows of charts by name, and the columns of datasets that its readers choose values of."""

    name: str
    title: str
    description: str
    rows: tuple[tuple[str, ...], ...]
    charts: Mapping[str, Chart]
    filters: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Declared:
    """What is declared under `bi/`: datasets by name, and dashboards by the names of their files."""

    datasets: Mapping[str, Mapping[str, Any]]
    dashboards: Sequence[Dashboard]


def identity(kind: str, name: str) -> str:
    """The UUID of an asset."""
    return str(uuid5(NAMESPACE, f"{kind}/{name}"))


def read_declared(folder: Path) -> Declared:
    """What stands in that folder."""
    datasets = yaml.safe_load((folder / "datasets.yaml").read_text(encoding="utf-8"))
    return Declared(datasets, [_dashboard(path, datasets) for path in sorted((folder / "dashboards").glob("*.yaml"))])


def _dashboard(path: Path, datasets: Mapping[str, Mapping[str, Any]]) -> Dashboard:
    said = yaml.safe_load(path.read_text(encoding="utf-8"))
    charts = {name: _chart(f"{path.stem}/{name}", facts, datasets) for name, facts in said["charts"].items()}
    return Dashboard(
        path.stem,
        said["title"],
        said["description"],
        tuple(map(tuple, said["rows"])),
        charts,
        tuple(said.get("filters", ())),
    )


def _chart(name: str, said: Mapping[str, Any], datasets: Mapping[str, Mapping[str, Any]]) -> Chart:
    facts = dict(said)
    facts["metrics"] = tuple(facts.pop("metrics", [facts.pop("metric")] if "metric" in facts else ()))
    for several in ("columns", "order"):
        facts[several] = tuple(facts.get(several, ()))
    facts["where"] = tuple(tuple(condition) for condition in facts.get("where", ()))
    dataset = datasets[facts["dataset"]]
    formats = dataset.get("formats", {}) | {metric: m["format"] for metric, m in dataset["metrics"].items()}
    return Chart(name=name, formats=formats, **facts)


def assets(declared: Declared, database_url: str) -> dict[str, dict[str, Any]]:
    """The assets of Superset, by the names of their files in a bundle."""
    files: dict[str, dict[str, Any]] = {
        "metadata.yaml": {"version": VERSION, "type": "assets", "timestamp": "2020-01-01T00:00:00+00:00"},
        "databases/warehouse.yaml": _database(database_url),
    }
    for name, dataset in declared.datasets.items():
        files[f"datasets/warehouse/{name}.yaml"] = _dataset(name, dataset)
    for board in declared.dashboards:
        for chart in board.charts.values():
            files[f"charts/{chart.name.replace('/', '_')}.yaml"] = _chart_asset(chart)
        files[f"dashboards/{board.name}.yaml"] = _dashboard_asset(board)
    return files


def bundle(files: Mapping[str, Mapping[str, Any]]) -> bytes:
    """The zip of assets that `POST /api/v1/assets/import/` takes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, facts in files.items():
            text = yaml.safe_dump(dict(facts), allow_unicode=True, sort_keys=False)
            archive.writestr(zipfile.ZipInfo(f"assets/{path}", EPOCH), text)
    return packed.getvalue()


def _database(url: str) -> dict[str, Any]:
    return {
        "database_name": DATABASE,
        "sqlalchemy_uri": url,
        "cache_timeout": 0,
        "expose_in_sqllab": False,
        "allow_run_async": False,
        "allow_ctas": False,
        "allow_cvas": False,
        "allow_dml": False,
        "allow_csv_upload": False,
        "extra": {"allows_virtual_table_explore": True},
        "uuid": identity("database", "warehouse"),
        "version": VERSION,
    }


def _dataset(name: str, said: Mapping[str, Any]) -> dict[str, Any]:
    time = said.get("time")
    return {
        "table_name": said["title"],
        "main_dttm_col": time,
        "description": f"粒度：{said['grain']}",
        "schema": "bi",
        "sql": said["sql"],
        "uuid": identity("dataset", name),
        "database_uuid": identity("database", "warehouse"),
        "metrics": [
            {
                "metric_name": metric,
                "verbose_name": facts["title"],
                "expression": facts["sql"],
                "d3format": facts["format"],
            }
            for metric, facts in said["metrics"].items()
        ],
        "columns": [
            {
                "column_name": column,
                "verbose_name": title,
                "is_dttm": column == time,
                "is_active": True,
                "groupby": True,
                "filterable": True,
            }
            for column, title in said["columns"].items()
        ],
        "version": VERSION,
    }


def _chart_asset(chart: Chart) -> dict[str, Any]:
    viz_type, form = params(chart)
    return {
        "slice_name": chart.title,
        "description": chart.note,
        "viz_type": viz_type,
        "params": form,
        "query_context": query_context(chart, viz_type, form),
        "cache_timeout": 0,
        "uuid": identity("chart", chart.name),
        "dataset_uuid": identity("dataset", chart.dataset),
        "version": VERSION,
    }


def _dashboard_asset(board: Dashboard) -> dict[str, Any]:
    return {
        "dashboard_title": board.title,
        "description": board.description,
        "slug": board.name,
        "published": True,
        "uuid": identity("dashboard", board.name),
        "position": _position(board),
        "metadata": {
            "color_scheme": "supersetColors",
            "cross_filters_enabled": False,
            "refresh_frequency": 0,
            "native_filter_configuration": [_filter(board, number) for number in range(len(board.filters))],
        },
        "version": VERSION,
    }


def _filter(board: Dashboard, number: int) -> dict[str, Any]:
    said = board.filters[number]
    return {
        "id": f"NATIVE_FILTER-{board.name}-{number}",
        "name": said["title"],
        "type": "NATIVE_FILTER",
        "filterType": "filter_select",
        "targets": [{"datasetUuid": identity("dataset", said["dataset"]), "column": {"name": said["column"]}}],
        "controlValues": {
            "multiSelect": False,
            "enableEmptyFilter": True,
            "defaultToFirstItem": True,
            "searchAllOptions": True,
        },
        # Before the first value is chosen nothing is asked: a page about everybody at once would be about nobody, and slow.
        "requiredFirst": True,
        "defaultDataMask": {"extraFormData": {}, "filterState": {}, "ownState": {}},
        "cascadeParentIds": [],
        "scope": {"rootPath": ["ROOT_ID"], "excluded": []},
        "description": "",
    }


def _position(board: Dashboard) -> dict[str, Any]:
    layout: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"type": "ROOT", "id": "ROOT_ID", "children": ["GRID_ID"]},
        "HEADER_ID": {"type": "HEADER", "id": "HEADER_ID", "meta": {"text": board.title}},
        "GRID_ID": {"type": "GRID", "id": "GRID_ID", "parents": ["ROOT_ID"], "children": []},
    }
    for number, names in enumerate(board.rows):
        row = f"ROW-{number}"
        layout["GRID_ID"]["children"].append(row)
        layout[row] = {
            "type": "ROW",
            "id": row,
            "parents": ["ROOT_ID", "GRID_ID"],
            "meta": {"background": "BACKGROUND_TRANSPARENT"},
            "children": [f"CHART-{name}" for name in names],
        }
        for name in names:
            chart = board.charts[name]
            layout[f"CHART-{name}"] = {
                "type": "CHART",
                "id": f"CHART-{name}",
                "parents": ["ROOT_ID", "GRID_ID", row],
                "children": [],
                "meta": {
                    "uuid": identity("chart", chart.name),
                    "sliceName": chart.title,
                    "width": chart.width,
                    "height": chart.height,
                    "chartId": 0,
                },
            }
    return layout
