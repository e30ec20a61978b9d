"""One warehouse with the small year in it, built once for all tests that only look."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from connectors.dbt import BuildResult, build
from connectors.settings import Settings
from connectors.warehouse.lease import hold
from connectors.warehouse.publish import publish
from tests.conftest import HOME, _database, settings_in, template_of
from tests.dbt.small_year import NIGHT, put_small_year


@pytest.fixture(scope="session")
def built(
    cluster: Settings, pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Settings, BuildResult]]:
    """Settings of the built and published small year, and what its build came to. Do not write in it."""
    with contextmanager(_database)(cluster, template_of(pytestconfig.stash[HOME])) as url:
        settings = settings_in(tmp_path_factory.mktemp("small_year") / "home", url)
        put_small_year(settings)
        with hold(settings, "night", "test") as lease:
            result = build(settings, 1, NIGHT, lease.fence, "inputs")
            if result.passed:
                publish(settings, lease, 1, NIGHT, "test")
        yield settings, result
