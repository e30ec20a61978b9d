"""One embedded Postgres for the whole test run, and a fresh, migrated database for each test that asks for one.

`WAREHOUSE_TEST_URL` names another server to use instead (its role must be allowed to make databases): the same tests then
show that the warehouse runs on it.

The process that leads the run (with or without xdist) chooses the home and stops the server; whichever test needs it first
starts it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import hypothesis
import psycopg
import pytest

from connectors.home import file_lock, make_home
from connectors.postgres import ensure_database, stop
from connectors.settings import Settings
from connectors.warehouse.engine import migrate
from tests.farm import Farm, full_farm

# The same examples for everybody: a red run is red again, and chance does not stop a change that has nothing to do with it.
# `pytest --hypothesis-profile=default` draws new ones.
hypothesis.settings.register_profile("repeatable", derandomize=True, database=None)
hypothesis.settings.load_profile("repeatable")

HOME = pytest.StashKey[Path]()
FAST = """
fsync = off
full_page_writes = off
synchronous_commit = off
autovacuum = off
"""
"""What the shared server may do without: no test cuts its power, and a vacuum worker in a database keeps us from dropping it.
Tests about the server itself make their own."""


def memory_folder() -> str | None:
    """A folder in memory, where flushing to disk costs nothing, if there is room in it; a busy disk takes seconds per cluster."""
    room = Path("/dev/shm")  # noqa: S108 - only mkdtemp makes anything in it
    return str(room) if room.is_dir() and shutil.disk_usage(room).free > 4 * 2**30 else None


def settings_in(home: Path, url: str | None = None) -> Settings:
    """Settings whose everything lies in `home`."""
    return Settings(home=home, inbox=home / "inbox", keys_dir=home / "keys", url=url)


def pytest_configure(config: pytest.Config) -> None:
    lead: dict[str, Any] | None = getattr(config, "workerinput", None)
    config.stash[HOME] = Path(
        lead["warehouse_home"] if lead else tempfile.mkdtemp(prefix="warehouse-tests-", dir=memory_folder())
    )


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["warehouse_home"] = str(node.config.stash[HOME])


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        url = os.environ.get("WAREHOUSE_TEST_URL")
        if url:
            with closing(psycopg.connect(url, autocommit=True)) as conn:
                conn.execute(f"drop database if exists {template_of(config.stash[HOME])}")
        stop(settings_in(config.stash[HOME] / "home"))
        shutil.rmtree(config.stash[HOME])


@pytest.fixture(scope="session")
def cluster(pytestconfig: pytest.Config) -> Settings:
    """The shared server, with a migrated template database in it."""
    folder = pytestconfig.stash[HOME]
    folder.chmod(0o711)
    settings = settings_in(folder / "home", os.environ.get("WAREHOUSE_TEST_URL"))
    with file_lock(folder / "tests.lock"):
        base = settings.home / "postgres"
        if not base.exists():
            make_home(settings)
            base.mkdir()
            base.chmod(0o711)
            (base / "custom.conf").write_text(FAST)
        url = ensure_database(settings)
        with closing(psycopg.connect(url, autocommit=True)) as conn:
            template = template_of(folder)
            if not conn.execute("select 1 from pg_database where datname = %s", (template,)).fetchone():
                conn.execute(f"create database {template}_making template template0 encoding 'UTF8'")
                migrate(settings_in(settings.home, of_database(url, f"{template}_making")))
                conn.execute(f"alter database {template}_making rename to {template}")
    return settings


def template_of(folder: Path) -> str:
    """The template database of one test run: another run on the same server may have other contracts."""
    return "template_" + folder.name.replace("-", "_").lower()


def of_database(url: str, database: str) -> str:
    """The URL of another database on the same server."""
    return urlsplit(url)._replace(path=f"/{database}").geturl()


@pytest.fixture(scope="session")
def remember_project(pytestconfig: pytest.Config) -> Callable[[Path], None]:
    """Gives a home what dbt remembers of the project, which takes seconds to read; it is read once for the whole run."""
    folder = pytestconfig.stash[HOME]
    known = settings_in(folder / "reader").dbt_target_dir

    def remember(home: Path) -> None:
        with file_lock(folder / "reader.lock"):
            if not known.exists():
                code = (
                    "from connectors.dbt import read_project; from connectors.settings import load_settings;"
                    f"read_project(load_settings({{'WAREHOUSE_HOME': {str(known.parent)!r}}}))"
                )
                subprocess.run([sys.executable, "-c", code], check=True)
        make_home(settings_in(home))
        shutil.copytree(known, settings_in(home).dbt_target_dir)

    return remember


@pytest.fixture(scope="session")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    """A scheduler and two workers of `warehouse dask`; who kills one lets it come back."""
    made = full_farm(tmp_path_factory.mktemp("farm"))
    yield made
    made.end()


@pytest.fixture
def empty_database(cluster: Settings) -> Iterator[str]:
    """The URL of a database with nothing in it, dropped afterwards."""
    yield from _database(cluster, "template0")


@pytest.fixture
def database(cluster: Settings, pytestconfig: pytest.Config) -> Iterator[str]:
    """The URL of a fresh, migrated database, dropped afterwards."""
    yield from _database(cluster, template_of(pytestconfig.stash[HOME]))


@pytest.fixture
def settings(database: str, tmp_path: Path) -> Settings:
    """Settings with a home of their own and that database, as if `WAREHOUSE_URL` named it."""
    return settings_in(tmp_path / "home", database)


def _database(cluster: Settings, template: str) -> Iterator[str]:
    url, name = ensure_database(cluster), f"test_{uuid4().hex}"
    with closing(psycopg.connect(url, autocommit=True)) as conn:
        conn.execute(f"create database {name} template {template} encoding 'UTF8'")
    yield of_database(url, name)
    with closing(psycopg.connect(url, autocommit=True)) as conn:
        conn.execute(f"drop database {name} with (force)")
        conn.execute(f"drop database if exists {name}_prefect with (force)")
