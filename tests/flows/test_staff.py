"""A night and its staff: told in the transaction that publishes, told of a failure, and never failed or held up by a channel.

dbt, the answers and the report are left out: the inbox is empty, and a build is a statement.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from connectors.dbt import BuildResult
from connectors.settings import Settings
from connectors.warehouse.engine import connect
from flows import staff
from flows.failures import ChecksFailed, StepFailed
from flows.night import run_night
from tests.connectors.alerts.world import World
from tests.connectors.channels.servers import OWNERS, Bot, bot
from tests.connectors.warehouse.test_publish import CANDIDATE, NIGHT

Run = Callable[..., int]


@pytest.fixture
def world(settings: Settings) -> Iterator[World]:
    settings.home.mkdir(parents=True, exist_ok=True)
    settings.owners_file.write_text(OWNERS)
    with connect(settings) as conn:
        world = World(conn, settings.owners_file).begin()
        world.answer("relief", "A0101", "2021-03", waiting={"relief.persons_positive": 2})
        conn.execute(
            "insert into ops.delivery_outcome (delivery_id, outcome, rows_read, rows_loaded, rows_quarantined, rows_ignored,"
            " run_id, decided_at) select delivery_id, 'accepted', 0, 0, 0, 0, 1, now() from archive.delivery"
        )
        conn.execute(CANDIDATE)
        yield world


@pytest.fixture
def night(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a night whose build gives one figure, or whose checks fail; gives its exit code."""
    nothing = SimpleNamespace(receipts=0, annotated=0, listed=0)
    monkeypatch.setattr("connectors.warehouse.replies.reply_to_deliveries", lambda *_: nothing)
    monkeypatch.setattr("connectors.report.write_report", lambda *_: Path("report"))
    monkeypatch.setattr("connectors.report.write_account", lambda *_: None)
    monkeypatch.setattr("connectors.report.write_restatement_notes", lambda *_: None)

    def run(value: int, *, checks_fail: bool = False) -> int:
        def build(_settings: Settings, run_id: int, day: object, fence: int, inputs: str) -> BuildResult:
            with connect(settings) as conn:
                conn.execute("delete from bi_candidate.indicator_value")
                conn.execute(
                    "insert into bi_candidate.indicator_value values"
                    " ('relief_paid', 'unit', 'A0101', 'month', '2021-03', %s, %s, null, 1, 'provisional')",
                    (value, value),
                )
                conn.execute(
                    "insert into ops.dbt_build (run_id, business_date, fence, inputs, started_at, finished_at, passed,"
                    " last_submission_id, last_event_id) select %s, %s, %s, %s, now(), now(), %s, 0, event_id from ops.event_head",
                    (run_id, day, fence, f"{inputs} {value}", not checks_fail),
                )
            return BuildResult(not checks_fail, ("assert_relief_adds_up",) if checks_fail else (), 1, 0.1)

        monkeypatch.setattr("connectors.dbt.build", build)
        return run_night(settings, NIGHT).exit_code

    return run


@pytest.fixture
def bots(settings: Settings) -> Iterator[dict[str, Bot]]:
    with bot("wecom") as dead, bot("dingtalk") as hanging, bot("feishu") as good:
        found = {"dead": dead, "hanging": hanging, "good": good}
        settings.home.mkdir(parents=True, exist_ok=True)
        for name, server in found.items():
            (settings.home / f"{name}.url").write_text(server.url)
        yield found


def rows(world: World, query: str) -> list[tuple[Any, ...]]:
    return world.conn.execute(query).fetchall()  # type: ignore[call-overload, no-any-return]


def test_dead_channels_neither_fail_nor_delay_a_night_and_all_arrives_later_once(
    world: World, night: Run, bots: dict[str, Bot], settings: Settings
) -> None:
    bots["dead"].stop()
    bots["hanging"].mode = "hanging"
    started = time.monotonic()
    assert night(1) == 0
    assert time.monotonic() - started < 60
    assert rows(world, "select status, release_id from ops.run") == [("succeeded", 1)]
    assert rows(world, "select channel_id, state from ops.outbox order by 1") == [
        ("dead", "waiting"), ("good", "sent"), ("hanging", "waiting"),
    ]  # fmt: skip
    bots["dead"].start()
    bots["hanging"].mode = "good"
    world.conn.execute("update ops.outbox set next_try_at = now() where state = 'waiting'")
    with connect(settings) as conn:
        sent = staff.send(conn, settings)
    assert sent is not None
    assert sent.sent == 2
    assert [len(server.taken) for server in bots.values()] == [1, 1, 1]


def test_alerts_and_messages_come_with_the_release_or_not_at_all(
    world: World, night: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as broken:
        # The last thing that a publish does, after the messages were written.
        broken.setattr("connectors.warehouse.publish.append_events", fail)
        broken.setattr(staff, "_tell_of_failure", lambda *_: None)
        with pytest.raises(StepFailed):
            night(1)
    counted = (
        "select (select count(*) from bi.release), (select count(*) from ops.alert), (select count(*) from ops.outbox)"
    )
    assert rows(world, counted) == [(0, 0, 0)]
    night(1)
    assert rows(world, counted) == [(1, 1, 3)]


def test_a_failed_night_is_told_once_and_the_next_good_one_says_that_it_is_over(
    world: World, night: Run, bots: dict[str, Bot]
) -> None:
    for _ in range(2):
        with pytest.raises(ChecksFailed):
            night(1, checks_fail=True)
    assert [len(server.taken) for server in bots.values()] == [1, 1, 1], "the same again is no news"
    said = bots["good"].taken[0].text
    assert "指标没有通过检验，没有发布（assert_relief_adds_up）" in said
    assert "有行待更正" in said, "what was loaded is told, though nothing was published"
    assert night(1) == 0
    assert "【已解决】\n· 指标没有通过检验" in bots["good"].taken[1].text
    assert rows(world, "select status from ops.run order by run_id") == [("failed",), ("failed",), ("succeeded",)]


def test_a_fault_of_ours_in_telling_costs_no_release(
    world: World, night: Run, bots: dict[str, Bot], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("connectors.alerts.telling.find_conditions", lambda *_, **__: 1 / 0)
        assert night(1) == 0
    assert rows(world, "select max(release_id) from bi.release") == [(1,)]
    assert rows(world, "select count(*) from ops.alert") == [(0,)]
    assert night(2) == 0
    assert rows(world, "select count(*) from ops.alert") == [(1,)], "the next night makes up for it"


def test_a_failure_is_told_without_the_words_of_the_error() -> None:
    error = StepFailed.because("take_in", "2/5", ValueError("张三 610199198001010014"))
    condition = staff.condition_of(error)
    assert condition.fingerprint == "night_failed||||take_in"
    assert "610199" not in str(condition.facts)
    assert staff.condition_of(KeyError("张三")).facts == {"KeyError": 1}
