"""Whole nights, run in processes of their own that begin with the slow imports done."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest

from connectors.postgres import ensure_database
from connectors.settings import Settings
from tests.conftest import HOME, of_database, settings_in, template_of
from tests.night import inbox

PRELOAD = ["great_expectations", "dbt.cli.main", "altair", "polars", "connectors.warehouse.intake", "flows.night"]
"""What a night imports; the fork server does it once, so that a night in a test costs its work and not 20 s of imports."""

Point = tuple[str, bool]
"""A named step of the night, and whether it is over: where a night is killed."""


@dataclass(frozen=True, slots=True)
class Province:
    """A place to run nights in: its settings, its database, its inbox and the business date of its nights."""

    settings: Settings
    night: date = inbox.NIGHT

    def connect(self) -> psycopg.Connection[Any]:
        """A plain connection to its database."""
        assert self.settings.url
        return psycopg.connect(self.settings.url, autocommit=True)

    def run(self, kill_at: Point | None = None, prepare: Callable[[], None] | None = None) -> int:
        """Run a night to its end, or to its death at `kill_at`; gives the exit code (-9 when killed)."""
        process = multiprocessing.get_context("forkserver").Process(
            target=_night, args=(self.settings, self.night, kill_at, prepare, dict(os.environ))
        )
        process.start()
        process.join()
        assert process.exitcode is not None
        return process.exitcode


def _night(
    settings: Settings,
    night: date,
    kill_at: Point | None,
    prepare: Callable[[], None] | None,
    environment: dict[str, str],
) -> None:
    os.environ.update(environment)  # a fork server gives its children the environment that it began with
    from connectors.errors import WarehouseError
    from flows.moments import Moment
    from flows.night import run_night

    def observe(moment: Moment) -> None:
        if kill_at == (moment.step, moment.is_over):
            os.kill(os.getpid(), signal.SIGKILL)

    if prepare is not None:
        prepare()
    try:
        sys.exit(run_night(settings, night, observe).exit_code)
    except WarehouseError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)


@pytest.fixture(scope="session", autouse=True)
def _fork_server() -> None:
    multiprocessing.get_context("forkserver").set_forkserver_preload(PRELOAD)


@pytest.fixture(scope="session")
def small_inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the small province, written once; nights only read it."""
    folder = tmp_path_factory.mktemp("province") / "inbox"
    inbox.fill(folder)
    return folder


@pytest.fixture(scope="session")
def make_province(
    cluster: Settings,
    small_inbox: Path,
    remember_project: Callable[[Path], None],
    tmp_path_factory: pytest.TempPathFactory,
    pytestconfig: pytest.Config,
) -> Callable[[], Province]:
    """Makes provinces: each with a database and a home of its own; inbox and keys are shared, so that dumps compare."""
    keys = tmp_path_factory.mktemp("keys")
    keys.chmod(0o700)
    template = template_of(pytestconfig.stash[HOME])

    def make() -> Province:
        name = f"province_{uuid4().hex}"
        url = ensure_database(cluster)
        with closing(psycopg.connect(url, autocommit=True)) as conn:
            conn.execute(f"create database {name} template {template}")
        home = tmp_path_factory.mktemp("home")
        remember_project(home)
        settings = replace(settings_in(home, of_database(url, name)), inbox=small_inbox, keys_dir=keys, chunk_size=6)
        return Province(settings)

    return make


@pytest.fixture(scope="session")
def undisturbed(make_province: Callable[[], Province]) -> Province:
    """The small province after one night that nothing disturbed."""
    province = make_province()
    assert province.run() == 1, "the night should end with the data problems that the inbox plants"
    return province


@pytest.fixture(scope="session")
def copy_undisturbed(
    undisturbed: Province, cluster: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], Province]:
    """Makes provinces that are as the undisturbed one is after its night, for tests that go on from there: a copy costs no night."""
    source = urlsplit(str(undisturbed.settings.url)).path.lstrip("/")

    def copy() -> Province:
        name, url = f"province_{uuid4().hex}", ensure_database(cluster)
        with closing(psycopg.connect(url, autocommit=True)) as conn:
            conn.execute(f"create database {name} template {source}")
        home = tmp_path_factory.mktemp("copy") / "home"
        shutil.copytree(undisturbed.settings.home, home)
        return Province(replace(undisturbed.settings, home=home, url=of_database(url, name)))

    return copy
