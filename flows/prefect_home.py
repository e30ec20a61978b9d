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
from contextlib import contextmanager
from dataclasses import dataclass
from logging.handlers import WatchedFileHandler
from pathlib import Path

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
        "PREFECT_LOGGING_LEVEL": "WARNING",
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
        # Results live in our own tables; Prefect is told ids and counts and keeps none of them.
        "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
    }


def enter(settings: Settings, api_url: str) -> None:
    """Put this process into Prefect's surroundings, with its log in `WAREHOUSE_HOME/logs`; before the first import of Prefect."""
    os.environ.update(environment(settings) | {"PREFECT_API_URL": api_url})  # noqa: TID251 - Prefect is set by nothing else
    log = WatchedFileHandler(log_file(settings, "warehouse"), encoding="utf-8", delay=True)
    log.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    # Prefect leaves the root logger alone where it has a handler: warnings go to the file instead of the terminal.
    logging.getLogger().addHandler(log)


def log_file(settings: Settings, name: str) -> Path:
    """The log of a service, in a folder that exists."""
    settings.logs_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    return settings.logs_dir / f"{name}.log"


@contextmanager
def scheduler(settings: Settings) -> Iterator[str]:
    """The API that this run tells its story to: that of `warehouse serve` where it is alive, else a server for this run alone.

    The server starts while the block begins; `wait_until_ready` waits for it. Raises: SchedulerWontStart.
    """
    address = serving_address(settings)
    if address is not None:
        yield f"{address}/api"
        return
    with listening_socket("127.0.0.1", 0) as listener:
        server = start_service(settings, "prefect-server", "server", str(listener.fileno()), "temporary", fd=listener.fileno())
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/api"
        finally:
            stop_service(server)


@dataclass(frozen=True, slots=True)
class Service:
    """A child process of ours; it ends when we do, because it watches the pipe that is its standard input."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path


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


@contextmanager
def listening_socket(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens already, to be handed to the server: nobody else can take its port, and early callers wait."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family, backlog=128) as listener:
        listener.set_inheritable(True)
        yield listener


def wait_until_ready(settings: Settings, api_url: str) -> None:
    """Return when Prefect's API answers. Raises: SchedulerWontStart."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if is_healthy(api_url, timeout=START_SECONDS):
            return
        time.sleep(0.1)
    raise SchedulerWontStart(START_SECONDS, str(log_file(settings, "prefect-server")))


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
        address = str(json.loads(_serving_record(settings).read_text(encoding="utf-8"))["address"])
    except (OSError, ValueError, KeyError):
        return None
    return address if is_healthy(f"{address}/api", timeout=3) else None


def _serving_record(settings: Settings) -> Path:
    return settings.prefect_home / "serving.json"
