"""The small province in which things go wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.settings import Settings
from connectors.warehouse.engine import connect
from tests.connectors.alerts.world import OWNERS, World


@pytest.fixture
def world(settings: Settings, tmp_path: Path) -> Iterator[World]:
    """The province at its beginning, with two owners."""
    (tmp_path / "owners.yaml").write_text(OWNERS)
    with connect(settings) as conn:
        yield World(conn, tmp_path / "owners.yaml").begin()
