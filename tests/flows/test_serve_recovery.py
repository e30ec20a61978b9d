"""`warehouse serve` alone brings a night to its end: one that was missed, and one whose server, worker, or both are killed half-way.

`WAREHOUSE_SERVE_KILLS` says how often each of the three is killed at a moment of its own (`make soak`: 10). Nights under `warehouse serve` cost too
much for `make test`, which tries the supervisor alone (`test_supervisor.py`) and the decision what to catch up (`test_schedule.py`).
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from connectors.settings import Settings
from connectors.warehouse.engine import connect
from connectors.warehouse.ledger import read_run
from flows.schedule import last_due, now
from flows.supervisor import MEMORY_SECONDS, MOST_DEATHS
from flows.watching.records import expect_nights
from tests.flows.conftest import Desk, desk_in, prefect_of
from tests.flows.served import Served, serve

KILLS = int(os.environ.get("WAREHOUSE_SERVE_KILLS", "0"))
SERVICES = {name: [f"flows.service {name}"] for name in ("server", "worker", "intake")}
SERVICES["both"] = [*SERVICES["server"], *SERVICES["worker"]]
PATIENCE_SECONDS = 280.0
killed: dict[str, list[float]] = defaultdict(list)
"""By service: when it was killed, in monotonic seconds."""

pytestmark = pytest.mark.skipif(not KILLS, reason="WAREHOUSE_SERVE_KILLS is not set: make soak")


@pytest.fixture(scope="module")
def served(second_office: Desk) -> Iterator[Served]:
    """Services that were expected to have run for three days, and did not."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("flows.watching.records.now", lambda: now() - timedelta(days=3))
        expect_nights(Served(second_office, None, ("", "", "")).settings)  # type: ignore[arg-type]  # nothing is served yet
    with serve(second_office) as services:
        yield services


@pytest.mark.timeout(600)
def test_a_missed_night_is_caught_up_through_the_death_of_server_and_worker(served: Served) -> None:
    due = last_due(now()).date()
    wait_for(lambda: run_of(served, due), "the missed night was not started")
    wait_for(lambda: step_begun(served, due, "build"), "the night did not come to its build")
    kill(served, "both")
    wait_for(lambda: ended_well(served, due), "the night did not come to its end")
    assert served.tell("/health")[0] == 200
    [(balanced, runs)] = asked(
        served,
        "select bool_and((account ->> 'is_balanced')::boolean), count(*) from ops.run where business_date = %s and account is not null",
        due,
    )
    assert (balanced, runs) == (True, 1)
    # The ledger knows that a night has ended before Prefect does.
    wait_for(
        lambda: told_in_artifact(served, f"**接着运行：业务日期 {due}"), "the account does not say that it went on"
    )
    wait_for(lambda: sorted(states_of(served, due)) == ["COMPLETED", "CRASHED"], "one run crashed and one completed")
    runs_told = served.ask("/flow_runs/filter", {"flow_runs": {"name": {"any_": [f"catch-up {due}"]}}})
    first = min(runs_told, key=lambda run: run["created"])
    earlier = (due - timedelta(days=2)).isoformat()
    assert first["parameters"]["because"].startswith(f"补跑：{due} 02:00")
    assert earlier in first["parameters"]["because"]


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("victim", SERVICES)
def test_a_night_ends_well_whatever_is_killed_and_whenever(served: Served, victim: str) -> None:
    chance = random.Random(victim)
    first = date(2021, 5, 1) + timedelta(days=100 * list(SERVICES).index(victim))
    for number in range(KILLS):
        night = first + timedelta(days=number)
        wait_until_spared(victim)
        served.start("nightly", {"business_date": night.isoformat()})
        wait_for(lambda night=night: run_of(served, night), "the night did not begin")
        time.sleep(chance.uniform(0, 12))
        kill(served, victim)
        wait_for(lambda night=night: ended_well(served, night), f"{victim} {number}: the night did not come to its end")
        wait_for(lambda: served.tell("/health")[0] == 200, f"{victim} {number}: not healthy afterwards")
        [(good, lost)] = asked(
            served,
            "select count(*) filter (where status in ('succeeded', 'data_problems')),"
            " count(*) filter (where account is not null and not (account ->> 'is_balanced')::boolean)"
            " from ops.run where business_date = %s",
            night,
        )
        assert (good, lost) == (1, 0)


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("victim", "service"), [("server", "prefect-server"), ("worker", "prefect-worker"), ("intake", "intake")]
)
def test_a_service_that_hangs_is_told_and_started_again_and_a_run_gets_through(
    served: Served, victim: str, service: str
) -> None:
    wait_for(lambda: served.tell("/health")[0] == 200, "not healthy to begin with")
    [pid] = pids(served, victim)
    os.kill(pid, signal.SIGSTOP)
    wait_for(lambda: "在运行而没有应答" in served.tell("/health")[1].decode(), "/health does not tell")
    assert f'warehouse_service_up{{service="{service}"}} 0.0' in served.tell("/metrics")[1].decode()
    wait_for(lambda: pids(served, victim) not in ([], [pid]), "it was not started again")
    wait_for(lambda: served.tell("/health")[0] == 200, "not healthy afterwards")
    run = served.start_until("report", {"period": "2021-03"}, "COMPLETED", "FAILED", "CRASHED")
    assert run["state"]["type"] == "COMPLETED", run["state"]


@pytest.mark.timeout(900)
def test_of_the_runs_missed_while_nothing_ran_the_newest_alone_is_begun_late(
    settings: Settings, tmp_path: Path
) -> None:
    assert settings.url
    desk = desk_in(tmp_path / "home", WAREHOUSE_URL=settings.url, WAREHOUSE_INBOX=str(tmp_path / "inbox"))
    with serve(desk) as served:
        names = ("send", "reminder", "nightly")
        wait_for(lambda: all(len(planned(served, name)) >= 3 for name in names), "the schedule has planned nothing")
        [pid] = pids(served, "worker")
        os.kill(pid, signal.SIGSTOP)
        runs = {name: sorted(planned(served, name), key=lambda run: str(run["expected_start_time"])) for name in names}
        with closing(psycopg.connect(prefect_of(served.desk.environment["WAREHOUSE_URL"]), autocommit=True)) as conn:
            # As if nothing had run for nine days.
            conn.execute(
                "update flow_run set expected_start_time = expected_start_time - interval '9 days',"
                " next_scheduled_start_time = next_scheduled_start_time - interval '9 days' where id = any(%s::uuid[])",
                ([run["id"] for each in runs.values() for run in each],),
            )
        kill(served, "worker")

        def states(name: str) -> list[str]:
            return [served.ask(f"/flow_runs/{run['id']}")["state"]["name"] for run in runs[name]]

        wait_for(lambda: states("send") == ["Missed"] * (len(runs["send"]) - 1) + ["Completed"], f"{states('send')}")
        wait_for(lambda: states("reminder")[:-1] == ["Missed"] * (len(runs["reminder"]) - 1), f"{states('reminder')}")
        wait_for(lambda: states("reminder")[-1] == "Completed", f"{states('reminder')}")
        assert states("nightly") == ["Missed"] * len(runs["nightly"])


def planned(served: Served, name: str) -> list[Any]:
    """The runs of a deployment that the schedule has planned."""
    found = served.ask(
        "/flow_runs/filter",
        {"deployments": {"name": {"any_": [name]}}, "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}},
    )
    return [run for run in found if run["auto_scheduled"]]


def kill(served: Served, victim: str) -> None:
    """kill -9 of a service of this serve, and of its children only."""
    for pid in pids(served, victim):
        os.kill(pid, signal.SIGKILL)
    for service in SERVICES[victim]:
        killed[service].append(time.monotonic())


def wait_until_spared(victim: str) -> None:
    """Wait until another death can pass for an accident: of a service that dies too often, `warehouse serve` tells whoever started it."""
    for service in SERVICES[victim]:
        times = killed[service]
        if len(times) >= MOST_DEATHS - 2:
            time.sleep(max(0.0, times[2 - MOST_DEATHS] + MEMORY_SECONDS + 1 - time.monotonic()))


def pids(served: Served, victim: str) -> list[int]:
    """The processes of a service of this serve."""
    found = [
        subprocess.run(
            ["pgrep", "-P", str(served.process.pid), "-f", words], capture_output=True, text=True, check=False
        ).stdout.split()
        for words in SERVICES[victim]
    ]
    return [int(pid) for each in found for pid in each]


def wait_for(is_so: Callable[[], object], otherwise: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.3)


def told_in_artifact(served: Served, words: str) -> bool:
    artifacts = served.ask("/artifacts/filter", {"artifacts": {"key": {"any_": ["night-account"]}}})
    return any(a["data"].startswith(f"# 夜间账目\n\n{words}") for a in artifacts)


def states_of(served: Served, night: date) -> list[str]:
    runs = served.ask("/flow_runs/filter", {"flow_runs": {"name": {"any_": [f"catch-up {night}"]}}})
    return [run["state"]["type"] for run in runs]


def run_of(served: Served, night: date) -> bool:
    return bool(asked(served, "select 1 from ops.run where business_date = %s", night))


def step_begun(served: Served, night: date, step: str) -> bool:
    query = f"select 1 from ops.run_step join ops.run using (run_id) where business_date = %s and step = '{step}'"
    return bool(asked(served, query, night))


def ended_well(served: Served, night: date) -> bool:
    with closing(connect(served.settings)) as conn:
        newest = read_run(conn)
    assert newest is not None
    return newest["business_date"] == night and newest["status"] in ("succeeded", "data_problems")


def asked(served: Served, query: str, *values: Any) -> list[tuple[Any, ...]]:
    with closing(psycopg.connect(served.desk.environment["WAREHOUSE_URL"])) as conn:
        return conn.execute(query, values).fetchall()  # type: ignore[call-overload,no-any-return]  # our own words
