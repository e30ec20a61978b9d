"""Homes for clusters of their own: these tests are about the server itself."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.postgres import stop
from connectors.settings import Settings
from tests.conftest import memory_folder, settings_in


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short path that other accounts may pass through."""
    yield from passable_folder(memory_folder())


@pytest.fixture
def disk_folder() -> Iterator[Path]:
    """The same on a disk: programs may not be allowed to run in memory."""
    yield from passable_folder(None)


def passable_folder(where: str | None) -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="wh-", dir=where))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def home(folder: Path) -> Iterator[Settings]:
    """The settings of a new home; its server is stopped afterwards."""
    settings = settings_in(folder / "home")
    yield settings
    stop(settings)
