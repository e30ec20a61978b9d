"""`warehouse serve`: UI, worker and schedule come up together, do a night's work, and go together."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.prefect_home import is_healthy
from tests.flows.conftest import Desk
from tests.flows.served import Served, serve
from tests.night import inbox

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def served(second_office: Desk) -> Iterator[Served]:
    with serve(second_office) as services:
        yield services


@pytest.fixture(scope="module")
def finished_run(served: Served) -> Any:
    """A run of the deployment, as the schedule would start it, at its end."""
    return served.run_until("COMPLETED", "FAILED", "CRASHED")


def test_the_nightly_deployment_is_there_with_its_schedule(served: Served) -> None:
    assert is_healthy(f"{served.address}/api", timeout=10)
    deployments = {found["name"]: found for found in served.ask("/deployments/filter", {})}
    assert sorted(deployments) == ["backfill", "catch-up", "nightly", "report"]
    deployment = deployments["nightly"]
    assert deployment["entrypoint"] == "flows.nightly.nightly"
    (schedule,) = deployment["schedules"]
    assert schedule["active"]
    assert (schedule["schedule"]["cron"], schedule["schedule"]["timezone"]) == ("0 2 * * *", "Asia/Shanghai")


def test_the_backfill_deployment_is_there_to_be_started_by_hand_with_parameters(served: Served) -> None:
    [deployment] = [found for found in served.ask("/deployments/filter", {}) if found["name"] == "backfill"]
    assert (deployment["entrypoint"], deployment["schedules"]) == ("flows.backfill.backfill", [])
    asked = deployment["parameter_openapi_schema"]["properties"]
    assert asked["mode"]["enum"] == ["preview", "apply"]
    assert {"first_period", "last_period", "forms", "units", "folder", "plan", "reason", "author", "restates"} <= set(
        asked
    )
    assert asked["first_period"]["description"].startswith("从这一期起")


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
