"""The command line as people call it: in a process of its own, over a warehouse that one real night has filled."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest

from connectors.postgres import ensure_database
from connectors.settings import Settings
from tests.conftest import HOME, of_database, template_of
from tests.night import inbox

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True, slots=True)
class Desk:
    """A place to call `warehouse` from: the environment that it is called in."""

    environment: dict[str, str]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Call it and do not wait."""
        code = "from flows.command import main; main()"
        return subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Call it to its end."""
        with self.start(*arguments) as process:
            out, err = process.communicate(timeout=280)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def call_json(self, *arguments: str) -> Any:
        """Call it with `--json` and read the one document that it prints."""
        done = self.call(*arguments, "--json")
        assert done.returncode in (0, 1), done.stderr
        return json.loads(done.stdout)


def desk_in(home: Path, **variables: str) -> Desk:
    """A desk whose everything lies in `home`, free of what the developer has set."""
    own = {k: v for k, v in os.environ.items() if not k.startswith(("WAREHOUSE_", "PREFECT_"))}
    return Desk(own | {"WAREHOUSE_HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"} | variables)


@pytest.fixture
def empty_desk(tmp_path: Path) -> Desk:
    """A desk at which nothing was ever done."""
    return desk_in(tmp_path / "home")


@dataclass(frozen=True, slots=True)
class Office:
    """The small province after one night run by `warehouse run`, with what that said."""

    desk: Desk
    url: str
    inbox: Path
    first_night: subprocess.CompletedProcess[str]


def prefect_of(url: str) -> str:
    """The URL of Prefect's database beside ours."""
    return of_database(url, urlsplit(url).path.lstrip("/") + "_prefect")


@pytest.fixture(scope="session")
def office(
    cluster: Settings,
    remember_project: Callable[[Path], None],
    tmp_path_factory: pytest.TempPathFactory,
    pytestconfig: pytest.Config,
) -> Iterator[Office]:
    """One office for the tests that only ask."""
    folder = tmp_path_factory.mktemp("office")
    inbox.fill(folder / "inbox")
    server, name = ensure_database(cluster), f"office_{uuid4().hex}"
    with closing(psycopg.connect(server, autocommit=True)) as conn:
        conn.execute(f"create database {name} template {template_of(pytestconfig.stash[HOME])}")
    url = of_database(server, name)
    remember_project(folder / "home")
    desk = desk_in(folder / "home", WAREHOUSE_URL=url, WAREHOUSE_INBOX=str(folder / "inbox"))
    yield Office(desk, url, folder / "inbox", desk.call("run", "--date", inbox.NIGHT.isoformat()))
    with closing(psycopg.connect(server, autocommit=True)) as conn:
        conn.execute(f"drop database {name} with (force)")
        conn.execute(f"drop database if exists {name}_prefect with (force)")


@pytest.fixture(scope="module")
def second_office(office: Office, cluster: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A copy of the office's database and home, for the tests of one module that write."""
    name = f"second_{uuid4().hex}"
    server = ensure_database(cluster)
    with closing(psycopg.connect(server, autocommit=True)) as conn:
        conn.execute(f"create database {name} template {urlsplit(office.url).path.lstrip('/')}")
    home = tmp_path_factory.mktemp("second") / "home"
    shutil.copytree(office.desk.environment["WAREHOUSE_HOME"], home, ignore=shutil.ignore_patterns("prefect"))
    yield Desk(office.desk.environment | {"WAREHOUSE_URL": of_database(server, name), "WAREHOUSE_HOME": str(home)})
    with closing(psycopg.connect(server, autocommit=True)) as conn:
        conn.execute(f"drop database {name} with (force)")
        conn.execute(f"drop database if exists {name}_prefect with (force)")
