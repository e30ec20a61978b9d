"""One world for each process of the test run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.postgres import ensure_database
from connectors.settings import Settings
from tests.conftest import HOME, template_of
from tests.model.world import World


@pytest.fixture(scope="session")
def world(cluster: Settings, pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Where histories happen, one after the other."""
    made = World.make(ensure_database(cluster), template_of(pytestconfig.stash[HOME]), tmp_path_factory.mktemp("model"))
    yield made
    made.drop()
