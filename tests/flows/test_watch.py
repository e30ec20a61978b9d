"""Watching from outside: `warehouse watch`, `/health`, `/metrics` and the status page, on a real warehouse and with what can break broken."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from connectors.settings import Settings, load_settings
from connectors.warehouse.lease import hold
from flows.command import answer
from flows.schedule import GRACE, last_due, now
from flows.signs_of_life import Life
from flows.watching.endpoint import answering
from flows.watching.facts import Facts, Room, read_facts
from flows.watching.metrics import metrics_text
from flows.watching.page import status_page
from flows.watching.records import expect_nights, expected_since, last_recorded_night, record_night
from flows.watching.verdict import reasons
from tests.flows.conftest import Office
from tests.night import inbox


@pytest.fixture
def watched(office: Office, tmp_path: Path) -> Settings:
    """The office's database with a home of its own, in which records can be planted."""
    return replace(load_settings(office.desk.environment), home=tmp_path / "home")


@pytest.fixture
def facts(watched: Settings) -> Facts:
    return read_facts(watched)


def codes(facts: Facts, longest: timedelta | None = None) -> list[str]:
    return [reason.code for reason in reasons(facts, longest)]


def plant(settings: Settings, name: str, **content: object) -> None:
    (settings.home / "watch").mkdir(parents=True, exist_ok=True)
    (settings.home / "watch" / f"{name}.json").write_text(json.dumps(content))


@pytest.fixture
def called(
    office: Office, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """`warehouse …` in this process, at the office's desk or with other variables."""

    def call(*arguments: str, **variables: str) -> tuple[int, str]:
        for name, value in (office.desk.environment | variables).items():
            if name.startswith("WAREHOUSE_"):
                monkeypatch.setenv(name, value)
        code = answer(arguments)
        return code, capsys.readouterr().out

    return call


def test_all_is_well_after_a_night_and_the_next_is_named(called: Callable[..., tuple[int, str]]) -> None:
    code, said = called("watch")
    assert code == 0, said
    assert inbox.NIGHT.isoformat() in said
    code, said = called("watch", "--hours", "1", "--json")
    assert (code, json.loads(said)["is_well"]) == (0, True)


def test_a_night_that_did_not_run_is_told_in_one_line(
    called: Callable[..., tuple[int, str]], watched: Settings
) -> None:
    plant(watched, "schedule", expected_since=(now() - timedelta(days=3)).isoformat())
    code, said = called("watch", WAREHOUSE_HOME=str(watched.home))
    assert code == 1
    assert said.startswith("上一夜没有运行：")
    assert "共 3 夜" in said
    code, said = called("watch", "--lang", "en", WAREHOUSE_HOME=str(watched.home))
    assert (code, said[:22]) == (1, "Last night did not run")


def test_a_dead_database_is_told_with_the_last_night_on_record(
    called: Callable[..., tuple[int, str]], watched: Settings
) -> None:
    record_night(watched, 7, inbox.NIGHT, "succeeded", 3)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    dead = {"WAREHOUSE_HOME": str(watched.home), "WAREHOUSE_URL": f"postgresql://u:secret@127.0.0.1:{port}/w"}
    code, said = called("watch", **dead)
    assert code == 1
    assert "数据库没有应答" in said
    assert inbox.NIGHT.isoformat() in said
    assert "secret" not in said


def test_the_records_survive_and_what_is_no_record_is_none(watched: Settings) -> None:
    assert (expected_since(watched), last_recorded_night(watched)) == (None, None)
    assert expect_nights(watched) == expect_nights(watched) == expected_since(watched)
    record_night(watched, 7, inbox.NIGHT, "failed", None)
    kept = last_recorded_night(watched)
    assert kept is not None
    assert (kept.run_id, kept.business_date, kept.status, kept.release_id) == (7, inbox.NIGHT, "failed", None)
    assert kept.good_through is None
    record_night(watched, 8, inbox.NIGHT, "succeeded", 3)
    record_night(watched, 9, inbox.NIGHT - timedelta(days=30), "data_problems", 4)
    by_hand = last_recorded_night(watched)
    assert by_hand is not None
    assert (by_hand.business_date, by_hand.good_through) == (inbox.NIGHT - timedelta(days=30), inbox.NIGHT)
    plant(watched, "last_night", run_id="?")
    (watched.home / "watch" / "schedule.json").write_text("half a rec")
    assert (expected_since(watched), last_recorded_night(watched)) == (None, None)


def test_a_due_night_has_time_to_come_to_its_end_and_no_more(facts: Facts) -> None:
    due = last_due(facts.at)
    expected = replace(facts, expected_since=due - timedelta(hours=1))
    assert "night_missing" not in codes(replace(expected, at=due + GRACE - timedelta(minutes=1)))
    assert codes(replace(expected, at=due + GRACE)) == ["night_missing"]


def test_a_night_at_work_is_no_night_that_is_missing_until_it_stands_still(facts: Facts) -> None:
    assert facts.pulse is not None
    assert facts.pulse.night is not None
    late = replace(facts, expected_since=facts.at - timedelta(days=9))
    for hours, expected in ((1, []), (7, ["night_stands_still"])):
        night = facts.pulse.night | {"is_alive": True, "started_at": facts.at - timedelta(hours=hours)}
        assert codes(replace(late, pulse=replace(facts.pulse, night=night))) == expected


def test_a_due_night_that_failed_is_told_as_failed(facts: Facts) -> None:
    assert facts.pulse is not None
    assert facts.pulse.night is not None
    night = facts.pulse.night | {"status": "failed", "business_date": facts.last_due.date()}
    late = replace(facts, expected_since=facts.at - timedelta(days=9), pulse=replace(facts.pulse, night=night))
    assert codes(late) == ["night_failed"]


def test_a_full_disk_and_a_dead_service_are_reasons(facts: Facts) -> None:
    full = replace(facts, room=[Room("/data", 5 * 10**8, 10**12)], services={"prefect-worker": "down"})
    assert codes(full) == ["service:prefect-worker", "disk"]
    assert codes(replace(facts, room=[Room("/data", 30 * 10**9, 10**12)])) == []


def test_who_holds_the_lease_is_seen(watched: Settings) -> None:
    with hold(watched, "publish", "run 99"):
        pulse = read_facts(watched).pulse
        assert pulse is not None
        assert [(lease["holder"], lease["is_held"]) for lease in pulse.leases] == [("run 99", True)]
    pulse = read_facts(watched).pulse
    assert pulse is not None
    assert [lease["is_held"] for lease in pulse.leases] == [False]


@contextmanager
def _answering(settings: Settings, services: Mapping[str, Life]) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener, answering(settings, listener, lambda: services):
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def _get(url: str) -> tuple[int, str]:
    host, _, path = url.removeprefix("http://").partition("/")
    with closing(http.client.HTTPConnection(host, timeout=60)) as connection:
        connection.request("GET", f"/{path}")
        answered = connection.getresponse()
        return answered.status, answered.read().decode()


def test_health_is_200_only_while_nothing_is_wrong_and_names_what_is(watched: Settings) -> None:
    with _answering(watched, {"prefect-server": "up", "prefect-worker": "up"}) as url:
        status, body = _get(f"{url}/health")
        assert (status, json.loads(body)["reasons"]) == (200, []), body
        assert _get(f"{url}/nothing")[0] == 404
    with _answering(watched, {"prefect-server": "silent", "prefect-worker": "down"}) as url:
        status, body = _get(f"{url}/health")
        wrong = [reason["code"] for reason in json.loads(body)["reasons"]]
        assert (status, wrong) == (503, ["service:prefect-server", "service:prefect-worker"])
        # The others answer all the same: who is red must be looked at.
        assert _get(f"{url}/metrics")[0] == _get(f"{url}/status")[0] == 200
    with _answering(replace(watched, url="postgresql://u@127.0.0.1:1/w"), {}) as url:
        status, body = _get(f"{url}/health")
        assert (status, json.loads(body)["reasons"][0]["code"]) == (503, "database")


def test_the_metrics_are_prometheus_text_and_agree_with_the_account(facts: Facts) -> None:
    families = list(text_string_to_metric_families(metrics_text(facts).decode()))
    samples = [sample for family in families for sample in family.samples]
    values = {(s.name, *s.labels.values()): s.value for s in samples}
    assert values["warehouse_up",] == values["warehouse_healthy",] == 1
    assert values["warehouse_last_night_outcome", "data_problems"] == 1
    assert values["warehouse_last_night_deliveries",] == values["warehouse_deliveries",] == 13
    assert facts.pulse is not None
    assert facts.pulse.night is not None
    assert values["warehouse_rows_quarantined",] == facts.pulse.night["account"]["rows_quarantined"] > 0
    assert values["warehouse_findings_open", "critical"] >= 2
    assert values["warehouse_release_number",] == 1
    assert values["warehouse_last_night_step_seconds", "build"] > 0
    assert values["warehouse_lease_held", "publish"] == 0
    dead = {
        f.name
        for f in text_string_to_metric_families(
            metrics_text(replace(facts, pulse=None, database_answers=False)).decode()
        )
    }
    assert "warehouse_up" in dead
    assert "warehouse_release_number" not in dead


def test_neither_page_nor_metrics_nor_health_shows_a_person_or_a_file(watched: Settings) -> None:
    with _answering(watched, {}) as url:
        shown = "".join(_get(f"{url}/{path}")[1] for path in ("health", "metrics", "status"))
    assert inbox.WORKER_NAME not in shown
    assert inbox.PERSON not in shown
    assert ".xlsx" not in shown


def test_the_status_page_says_what_is_wrong_in_chinese_and_needs_nothing_else(facts: Facts) -> None:
    page = status_page(replace(facts, expected_since=facts.at - timedelta(days=9)))
    assert "⚠ 上一夜没有运行：" in page
    assert "第 1 期" in page
    assert "业务日期 2021-04-20" in page
    assert "<script" not in page
    assert "http" not in page
    nothing = status_page(replace(facts, pulse=None, recorded=None, database_answers=False, room=[]))
    assert "数据库没有应答" in nothing
    assert "还没有运行过" in nothing


def test_status_tells_both_nights_and_writes_the_page(called: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    page = tmp_path / "pages" / "status.html"
    code, said = called("status", "--html", str(page))
    assert code == 0
    assert "下一夜：" in said
    assert "来源 inbox：最近一次收到文件" in said
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    told = json.loads(called("status", "--json")[1])
    assert told["current_release"]["release_id"] == 1
    assert told["missed_nights"] == told["reasons"] == []
