"""A place to look at sources from: a database, an archive and a sources.yaml, and the workbooks that are handed in."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
import yaml

from connectors.archive import Archive
from connectors.keys import Keyring
from connectors.settings import Settings
from connectors.sources.declaration_file import read_sources
from connectors.sources.looking import look_at_all
from connectors.warehouse.looks import LookResult
from connectors.warehouse.runs import open_run
from tests.connectors.workbooks.filled import RELIEF, example, filled
from tests.night.inbox import NIGHT

ROOT = Path(__file__).parent.parent.parent.parent
SECRET = "hush-4711"


def workbook(unit_number: int) -> bytes:
    """One of a handful of workbooks, each different."""
    return filled(RELIEF, [example(RELIEF)] * (unit_number + 1))


@dataclass(slots=True)
class Bench:
    """Where the looks of a test are taken from."""

    settings: Settings
    conn: psycopg.Connection[Any]
    keyring: Keyring

    def declare(self, *sources: dict[str, Any]) -> Path:
        """Write sources.yaml; passwords are in a file beside it, named secret.txt."""
        folder = self.settings.home.parent
        (folder / "secret.txt").write_text(f"{SECRET}\n")
        path = folder / "sources.yaml"
        path.write_text(yaml.safe_dump({"sources": list(sources)}, allow_unicode=True))
        self.settings = replace(self.settings, sources_file=path)
        self.settings.inbox.mkdir(parents=True, exist_ok=True)
        return path

    def look(self) -> dict[str, LookResult]:
        """Look at all sources in a run of its own; the result of each that is not the inbox."""
        run_id = open_run(self.conn, "night", NIGHT)
        looks = look_at_all(self.settings, self.conn, self.keyring, read_sources(self.settings), run_id)
        return {look.source_id: look.result for look in looks}

    def delivered(self, source_id: str) -> dict[str, bytes]:
        """What was delivered from a source, by name, as the archive has it."""
        archive = Archive(self.settings, self.keyring)
        rows = self.conn.execute("select object_name, sha256 from archive.delivery where source_id = %s", (source_id,))
        return {name: archive.get(sha256) for name, sha256 in rows}


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def store_ports() -> list[int]:
    """Free ports for a store's four servers; each has another, ten thousand higher."""
    ports: list[int] = []
    while len(ports) < 4:
        port = free_port()
        if port < 55_000 and port not in ports:
            ports.append(port)
    return ports


def wait_for(port: int, process: subprocess.Popen[Any] | None = None, seconds: float = 30) -> None:
    """Wait until somebody listens on the port."""
    until = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < until
            assert process is None or process.poll() is None, "the server did not start"
            time.sleep(0.05)
        else:
            return


@contextmanager
def served(program: Path, *arguments: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """One of the servers of this folder in a process of its own, until the end or until it is killed."""
    process = subprocess.Popen([sys.executable, str(program), str(port), *arguments], cwd=ROOT)
    try:
        wait_for(port, process)
        yield process
    finally:
        process.kill()
        process.wait()
