"""The SQL that Superset sends for every chart, learned from Superset itself, as a reader of its dashboard would have it asked."""

from __future__ import annotations

from dataclasses import dataclass, replace

from connectors.settings import Settings
from connectors.superset.bundle import Dashboard, read_declared
from connectors.superset.client import session
from connectors.superset.deploying import deploy
from connectors.superset.service import BI_FOLDER, bring_up, stop


@dataclass(frozen=True, slots=True)
class Question:
    """One chart of one dashboard, and the statement behind it."""

    dashboard: str
    chart: str
    statement: str


def questions(settings: Settings, port: int, choices: dict[str, str]) -> list[Question]:
    """Every chart's, with the dashboards' filters set to `choices`, by column. Superset runs for as long as it takes."""
    settings = replace(settings, bi_port=port)
    superset = bring_up(settings, lambda _: None)
    try:
        deploy(settings)
        with session(superset) as client:
            return [
                Question(board.title, title, statement)
                for board in read_declared(BI_FOLDER).dashboards
                for title, statement in client.statements(board.name, _chosen(board, choices))
            ]
    finally:
        stop(superset)


def _chosen(board: Dashboard, choices: dict[str, str]) -> dict[str, str]:
    return {said["column"]: choices[said["column"]] for said in board.filters}
