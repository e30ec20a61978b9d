"""`warehouse serve` takes its services and the run under way with it, however it ends.

A module of its own, so that no other serve lives on this database: its worker would take the run.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from flows.prefect_home import is_healthy
from tests.flows.conftest import Desk
from tests.flows.served import serve


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL], ids=lambda ending: ending.name)
def test_services_and_the_run_under_way_end_with_the_command(ending: signal.Signals, second_office: Desk) -> None:
    with serve(second_office) as services:
        services.run_until("RUNNING")
        below = _descendants(services.process.pid)
        assert len(below) >= 3, "server, worker and the run"
        services.process.send_signal(ending)
        services.process.wait(timeout=60)
    assert services.process.returncode == (0 if ending is signal.SIGTERM else -signal.SIGKILL)
    deadline = time.monotonic() + 30
    while any(_is_alive(pid) for pid in below):
        assert time.monotonic() < deadline, "a service outlived its command"
        time.sleep(0.2)
    assert not is_healthy(f"{services.address}/api", timeout=2)


def _descendants(pid: int) -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    children = [int(line) for line in found.stdout.split()]
    return children + [below for child in children for below in _descendants(child)]


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
