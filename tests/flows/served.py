"""A running `warehouse serve`, for the tests that talk to it."""

from __future__ import annotations

import http.client
import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from tests.flows.conftest import Desk
from tests.night import inbox


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
        """Start the nightly deployment, as the schedule would, and give its flow run when it is in one of these states."""
        return self.start_until("nightly", {"business_date": inbox.NIGHT.isoformat()}, *states)

    def start_until(self, name: str, parameters: object, *states: str) -> Any:
        """Start a deployment, as somebody at the UI would, and give its flow run when it is in one of these states."""
        [deployment] = [found for found in self.ask("/deployments/filter", {}) if found["name"] == name]
        wanted = {"parameters": parameters, "state": {"type": "SCHEDULED"}}
        run = self.ask(f"/deployments/{deployment['id']}/create_flow_run", wanted)
        deadline = time.monotonic() + 240
        while run["state"]["type"] not in states:
            assert time.monotonic() < deadline, run["state"]
            time.sleep(0.5)
            run = self.ask(f"/flow_runs/{run['id']}")
        return run


@contextmanager
def serve(desk: Desk) -> Iterator[Served]:
    """The services, ready; ended with the block, whatever happened in it."""
    with desk.start("serve", "--port", "0") as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert "界面：http://127.0.0.1:" in line, process.stderr.read() if process.stderr else line
            yield Served(desk, process, line.split("：")[1].split("（")[0])
        finally:
            process.terminate()
            process.communicate(timeout=60)
