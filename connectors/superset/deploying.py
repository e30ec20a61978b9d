"""Deploying: what is declared is checked against the warehouse, put into Superset, and held against what Superset then has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from connectors.settings import Settings
from connectors.superset.bundle import assets, bundle, read_declared
from connectors.superset.client import session
from connectors.superset.comparing import Difference, compare
from connectors.superset.errors import ChartsFailing, DashboardsUnsound
from connectors.superset.service import BI_FOLDER, reader_url, superset_of
from connectors.warehouse.engine import connect


@dataclass(frozen=True, slots=True)
class Deployed:
    """How much was deployed."""

    dashboards: int
    charts: int


def deploy(settings: Settings) -> Deployed:
    """Put every declared dashboard into the Superset that runs; harmless to repeat.

    Raises: DashboardsUnsound before anything is deployed, ChartsFailing afterwards, SupersetUnreachable, DatabaseError.
    """
    declared = read_declared(BI_FOLDER)
    with connect(settings) as conn:
        check_datasets(conn, declared.datasets)
    url, password = reader_url(settings)
    with session(superset_of(settings)) as client:
        client.put_assets(bundle(assets(declared, url)), password)
        # A bundle is taken in whole even if a chart in it cannot be drawn.
        wrong = [f"{answer.title}: {answer.error}" for answer in client.answers() if answer.error]
    if wrong:
        raise ChartsFailing(len(wrong), wrong[0])
    return Deployed(len(declared.dashboards), sum(len(board.charts) for board in declared.dashboards))


def differences(settings: Settings) -> list[Difference]:
    """Where Superset holds something else than what is declared. Raises: SupersetUnreachable."""
    url, _ = reader_url(settings)
    with session(superset_of(settings)) as client:
        return compare(assets(read_declared(BI_FOLDER), url).values(), client.assets())


def check_datasets(conn: psycopg.Connection[Any], datasets: Mapping[str, Mapping[str, Any]]) -> None:
    """Raises: DashboardsUnsound unless every dataset can be asked, with the columns and metrics that it declares."""
    wrong = []
    for name, said in datasets.items():
        metrics = ", ".join(metric["sql"] for metric in said["metrics"].values())
        try:
            with conn.transaction():
                query = sql.SQL(said["sql"])
                cursor = conn.execute(sql.SQL("select * from ({}) d limit 0").format(query))
                columns = [column.name for column in cursor.description or ()]
                conn.execute(sql.SQL("select {} from ({}) d").format(sql.SQL(metrics), query))
        except psycopg.errors.ProgrammingError as error:
            wrong.append(f"{name}: {error.diag.message_primary}")
            continue
        wrong += [f"{name}: {column} (columns)" for column in set(said["columns"]) ^ set(columns)]
    if wrong:
        raise DashboardsUnsound("；".join(wrong), "; ".join(wrong))
