"""`warehouse serve`: UI, worker and schedule come up together, do a night's work, and go together."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from flows.prefect_home import is_healthy
from tests.flows.conftest import Desk
from tests.night import inbox

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Served:
    """A running `warehouse serve` and its API."""

    def __init__(self, desk: Desk, process: subprocess.Popen[str], address: str) -> None:
        self.desk, self.process, self.address = desk, process, address

    def ask(self, path: str, body: object | None = None) -> Any:
        """The API's answer, as JSON."""
        data = None if body is None else json.dumps(body).encode()
        method = "GET" if body is None else "POST"
        connection = http.client.HTTPConnection(self.address.removeprefix("http://"), timeout=60)
        with closing(connection):
            connection.request(method, f"/api{path}", data, {"content-type": "application/json"})
            return json.load(connection.getresponse())

    def run_until(self, *states: str) -> Any:
        """Start the deployment, as the schedule would, and give its flow run when it is in one of these states."""
        (deployment,) = self.ask("/deployments/filter", {})
        wanted = {"parameters": {"business_date": inbox.NIGHT.isoformat()}, "state": {"type": "SCHEDULED"}}
        run = self.ask(f"/deployments/{deployment['id']}/create_flow_run", wanted)
        deadline = time.monotonic() + 240
        while run["state"]["type"] not in states:
            assert time.monotonic() < deadline, run["state"]
            time.sleep(0.5)
            run = self.ask(f"/flow_runs/{run['id']}")
        return run


def serve(desk: Desk) -> Served:
    """Start the services and wait until they are ready."""
    process = desk.start("serve", "--port", "0")
    assert process.stdout is not None
    line = process.stdout.readline()
    assert "界面：http://127.0.0.1:" in line, process.stderr.read() if process.stderr else line
    return Served(desk, process, line.split("：")[1].split("（")[0])


@pytest.fixture(scope="module")
def served(second_office: Desk) -> Iterator[Served]:
    services = serve(second_office)
    yield services
    services.process.send_signal(signal.SIGTERM)
    services.process.communicate(timeout=60)


@pytest.fixture(scope="module")
def finished_run(served: Served) -> Any:
    """A run of the deployment, as the schedule would start it, at its end."""
    return served.run_until("COMPLETED", "FAILED", "CRASHED")


def test_the_nightly_deployment_is_there_with_its_schedule(served: Served) -> None:
    assert is_healthy(f"{served.address}/api", timeout=10)
    (deployment,) = served.ask("/deployments/filter", {})
    assert (deployment["name"], deployment["entrypoint"]) == ("nightly", "flows.nightly.nightly")
    (schedule,) = deployment["schedules"]
    assert schedule["active"]
    assert (schedule["schedule"]["cron"], schedule["schedule"]["timezone"]) == ("0 2 * * *", "Asia/Shanghai")


def test_the_worker_runs_the_deployment_to_its_end(finished_run: Any) -> None:
    assert finished_run["state"]["type"] == "COMPLETED", finished_run["state"]["message"]
    assert finished_run["name"] == f"night {inbox.NIGHT}"
    assert finished_run["state"]["message"].startswith("完成")


def test_another_serve_finds_the_first_and_another_run_uses_its_server(served: Served) -> None:
    again = served.desk.call("serve", "--port", "0")
    assert again.returncode == 0, again.stderr
    assert served.address in again.stdout
    assert served.desk.call_json("status")["serving"] == served.address


@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
def test_the_ui_shows_deployment_schedule_run_and_artifact(served: Served, finished_run: Any, tmp_path: Path) -> None:
    artifacts = served.ask("/artifacts/filter", {"artifacts": {"flow_run_id": {"any_": [finished_run["id"]]}}})
    account = next(a for a in artifacts if a["key"] == "night-account")
    for page, words in {
        "deployments": ("nightly", "02:00 AM every day"),
        f"runs/flow-run/{finished_run['id']}": ("Completed", finished_run["name"]),
        f"artifacts/artifact/{account['id']}": ("夜间账目", "账目相符"),
    }.items():
        shown = _page(f"{served.address}/{page}", tmp_path)
        for word in words:
            assert word in shown, (page, word)


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL], ids=lambda ending: ending.name)
def test_services_and_the_run_under_way_end_with_the_command(
    ending: signal.Signals, second_office: Desk, tmp_path: Path
) -> None:
    # A home of its own, because the second serve of one home only finds the first; the keys are those of the database.
    keys = Path(second_office.environment["WAREHOUSE_HOME"]) / "keys"
    elsewhere = {"WAREHOUSE_HOME": str(tmp_path / "home"), "WAREHOUSE_KEYS_DIR": str(keys)}
    services = serve(Desk(second_office.environment | elsewhere))
    services.run_until("RUNNING")
    below = _descendants(services.process.pid)
    assert len(below) >= 3, "server, worker and the run"
    services.process.send_signal(ending)
    services.process.communicate(timeout=60)
    assert services.process.returncode == (0 if ending is signal.SIGTERM else -signal.SIGKILL)
    deadline = time.monotonic() + 30
    while any(_is_alive(pid) for pid in below):
        assert time.monotonic() < deadline, "a service outlived its command"
        time.sleep(0.2)
    assert not is_healthy(f"{services.address}/api", timeout=2)


def test_a_port_that_is_taken_is_told(second_office: Desk, served: Served, tmp_path: Path) -> None:
    desk = Desk(second_office.environment | {"WAREHOUSE_HOME": str(tmp_path / "home")})
    refused = desk.call("serve", "--port", served.address.rpartition(":")[2])
    assert refused.returncode == 3
    assert "--port" in refused.stderr


def _page(url: str, folder: Path) -> str:
    assert BROWSER is not None
    options = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    options += " --disable-component-update --disable-sync --virtual-time-budget=15000 --dump-dom"
    command = [BROWSER, *options.split(), f"--user-data-dir={folder}", url]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


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
