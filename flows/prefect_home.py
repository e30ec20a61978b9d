"""Prefect's surroundings: its settings, all under `WAREHOUSE_HOME`, and its server.

Prefect reads its settings when it is imported, so `enter` comes before the first import of it, and nothing here imports it.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from logging.handlers import WatchedFileHandler
from pathlib import Path

from connectors.home import file_lock, make_home
from connectors.postgres import prefect_database_url
from connectors.settings import PROJECT_FOLDER, Settings
from flows.failures import SchedulerWontStart

START_SECONDS = 180
"""How long the server may take: 6 s on a quiet machine with 2 cores, ten times that on a busy one without bytecode."""


def environment(settings: Settings) -> dict[str, str]:
    """Prefect's settings: everything it keeps is ours, nothing is sent out, and it speaks in our log rather than on the terminal."""
    return {
        "PREFECT_HOME": str(settings.prefect_home),
        "PREFECT_API_DATABASE_CONNECTION_URL": prefect_database_url(settings),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        # The UI asks the server that it came from, whatever its port.
        "PREFECT_SERVER_UI_API_URL": "/api",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        # Runs tell their steps on their page; in the log of a process stand warnings only, see `enter`.
        "PREFECT_LOGGING_LEVEL": "INFO",
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
        # Results live in our own tables; Prefect is told ids and counts and keeps none of them.
        "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
        # What the server answers while its database restarts: the client asks again, five times in half a minute.
        "PREFECT_CLIENT_RETRY_EXTRA_CODES": "500",
    }


def enter(settings: Settings, api_url: str) -> None:
    """Put this process into Prefect's surroundings, with its log in `WAREHOUSE_HOME/logs`; before the first import of Prefect."""
    os.environ.update(environment(settings) | {"PREFECT_API_URL": api_url})  # noqa: TID251 - Prefect is set by nothing else
    log = WatchedFileHandler(log_file(settings, "warehouse"), encoding="utf-8", delay=True)
    log.setLevel(logging.WARNING)
    log.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    # Prefect leaves the root logger alone where it has a handler: warnings go to the file instead of the terminal.
    logging.getLogger().addHandler(log)
    # A log that cannot be written (the disk is full) is no reason to print a traceback for each of its lines.
    logging.raiseExceptions = False


def log_file(settings: Settings, name: str) -> Path:
    """The log of a service, in a folder that exists."""
    settings.logs_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    return settings.logs_dir / f"{name}.log"


@dataclass(frozen=True, slots=True)
class Service:
    """A child process of ours; it ends when we do, because it watches the pipe that is its standard input."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path


@dataclass(frozen=True, slots=True)
class Scheduler:
    """The API that a run tells its story to; `server` is the process behind it if it is ours alone."""

    api_url: str
    server: Service | None = None
    starting: ExitStack = field(default_factory=ExitStack)

    def wait_until_ready(self) -> None:
        """Return when the API answers; other servers of this home may start from then on. Raises: SchedulerWontStart."""
        with self.starting:
            self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        # Early callers wait in the socket's queue, so that one question is enough; a refusal means that the server died.
        while not is_healthy(self.api_url, timeout=START_SECONDS):
            has_died = self.server is not None and self.server.process.poll() is not None
            if has_died or time.monotonic() > deadline:
                raise SchedulerWontStart(self.api_url, str(self.server.log) if self.server else "")
            time.sleep(0.2)


@contextmanager
def scheduler(settings: Settings) -> Iterator[Scheduler]:
    """The API of `warehouse serve` where it is alive, else that of a server for this block alone, which starts meanwhile."""
    address = serving_address(settings)
    if address is not None:
        yield Scheduler(f"{address}/api")
        return
    with ExitStack() as starting:
        starting.enter_context(alone_in_starting(settings))
        server, port = start_server(settings, "127.0.0.1", 0, is_temporary=True)
        try:
            yield Scheduler(f"http://127.0.0.1:{port}/api", server, starting)
        finally:
            stop_service(server)


@contextmanager
def alone_in_starting(settings: Settings) -> Iterator[None]:
    """Keep other servers of this home from starting: the first makes Prefect's tables, and two that do so at once fail."""
    make_home(settings)
    with file_lock(settings.home / "prefect.lock", START_SECONDS):
        yield


def start_server(settings: Settings, host: str, port: int, *, is_temporary: bool) -> tuple[Service, int]:
    """Start Prefect's server on that port (0: any free one); gives the process and the port. Raises: OSError if it is taken.

    The socket listens before the server has started: nobody else can take the port, and early callers wait.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family, backlog=128) as listener:
        kind = "temporary" if is_temporary else "lasting"
        server = start_service(settings, "prefect-server", "server", str(listener.fileno()), kind, fd=listener.fileno())
        return server, int(listener.getsockname()[1])


def start_service(settings: Settings, name: str, *arguments: str, fd: int | None = None) -> Service:
    """Start `flows.service` in a session of its own, so that Ctrl-C reaches us alone and we stop it in order."""
    log = log_file(settings, name)
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "flows.service", *arguments],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=PROJECT_FOLDER,
            env={**os.environ, **environment(settings)},  # noqa: TID251 - a child has our environment and Prefect's settings
            pass_fds=() if fd is None else (fd,),
            start_new_session=True,
        )
    return Service(name, process, log)


def stop_service(service: Service, patience_seconds: float = 10) -> None:
    """Ask a service to end, and after that long end it."""
    service.process.terminate()
    try:
        service.process.wait(patience_seconds)
    except subprocess.TimeoutExpired:
        service.process.kill()
        service.process.wait()
    if service.process.stdin is not None:
        service.process.stdin.close()


def is_healthy(api_url: str, timeout: float) -> bool:
    """Whether a Prefect API answers at this address."""
    try:
        with urllib.request.urlopen(f"{api_url}/health", timeout=timeout) as response:  # noqa: S310 - an http URL of ours
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def record_serving(settings: Settings, address: str) -> None:
    """Write down where `warehouse serve` answers, for other commands of this home."""
    record = _serving_record(settings)
    record.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = record.with_suffix(".new")
    fresh.write_text(json.dumps({"address": address, "pid": os.getpid()}), encoding="utf-8")
    fresh.replace(record)


def forget_serving(settings: Settings) -> None:
    """Forget where `warehouse serve` answered."""
    _serving_record(settings).unlink(missing_ok=True)


def serving_address(settings: Settings) -> str | None:
    """Where `warehouse serve` of this home answers now, or None."""
    try:
        record = json.loads(_serving_record(settings).read_text(encoding="utf-8"))
        # Asks for nothing but whether the process exists: another home's server may answer at a dead one's port.
        os.kill(int(record["pid"]), 0)
        address = str(record["address"])
    except (OSError, ValueError, KeyError):
        return None
    return address if is_healthy(f"{address}/api", timeout=3) else None


def _serving_record(settings: Settings) -> Path:
    return settings.prefect_home / "serving.json"
