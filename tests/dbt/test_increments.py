"""A build of changes gives the tables that a build of everything gives, whatever happened before."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.dbt import run_dbt
from connectors.settings import Settings
from connectors.warehouse.lease import hold
from tests.dbt.histories import History

HISTORIES = int(os.environ.get("WAREHOUSE_INCREMENT_HISTORIES", "1"))
"""How many histories are lived through; `make soak` asks for more."""

NIGHTS = 3
"""More of them make a longer path; each costs a build of changes."""


@pytest.fixture
def history(settings: Settings, request: pytest.FixtureRequest) -> Iterator[History]:
    with hold(settings, "publish", "test") as lease:
        yield History(settings, lease, random.Random(request.param))


@pytest.mark.parametrize("history", range(HISTORIES), indirect=True)
def test_any_path_of_increments_gives_the_tables_of_a_full_refresh(history: History) -> None:
    history.begin()
    for _ in range(NIGHTS):
        history.live()
        if history.chance.random() < 0.3:
            history.build_half()
            history.live()
        if history.chance.random() < 0.2:
            history.build()
            history.live()
        history.build_and_publish()
    assert history.increments, history.told
    by_increments = history.tables("intermediate", "marts", "bi_candidate", "bi")
    history.refresh()
    built = history.tables("intermediate", "marts", "bi_candidate")
    assert differing(by_increments, built) == {}, history.told
    # Whoever publishes everything now finds nothing to publish.
    assert not history.publish().is_new, history.told


@pytest.mark.parametrize("history", [77], indirect=True)
def test_what_comes_or_goes_while_a_build_works_waits_for_the_next(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    history.begin()
    before = history.tables("marts", "bi_candidate", "bi")

    def meanwhile(*arguments: Any) -> list[Any]:
        history.withdraw()
        history.answer_again()
        return run_dbt(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr("connectors.dbt.run_dbt", meanwhile)
        assert not history.build_and_publish().is_new, history.told
    assert differing(history.tables("marts", "bi_candidate", "bi"), before) == {}
    assert history.build_and_publish().is_new, history.told


def differing(left: dict[str, list[str]], right: dict[str, list[str]]) -> dict[str, tuple[list[str], list[str]]]:
    """What only one of the two has, by table of the second; the first rows."""
    found = {
        name: (sorted(set(left[name]) - set(rows))[:5], sorted(set(rows) - set(left[name]))[:5])
        for name, rows in right.items()
    }
    return {name: sides for name, sides in found.items() if any(sides) or len(left[name]) != len(right[name])}
