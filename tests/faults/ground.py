"""Where the faults happen: a home with an embedded server of its own, as in production, and a state to which it is put back each time.

<folder>/home        what the runs use; its server's database is `warehouse`
<folder>/inbox       the workbooks, which runs only read
<folder>/before      the files of the home in the state before; the database `before` is their other half
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg

from connectors.postgres import ensure_database, stop
from connectors.postgres.databases import DATABASE
from connectors.postgres.location import recorded_location
from connectors.settings import Settings
from tests.conftest import of_database, settings_in
from tests.faults.moments import Watch, read_progress
from tests.faults.nursery import Nursery
from tests.faults.proxy import Proxy
from tests.faults.subject import Run, Subject

BEFORE = "before"
SERVER_S_OWN = {"postgres", "postgres.json", "postgres.lock", "secrets", "keys"}
"""What of a home is not put back: the server, and the keys."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended: exit code (minus the signal that killed it), seconds, moments seen, and where it was."""

    code: int
    seconds: float
    moments: int
    where: str


@dataclass(slots=True)
class Ground:
    """The home, the subject, and what is known of its undisturbed history."""

    subject: Subject
    settings: Settings
    nursery: Nursery
    proxy: Proxy
    is_by_proxy: bool = False
    """Whether runs reach the server by the proxy."""
    commits: int = 0
    """How many commits the proxy saw in an undisturbed command."""
    undisturbed: Ended = field(init=False)
    expected: dict[str, list[str]] = field(init=False)
    """The dump after an undisturbed command."""
    releases: dict[int, str] = field(default_factory=dict)
    """The digest of all that readers see, by release."""
    files: set[str] = field(default_factory=set)
    """The files of the home after an undisturbed command."""

    def lay(self) -> None:
        """Make the state before, and the undisturbed state after it."""
        watch = self.watch()
        self.settings.inbox.mkdir()
        for run in self.subject.before(self.settings, watch):
            ended = self.run(run, watch)
            assert ended.code in self.subject.good_codes, self.nursery.log.read_text()
        self._learn_release()
        _copy_home(self.settings.home, self.settings.home.parent / BEFORE)
        with closing(self._beside()) as conn:
            conn.execute(f"alter database {DATABASE} rename to {BEFORE}")
        self.subject.arrive(self.settings)
        self.put_back()
        self.is_by_proxy = True
        self.proxy.expect()
        self.undisturbed = self.run(self.command(watch), watch)
        self.commits, self.is_by_proxy = len(self.proxy.commits), False
        assert self.undisturbed.code in self.subject.good_codes, self.nursery.log.read_text()
        self._learn_release()
        assert len(self.releases) == 2, "the command should publish"
        self.expected = self.dump()
        self.files = set(files_of(self.settings.home))

    def put_back(self) -> None:
        """Have the state before again, whatever happened."""
        with closing(self._beside()) as conn:
            _drop(conn)
            # By files: a copy through the log holds sequences with values fetched ahead that the log knows nothing of, and a crash
            # would have them given twice.
            conn.execute(f"create database {DATABASE} template {BEFORE} strategy file_copy")
        for path in self.settings.home.iterdir():
            if path.name not in SERVER_S_OWN:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        _copy_home(self.settings.home.parent / BEFORE, self.settings.home)

    def watch(self, die_at: int = 0, *, is_after: bool = False) -> Watch:
        """What a run is told."""
        return Watch(self.settings.home.parent / "progress", die_at, is_after)

    def command(self, watch: Watch) -> Run:
        """The subject's command, which reaches the server as it is to reach it now."""
        settings = self.settings
        if self.is_by_proxy:
            role_and_password, _, rest = ensure_database(settings).partition("@")
            database = rest.partition("?")[0].rpartition("/")[2]
            settings = replace(settings, url=f"{role_and_password}@127.0.0.1:{self.proxy.port}/{database}")
        return self.subject.command(settings, watch)

    def run(self, run: Run, watch: Watch) -> Ended:
        """Let a run come to its end."""
        began = time.monotonic()
        code = self.nursery.wait(self.nursery.start(run[0], *run[1]))
        return Ended(code, time.monotonic() - began, *read_progress(watch))

    def connect(self) -> psycopg.Connection[Any]:
        """A plain connection to the database, whose server is started if need be."""
        return psycopg.connect(ensure_database(self.settings), autocommit=True)

    def dump(self) -> dict[str, list[str]]:
        """What the subject knows now."""
        with closing(self.connect()) as conn:
            return self.subject.dump(conn, self.settings)

    def _learn_release(self) -> None:
        with closing(self.connect()) as conn:
            [(release, digest)] = conn.execute(self.subject.looking).fetchall()  # type: ignore[call-overload]
        self.releases[release] = digest

    def _beside(self) -> psycopg.Connection[Any]:
        return psycopg.connect(of_database(ensure_database(self.settings), "postgres"), autocommit=True)


@contextmanager
def ground(folder: Path, subject: Subject) -> Iterator[Ground]:
    """A ground in this folder, which the server's account must be able to pass through; its server is stopped afterwards."""
    settings = replace(settings_in(folder / "home"), inbox=folder / "inbox", chunk_size=3)
    try:
        ensure_database(settings)
        location = recorded_location(settings)
        assert location
        with Nursery(settings, subject.warm_up) as nursery, Proxy(Path(location.socket)) as proxy:
            made = Ground(subject, settings, nursery, proxy)
            made.lay()
            yield made
    finally:
        stop(settings)


def _drop(conn: psycopg.Connection[Any]) -> None:
    """Drop the database as soon as no worker of the server's own, which our role may not end, vacuums in it."""
    deadline = time.monotonic() + 60
    while True:
        try:
            conn.execute(f"drop database if exists {DATABASE} with (force)")
        except psycopg.errors.InsufficientPrivilege:
            assert time.monotonic() < deadline, "the server's own worker does not end"
            time.sleep(0.5)
        else:
            return


def files_of(home: Path) -> Iterator[str]:
    """The files of a home by their path in it, without those of the server."""
    for top in home.iterdir():
        if top.name not in SERVER_S_OWN:
            yield from (str(p.relative_to(home)) for p in ([top] if top.is_file() else top.rglob("*")) if p.is_file())


def _copy_home(source: Path, target: Path) -> None:
    target.mkdir(exist_ok=True)
    for path in source.iterdir():
        if path.name in SERVER_S_OWN:
            continue
        if path.is_dir():
            shutil.copytree(path, target / path.name)
        else:
            shutil.copy2(path, target / path.name)
