"""Child processes of `warehouse serve` and `warehouse run`: started in sessions of their own, and ended in order.

A child ends when we do, because it watches the pipe that is its standard input.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from connectors.settings import PROJECT_FOLDER, Settings, environment_with


@dataclass(frozen=True, slots=True)
class Service:
    """A child process of ours."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self.process.poll() is None


def log_file(settings: Settings, name: str) -> Path:
    """The log of a service, in a folder that exists."""
    settings.logs_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    return settings.logs_dir / f"{name}.log"


def start_service(
    settings: Settings,
    name: str,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    pass_fds: Sequence[int] = (),
) -> Service:
    """Start `flows.service` in a session of its own, so that Ctrl-C reaches us alone and we stop it in order."""
    log = log_file(settings, name)
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "flows.service", *arguments],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=PROJECT_FOLDER,
            env=environment_with(**environment),
            pass_fds=tuple(pass_fds),
            start_new_session=True,
        )
    return Service(name, process, log)


def stop_service(service: Service, patience_seconds: float = 10) -> None:
    """Ask a service to end, and after that long end it; then whatever it left in its process group."""
    if service.is_alive:
        service.process.terminate()
        try:
            service.process.wait(patience_seconds)
        except subprocess.TimeoutExpired:
            service.process.kill()
            service.process.wait()
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(service.process.pid, signal.SIGKILL)
    if service.process.stdin is not None:
        service.process.stdin.close()
