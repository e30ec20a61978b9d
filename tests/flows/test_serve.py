"""`warehouse serve`: UI, worker and schedule come up together, do a night's work, and go together."""

from __future__ import annotations

import http.client
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from flows.night import today
from flows.prefect_home import is_healthy
from flows.prefect_key import api_key, key_file
from tests.connectors.channels.servers import bot
from tests.flows.browser import BROWSER, browsing
from tests.flows.conftest import ROOT, Desk
from tests.flows.served import Served, serve
from tests.night import inbox


@pytest.fixture(scope="module")
def served(second_office: Desk) -> Iterator[Served]:
    with serve(second_office) as services:
        yield services


@pytest.fixture(scope="module")
def finished_run(served: Served) -> Any:
    """A run of the deployment, as the schedule would start it, at its end."""
    return served.run_until("COMPLETED", "FAILED", "CRASHED")


def test_the_deployments_are_there_with_their_schedules(served: Served) -> None:
    assert is_healthy(f"{served.address}/api", timeout=10)
    deployments = {found["name"]: found for found in served.ask("/deployments/filter", {})}
    assert sorted(deployments) == ["backfill", "catch-up", "nightly", "reminder", "report", "retention", "send"]
    assert deployments["nightly"]["entrypoint"] == "flows.nightly.nightly"
    scheduled = {
        name: (schedule["schedule"]["cron"], schedule["schedule"]["timezone"], schedule["active"])
        for name, deployment in deployments.items()
        for schedule in deployment["schedules"]
    }
    assert scheduled == {
        "nightly": ("0 2 * * *", "Asia/Shanghai", True),
        "reminder": ("0 9,14 * * *", "Asia/Shanghai", True),
        "retention": ("0 4 1 * *", "Asia/Shanghai", True),
        "send": ("5 * * * *", "Asia/Shanghai", True),
    }


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
def test_the_ui_asks_for_the_key_and_shows_deployment_schedule_run_and_artifact(
    served: Served, finished_run: Any, tmp_path: Path
) -> None:
    artifacts = served.ask("/artifacts/filter", {"artifacts": {"flow_run_id": {"any_": [finished_run["id"]]}}})
    account = next(a for a in artifacts if a["key"] == "night-account")
    with browsing(tmp_path) as page:
        page.open(f"{served.address}/deployments")
        page.shows("Login")
        page.type("input[type=password]", api_key(served.settings))
        page.press("button[type=submit]")
        page.shows("nightly", "02:00 AM every day")
        page.open(f"{served.address}/runs/flow-run/{finished_run['id']}")
        page.shows("Completed", finished_run["name"])
        page.open(f"{served.address}/artifacts/artifact/{account['id']}")
        page.shows("夜间账目", "账目相符")


def test_the_api_refuses_whoever_has_not_the_key(served: Served) -> None:
    for headers in ({}, {"authorization": "Basic d2FyZWhvdXNlOndyb25n"}):
        connection = http.client.HTTPConnection(served.address.removeprefix("http://"), timeout=60)
        with closing(connection):
            connection.request(
                "POST", "/api/deployments/filter", b"{}", {"content-type": "application/json", **headers}
            )
            assert connection.getresponse().status == 401
    file = key_file(served.settings)
    assert file.stat().st_mode & 0o777 == 0o600
    shown = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert file.read_text() not in shown


def test_health_metrics_and_status_answer_and_the_health_check_of_compose_passes(served: Served) -> None:
    assert served.tell("/health")[0] == 200, served.tell("/health")
    assert b'warehouse_service_up{service="prefect-worker"} 1.0' in served.tell("/metrics")[1]
    assert "执行器" in served.tell("/status")[1].decode()
    assert b'warehouse_service_up{service="intake"} 1.0' in served.tell("/metrics")[1]
    with closing(http.client.HTTPConnection(served.intake.removeprefix("http://"), timeout=60)) as connection:
        connection.request("GET", "/")
        assert "输入本单位的报送口令" in connection.getresponse().read().decode()
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    code = compose["services"]["warehouse"]["healthcheck"]["test"][3].replace("http://127.0.0.1:4201", served.health)
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("name", "parameters", "sentence"),
    [
        ("nightly", {"business_date": "gestern"}, "业务日期（business_date）“gestern”不是日期。"),
        ("report", {"period": "2021-13"}, "“2021-13”不是期间。"),
        ("backfill", {"mode": "preview"}, "预览要写起止期间。"),
    ],
)
def test_wrong_parameters_end_the_run_with_one_chinese_sentence(
    served: Served, name: str, parameters: dict[str, str], sentence: str
) -> None:
    run = served.start_until(name, parameters, "COMPLETED", "FAILED", "CRASHED")
    assert run["state"]["type"] == "FAILED"
    assert run["state"]["message"].startswith(sentence)


def test_what_publishes_has_a_queue_in_which_one_works_at_a_time(served: Served) -> None:
    queues = {q["name"]: q["concurrency_limit"] for q in served.ask("/work_pools/warehouse/queues/filter", {})}
    assert (queues["publishing"], queues["reading"]) == (1, None)
    found = {d["name"]: d["work_queue_name"] for d in served.ask("/deployments/filter", {})}
    assert found == dict.fromkeys(("nightly", "catch-up", "backfill", "retention"), "publishing") | dict.fromkeys(
        ("report", "reminder", "send"), "reading"
    )


def test_nothing_is_destroyed_where_no_years_are_set(served: Served) -> None:
    run = served.start_until("retention", {}, "COMPLETED", "FAILED", "CRASHED")
    assert (run["state"]["type"], run["state"]["message"][:8]) == ("COMPLETED", "没有设置保存年限")


def test_the_report_is_written_from_the_ui(served: Served) -> None:
    run = served.start_until("report", {"period": "2021-03"}, "COMPLETED", "FAILED", "CRASHED")
    assert run["state"]["type"] == "COMPLETED", run["state"]["message"]
    assert (served.settings.reports_dir / "report-2021-03.html").exists()


def test_people_are_asked_once_a_day_and_what_waits_is_sent_by_the_timetable(
    served: Served, finished_run: object
) -> None:
    settings = served.settings
    with (
        bot("wecom") as li,
        closing(psycopg.connect(served.desk.environment["WAREHOUSE_URL"], autocommit=True)) as conn,
    ):
        (settings.home / "li.url").write_text(li.url)
        settings.owners_file.write_text(
            "channels: {li-group: {kind: wecom, url: {file: li.url}}}\npeople: {li: {name: 李处, channels: [li-group]}}\ndefault: li\n"
        )
        conn.execute(
            "insert into ops.run (kind, business_date, status, started_at, finished_at) values ('night', %s, 'succeeded', now(), now())",
            (today(),),
        )
        conn.execute(
            "update bi.completeness set due_date = %s where (form_id, unit_id, period) in (select form_id, unit_id, period"
            " from bi.completeness where expected and not accepted and state <> 'held' limit 1)",
            (today() - timedelta(days=1),),
        )
        li.mode = "rejecting"
        run = served.start_until("reminder", {"anyway": True}, "COMPLETED", "FAILED", "CRASHED")
        assert run["state"]["message"].startswith("催报 1 人。送达 0 条，待重发 1 条"), run["state"]
        li.mode = "good"
        conn.execute("update ops.outbox set next_try_at = now() where state = 'waiting'")
        # Beside each other, as they may come.
        asked, sent = served.start("reminder", {"anyway": True}), served.start("send", {})
        assert served.wait_until(asked)["state"]["message"] == "没有要催的，或今天都已催过。"
        run = served.wait_until(sent)
        assert run["state"]["message"].startswith("送达 1 条"), run["state"]
        assert run["name"].startswith("发送 20")
        assert [post.text.partition("：")[0] for post in li.taken] == [f"催报 {today()}"], (
            "the rejected one was not taken"
        )
        settings.owners_file.write_text("default: 张三\n")
        run = served.start_until("send", {}, "COMPLETED", "FAILED", "CRASHED")
        assert (run["state"]["type"], "张三" in str(run)) == ("FAILED", False)


def test_a_port_that_is_taken_is_told(second_office: Desk, served: Served, tmp_path: Path) -> None:
    desk = Desk(second_office.environment | {"WAREHOUSE_HOME": str(tmp_path / "home")})
    refused = desk.call("serve", "--port", served.address.rpartition(":")[2])
    assert refused.returncode == 3
    assert "--port" in refused.stderr
