"""Prefect's surroundings: its settings, all under `WAREHOUSE_HOME`, and its server.

Prefect reads its settings when it is imported, so `enter` comes before the first import of it, and nothing here imports it.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from logging.handlers import WatchedFileHandler
from pathlib import Path

from connectors.home import file_lock, make_home, write_private
from connectors.postgres import prefect_database_url
from connectors.settings import Settings
from flows.children import Service, log_file, start_service, stop_service
from flows.failures import SchedulerWontStart
from flows.prefect_key import api_key

START_SECONDS = 180
"""How long the server may take: 6 s on a quiet machine with 2 cores, ten times that on a busy one without bytecode."""


def environment(settings: Settings) -> dict[str, str]:
    """Prefect's settings: everything it keeps is ours, nothing is sent out, and it speaks in our log rather than on the terminal."""
    return {
        "PREFECT_HOME": str(settings.prefect_home),
        "PREFECT_API_DATABASE_CONNECTION_URL": prefect_database_url(settings),
        # The server asks for it, its UI asks a person for it, and our own processes answer with it.
        "PREFECT_SERVER_API_AUTH_STRING": api_key(settings),
        "PREFECT_API_AUTH_STRING": api_key(settings),
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
        with listen("127.0.0.1", 0) as listener:
            address = address_of(listener)
            server = start_server(settings, listener, environment(settings), is_temporary=True)
        try:
            yield Scheduler(f"{address}/api", server, starting)
        finally:
            stop_service(server)


@contextmanager
def alone_in_starting(settings: Settings) -> Iterator[None]:
    """Keep other servers of this home from starting: the first makes Prefect's tables, and two that do so at once fail."""
    make_home(settings)
    with file_lock(settings.home / "prefect.lock", START_SECONDS):
        yield


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on that port (0: any free one). Raises: OSError if it is taken.

    It listens before the server has started: nobody else can take the port, and early callers wait. Who keeps it open while a
    server is started again spares its callers the refusal: they wait as well.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=128)


def start_server(
    settings: Settings, listener: socket.socket, variables: Mapping[str, str], *, is_temporary: bool
) -> Service:
    """Start Prefect's server on a socket that listens, in that environment; the caller may close its own end."""
    descriptor = listener.fileno()
    arguments = ["server", str(descriptor), "temporary" if is_temporary else "lasting"]
    return start_service(settings, "prefect-server", arguments, variables, [descriptor])


def is_healthy(api_url: str, timeout: float) -> bool:
    """Whether a Prefect API answers at this address."""
    try:
        with urllib.request.urlopen(f"{api_url}/health", timeout=timeout) as response:  # noqa: S310 - an http URL of ours
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def address_of(listener: socket.socket) -> str:
    """The URL of a listening socket, as this machine reaches it: who listens everywhere is reached on the loopback."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared with, not listened on
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def record_serving(settings: Settings, serving: Serving) -> None:
    """Write down where `warehouse serve` answers, for other commands of this home."""
    record = _serving_record(settings)
    record.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    facts = {**asdict(serving), "pid": os.getpid()}
    write_private(record, json.dumps(facts))


def forget_serving(settings: Settings) -> None:
    """Forget where `warehouse serve` answered."""
    _serving_record(settings).unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Serving:
    """Where `warehouse serve` answers: the UI; health, metrics and the status page; the intake over HTTP."""

    address: str
    health: str
    intake: str


def recorded_serving(settings: Settings) -> Serving | None:
    """The `warehouse serve` of this home whose process lives, whether or not it answers; None where there is none."""
    try:
        record = json.loads(_serving_record(settings).read_text(encoding="utf-8"))
        # Asks for nothing but whether the process exists: another home's server may answer at a dead one's port.
        os.kill(int(record["pid"]), 0)
        return Serving(str(record["address"]), str(record["health"]), str(record["intake"]))
    except (OSError, ValueError, KeyError):
        return None


def serving_address(settings: Settings) -> str | None:
    """Where the UI of this home answers now, or None."""
    serving = recorded_serving(settings)
    return serving.address if serving and is_healthy(f"{serving.address}/api", timeout=3) else None


def _serving_record(settings: Settings) -> Path:
    return settings.prefect_home / "serving.json"
