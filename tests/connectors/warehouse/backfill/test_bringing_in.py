"""Bringing in: whatever differs becomes a version, once; nothing of a backfill that is refused, stopped or killed is there."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

from connectors.archive import Archive
from connectors.keys import Keyring
from connectors.settings import Settings
from connectors.warehouse.backfill import bringing_in
from connectors.warehouse.backfill.errors import BackfillClosed, BackfillDiffers, BackfillMoved, BackfillStopped
from connectors.warehouse.backfill.records import State, move_state, read_backfills
from connectors.warehouse.closing import closed_periods
from connectors.warehouse.engine import connect
from connectors.warehouse.replay import read_candidates, read_newest
from connectors.warehouse.replies import reply_to_deliveries
from connectors.warehouse.waivers import add_waiver
from connectors.warehouse.withdrawal import withdraw
from expectations import contract
from tests.canonical import canonical_dump
from tests.connectors.warehouse.backfill.bench import YEAR, Bench, endings, rule_of_today
from tests.connectors.warehouse.desk import REGISTER, put_closing, relief_book, take_books
from tests.night import inbox

DEARER = {"cash_cny": 8000, "given_on": date(2021, 3, 9)}


@pytest.fixture(autouse=True)
def _contracts_as_written() -> Iterator[None]:
    yield
    contract.forms.cache_clear()


@pytest.fixture
def conn(settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    """A warehouse with the register and a relief ledger of two lines, 5 250.50 and 8 250.50 yuan."""
    with connect(settings) as conn:
        take_books(settings, conn, REGISTER, relief_book({}, DEARER))
        yield conn


def versions(conn: psycopg.Connection[Any], unit_id: str = "A0101") -> list[tuple[Any, ...]]:
    return conn.execute(
        "select version, cause, outcome, rows_loaded, rows_quarantined from ops.submission"
        " where form_id = 'relief' and unit_id = %s order by version",
        (unit_id,),
    ).fetchall()


def ledger(conn: psycopg.Connection[Any]) -> dict[str, list[str]]:
    """Everything but the records of backfills themselves."""
    return {name: rows for name, rows in canonical_dump(conn).items() if not name.startswith("ops.backfill")}


def test_what_was_judged_under_the_same_rules_stays_as_it_is(settings: Settings, conn: psycopg.Connection[Any]) -> None:
    assert endings(Bench(settings, conn).bring_in()) == []
    assert len(versions(conn)) == 1


def test_a_row_that_a_new_rule_keeps_waits_in_a_new_version_once(
    settings: Settings, conn: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    rule_of_today(monkeypatch, "error", 6000)
    found = Bench(settings, conn).bring_in()
    assert endings(found) == [("relief", "A0101", "new_version")]
    assert found["findings"] == [{"code": "relief.amount_positive", "severity": "error", "appear": 1, "disappear": 0}]
    assert versions(conn) == [(1, "delivery", "accepted", 2, 0), (2, "backfill", "accepted", 1, 1)]
    assert endings(Bench(settings, conn).bring_in()) == []
    kinds = [row[0] for row in conn.execute("select kind from ops.event order by event_id")]
    assert kinds[-5:] == ["replayed", "accepted", "superseded", "backfilled", "backfilled"]


def test_what_would_be_refused_today_is_told_so_and_the_accepted_version_stays_in_force(
    settings: Settings, conn: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    rule_of_today(monkeypatch, "critical", 6000)
    assert endings(Bench(settings, conn).bring_in()) == [("relief", "A0101", "refused_now")]
    assert [v[1:3] for v in versions(conn)] == [("delivery", "accepted"), ("backfill", "refused")]
    in_force = conn.execute("select version from ops.submission_in_force where form_id = 'relief'").fetchall()
    assert in_force == [(1,)]
    assert endings(Bench(settings, conn).bring_in()) == []


def test_a_value_that_is_read_differently_now_makes_a_version(
    settings: Settings, conn: psycopg.Connection[Any]
) -> None:
    conn.execute("update landing.relief set persons = persons + 1 where row_number = 6")
    assert endings(Bench(settings, conn).bring_in()) == [("relief", "A0101", "new_version")]
    persons = conn.execute(
        "select submission_id, persons from landing.relief where row_number = 6 order by 1"
    ).fetchall()
    assert [p for _, p in persons] == [11, 10]


def test_a_refused_answer_stays_newer_than_the_one_in_force_before_it(
    settings: Settings, conn: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    rule_of_today(monkeypatch, "critical", 5000)
    take_books(settings, conn, relief_book({"cash_cny": 1}))
    conn.execute("update landing.relief set persons = persons + 1 where row_number = 6")
    found = Bench(settings, conn).bring_in()
    assert endings(found) == [("relief", "A0101", "new_version"), ("relief", "A0101", "refused_still")]
    assert [v[2] for v in versions(conn)] == ["accepted", "refused", "accepted", "refused"]
    assert endings(Bench(settings, conn).bring_in()) == []


def test_what_differs_from_the_plan_is_taken_back_whole(
    settings: Settings, conn: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    rule_of_today(monkeypatch, "error", 6000)
    before = ledger(conn)
    bench = Bench(settings, conn)
    with monkeypatch.context() as patched:
        seen: list[dict[str, Any]] = []

        def see(_plan: object, found: dict[str, Any]) -> list[str]:
            seen.append(copy.deepcopy(found))
            raise KeyboardInterrupt

        patched.setattr(bringing_in, "differences", see)
        with pytest.raises(KeyboardInterrupt):
            bench.bring_in({"answers": [], "findings": []})
    assert ledger(conn) == before
    [expected] = seen
    for name, fact in (("answers", "ending"), ("answers", "rows"), ("findings", "appear")):
        wrong = copy.deepcopy(expected)
        wrong[name][0][fact] = "another"
        with pytest.raises(BackfillDiffers) as refused:
            bench.bring_in(wrong)
        assert f"{name}[0].{fact}" in refused.value.sentence("zh")
    assert ledger(conn) == before
    assert bench.bring_in(expected) == expected


def test_what_happened_since_the_preview_is_named_and_nothing_is_done(
    settings: Settings, conn: psycopg.Connection[Any]
) -> None:
    bench = Bench(settings, conn)
    add_waiver(
        conn,
        "relief.paid_reaches_people",
        "A0101",
        date(2021, 1, 1),
        date(2021, 12, 31),
        reason="经批准",
        author="王处",
    )
    before = ledger(conn)
    with pytest.raises(BackfillMoved) as refused:
        bench.bring_in()
    assert "豁免" in refused.value.sentence("zh")
    assert ledger(conn) == before


def test_one_that_was_stopped_does_nothing_and_a_paused_one_goes_on(
    settings: Settings, conn: psycopg.Connection[Any]
) -> None:
    bench, before = Bench(settings, conn), ledger(conn)

    def move(*states: State) -> list[bool]:
        return [move_state(conn, bench.backfill_id, state) for state in states]

    assert move("paused") == [True]
    with pytest.raises(BackfillStopped):
        bench.bring_in()
    assert ledger(conn) == before
    assert move("reading", "paused", "cancelled", "reading") == [True, True, True, False]
    with pytest.raises(BackfillStopped):
        bench.bring_in()


def test_a_closed_period_is_named_and_left_alone_unless_it_is_to_be_restated(
    settings: Settings, conn: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    put_closing(conn, "2021-Q1")
    take_books(settings, conn, relief_book({"cash_cny": 100}, DEARER))
    rule_of_today(monkeypatch, "error", 6000)
    bench, before = Bench(settings, conn), ledger(conn)
    with pytest.raises(BackfillClosed) as refused:
        bench.bring_in()
    assert "2021-Q1" in refused.value.sentence("zh")
    assert ledger(conn) == before
    # What waited comes in and is judged under the rule of today.
    found = Bench(settings, conn, replace(YEAR, restates=True)).bring_in()
    assert endings(found) == [("relief", "A0101", "new_version")]
    assert closed_periods(conn) == []
    told = [row[0] for row in conn.execute("select kind from ops.event order by event_id")]
    assert told[told.index("reopened") :] == [
        *("reopened", "let_in", "superseded"),
        *("replayed", "accepted", "superseded", "backfilled"),
    ]
    assert versions(conn)[1:] == [(2, "delivery", "accepted", 2, 0), (3, "backfill", "accepted", 1, 1)]
    assert conn.execute("select version from ops.submission_in_force where form_id = 'relief'").fetchall() == [(3,)]


def test_an_answer_that_a_backfill_refuses_and_its_unit_withdraws_never_comes_back(
    settings: Settings, conn: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    rule_of_today(monkeypatch, "critical", 6000)
    assert endings(Bench(settings, conn).bring_in()) == [("relief", "A0101", "refused_now")]
    assert withdraw(conn, "relief", "A0101", "2021-03", reason="报错", author="王处")
    monkeypatch.undo()
    contract.forms.cache_clear()
    assert read_newest(conn, "relief", "A0101", "2021-03") is None
    assert [c for c in read_candidates(conn) if c.form_id == "relief"] == []
    assert endings(Bench(settings, conn).bring_in()) == []
    assert len(versions(conn)) == 2


def test_what_waits_behind_a_closed_period_is_judged_again_though_a_later_answer_was_refused(
    settings: Settings, conn: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    put_closing(conn, "2021-Q1")
    take_books(settings, conn, relief_book({"cash_cny": 100}, DEARER))
    rule_of_today(monkeypatch, "critical", 6000)
    take_books(settings, conn, relief_book({"cash_cny": 50}, DEARER))
    assert [v[2] for v in versions(conn)] == ["accepted", "accepted", "refused"]
    contract.forms.cache_clear()
    rule_of_today(monkeypatch, "error", 6000)
    found = Bench(settings, conn, replace(YEAR, restates=True)).bring_in()
    assert endings(found) == [("relief", "A0101", "new_version"), ("relief", "A0101", "accepted_now")]
    assert versions(conn)[3:] == [(4, "backfill", "accepted", 1, 1), (5, "backfill", "accepted", 1, 1)]


def test_killed_in_the_middle_nothing_has_happened_and_it_can_be_done_again(
    settings: Settings, conn: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    rule_of_today(monkeypatch, "error", 6000)
    bench, before = Bench(settings, conn), ledger(conn)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(bringing_in, "append_events", die)
        with pytest.raises(KeyboardInterrupt):
            bench.bring_in()
    assert ledger(conn) == before
    assert endings(bench.bring_in()) == [("relief", "A0101", "new_version")]
    [record] = read_backfills(conn, backfill_id=bench.backfill_id)
    assert record.state == "loaded"
    assert not move_state(conn, bench.backfill_id, "paused")
    assert not move_state(conn, bench.backfill_id, "cancelled")


def history(folder: Path) -> None:
    """A folder of history: an answer in the range, one of another month, what was received before, and a text."""
    inbox.put(folder, "二厂.xlsx", "relief", "A0102", "2021-03", [inbox.relief_row(beneficiary_unit="A0102")])
    inbox.put(folder, "去年.xlsx", "relief", "A0102", "2020-03", [inbox.relief_row(beneficiary_unit="A0102")])
    (folder / "一厂.xlsx").write_bytes(relief_book({}, DEARER))
    (folder / "说明.xlsx").write_text("不是工作簿", encoding="utf-8")
    for path in folder.iterdir():
        os.utime(path, (1_617_000_000, 1_617_000_000))


def test_a_folder_comes_in_by_the_same_door_and_only_what_was_asked_for(
    settings: Settings, conn: psycopg.Connection[Any], tmp_path: Path
) -> None:
    history(tmp_path / "history")
    bench = Bench(settings, conn, replace(YEAR, folder=str(tmp_path / "history")))
    assert bench.scanned
    assert bench.scanned.left == {"一厂.xlsx": "known", "去年.xlsx": "out_of_range", "说明.xlsx": "not_recognised"}
    archived = set((settings.home / "archive").rglob("*"))
    assert endings(bench.bring_in()) == [("relief", "A0102", "first_answer")]
    assert len({p for p in settings.archive_dir.rglob("*") if p.is_file()} - archived) == 1
    assert versions(conn, "A0102") == [(1, "delivery", "accepted", 1, 0)]
    [(received,)] = conn.execute("select received_at from archive.delivery where source_id = 'backfill'").fetchall()
    assert received.timestamp() == pytest.approx(1_617_000_000)
    again = Bench(settings, conn, replace(YEAR, folder=str(tmp_path / "history")))
    assert again.scanned
    assert again.scanned.left["二厂.xlsx"] == "known"


def test_nobody_is_answered_for_what_came_out_of_a_folder_unless_asked(
    settings: Settings, conn: psycopg.Connection[Any], tmp_path: Path
) -> None:
    history(tmp_path / "history")
    conn.execute(
        "insert into ops.run (kind, business_date, started_at, status) values ('x', '2021-04-20', now(), 'failed')"
    )
    conn.execute("update ops.delivery_outcome set run_id = (select max(run_id) from ops.run)")
    bench = Bench(settings, conn, replace(YEAR, folder=str(tmp_path / "history")))
    bench.bring_in()
    conn.execute("update ops.delivery_outcome set run_id = (select max(run_id) from ops.run)")
    archive = Archive(settings, Keyring.load(settings))
    earlier = conn.execute("select count(*) from archive.delivery where source_id = 'inbox'").fetchall()[0][0]
    assert reply_to_deliveries(settings, conn, archive, 9).receipts == earlier
    conn.execute("update ops.backfill set sends_answers = true")
    assert reply_to_deliveries(settings, conn, archive, 9).receipts == 1


def test_only_what_is_missing_leaves_answers_in_force_alone(
    settings: Settings, conn: psycopg.Connection[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule_of_today(monkeypatch, "error", 6000)
    assert Bench(settings, conn, replace(YEAR, only_missing=True)).bring_in()["answers"] == []
    inbox.put(tmp_path / "history", "一厂.xlsx", "relief", "A0101", "2021-03", [inbox.relief_row(persons=1)])
    bench = Bench(settings, conn, replace(YEAR, only_missing=True, folder=str(tmp_path / "history")))
    assert bench.scanned
    assert bench.scanned.left == {"一厂.xlsx": "answered"}


def test_only_the_forms_and_units_and_whole_periods_that_were_asked_for_are_judged(
    settings: Settings, conn: psycopg.Connection[Any]
) -> None:
    def asked(**chosen: Any) -> list[tuple[str, str]]:
        return [(a["form"], a["unit"]) for a in Bench(settings, conn, replace(YEAR, **chosen)).bring_in()["answers"]]

    assert asked() == [("relief", "A0101"), ("unit_register", "S0001")]
    assert asked(form_ids=("relief",)) == [("relief", "A0101")]
    assert asked(unit_ids=("S0001",)) == [("unit_register", "S0001")]
    assert asked(last_period="2021-06") == [("relief", "A0101")]
    assert asked(first_period="2021-04") == []
