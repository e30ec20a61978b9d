"""A running `warehouse serve`, for the tests that talk to it."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

from connectors.settings import Settings, load_settings
from flows.prefect_key import authorization
from tests.flows.conftest import Desk
from tests.night import inbox


class Served:
    """A running `warehouse serve` and its API."""

    def __init__(self, desk: Desk, process: subprocess.Popen[str], answers_at: Sequence[str]) -> None:
        self.desk, self.process = desk, process
        self.address, self.health, self.intake = answers_at

    @property
    def settings(self) -> Settings:
        """Those that it serves by."""
        return load_settings(self.desk.environment)

    def tell(self, path: str) -> tuple[int, bytes]:
        """What it answers on /health, /metrics or /status: the HTTP status and the body."""
        with closing(http.client.HTTPConnection(self.health.removeprefix("http://"), timeout=60)) as connection:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def ask(self, path: str, body: object | None = None) -> Any:
        """The API's answer, as JSON."""
        data = None if body is None else json.dumps(body).encode()
        method = "GET" if body is None else "POST"
        connection = http.client.HTTPConnection(self.address.removeprefix("http://"), timeout=60)
        with closing(connection):
            headers = {"content-type": "application/json", "authorization": authorization(self.settings)}
            connection.request(method, f"/api{path}", data, headers)
            return json.load(connection.getresponse())

    def run_until(self, *states: str) -> Any:
        """Start the nightly deployment, as the schedule would, and give its flow run when it is in one of these states."""
        return self.start_until("nightly", {"business_date": inbox.NIGHT.isoformat()}, *states)

    def start_until(self, name: str, parameters: object, *states: str) -> Any:
        """Start a deployment, as somebody at the UI would, and give its flow run when it is in one of these states."""
        return self.wait_until(self.start(name, parameters), *states)

    def wait_until(self, run: Any, *states: str) -> Any:
        """A flow run as it is in one of these states, or at its end if none is given."""
        states = states or ("COMPLETED", "FAILED", "CRASHED")
        deadline = time.monotonic() + 240
        while run["state"]["type"] not in states:
            assert time.monotonic() < deadline, run["state"]
            time.sleep(0.5)
            run = self.ask(f"/flow_runs/{run['id']}")
        return run

    def start(self, name: str, parameters: object) -> Any:
        """Start a deployment and do not wait."""
        [deployment] = [found for found in self.ask("/deployments/filter", {}) if found["name"] == name]
        wanted = {"parameters": parameters, "state": {"type": "SCHEDULED"}}
        return self.ask(f"/deployments/{deployment['id']}/create_flow_run", wanted)


@contextmanager
def serve(desk: Desk) -> Iterator[Served]:
    """The services, ready; ended with the block, whatever happened in it."""
    with desk.start("serve", "--port", "0") as process:
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(4)]
            assert "界面：http://127.0.0.1:" in lines[0], process.stderr.read() if process.stderr else lines
            yield Served(desk, process, [re.findall(r"http://[0-9.]+:[0-9]+", lines[i])[0] for i in (0, 2, 3)])
        finally:
            process.terminate()
            process.communicate(timeout=60)
