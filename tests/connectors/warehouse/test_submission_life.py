"""The life of a submission: in which order answers count, which state each has, and what can be told of it afterwards."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

from connectors.settings import Settings
from connectors.warehouse import intake
from connectors.warehouse.audit import audit
from connectors.warehouse.engine import connect
from connectors.warehouse.event_log import read_life
from connectors.warehouse.ledger import read_submissions
from connectors.warehouse.runs import undecided_deliveries
from connectors.warehouse.withdrawal import withdraw
from tests.connectors.warehouse.desk import REGISTER, call, relief_book, take_books
from tests.connectors.warehouse.test_corrections import approve, cash, proposed
from tests.connectors.warehouse.test_packed_files import Office

UNREADABLE = {"cash_cny": "多", "given_on": date(2021, 3, 10)}
ANSWER = ("relief", "A0101", "2021-03")


def states(conn: psycopg.Connection[Any]) -> list[tuple[int, str]]:
    return sorted((row["version"], row["state"]) for row in read_submissions(conn, form_id="relief"))


def life(conn: psycopg.Connection[Any]) -> list[list[tuple[str, str]]]:
    """What happened to each version of the answer, and by whom."""
    return [[(event["kind"], event["author"]) for event in version["events"]] for version in read_life(conn, *ANSWER)]


def take_back(conn: psycopg.Connection[Any]) -> None:
    assert withdraw(conn, *ANSWER, reason="报错单位", author="王处")


def test_a_clock_that_was_set_back_changes_nothing_about_the_order_of_answers(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connect(settings) as conn:
        office = Office(settings, conn, tmp_path / "in")
        (office.folder / "名册.xlsx").write_bytes(REGISTER)
        office.night()
        # As if everything so far had come an hour later than it is now.
        conn.execute(
            "update archive.delivery set received_at = received_at + interval '1 hour', collected_at = collected_at + interval '1 hour'"
        )
        # The mended answer (乙) stands before the first (甲) by name, and its file is the younger.
        now = (office.folder / "名册.xlsx").stat().st_mtime
        for name, persons, age in (("甲.xlsx", 1, 40), ("乙.xlsx", 2, 20)):
            (office.folder / name).write_bytes(relief_book({"persons": persons}))
            os.utime(office.folder / name, (now - age, now - age))
        office.night()
        assert conn.execute("select persons from checks.relief").fetchall() == [(2,)]
        # The clock goes back once more, before the next answer.
        conn.execute("update archive.delivery set received_at = received_at + interval '2 hours'")
        (office.folder / "丙.xlsx").write_bytes(relief_book({"persons": 3}))
        os.utime(office.folder / "丙.xlsx", (now - 10, now - 10))
        office.night()
        assert conn.execute("select persons from checks.relief").fetchall() == [(3,)]
        assert states(conn) == [(1, "superseded"), (2, "superseded"), (3, "in_force")]
        assert undecided_deliveries(conn) == []


def test_deliveries_that_nobody_decided_are_taken_in_as_they_came_whatever_the_clock_said(settings: Settings) -> None:
    with connect(settings) as conn:
        conn.execute(
            "insert into archive.delivery (source_id, object_name, size_bytes, modified_ns, sha256, received_at, collected_at, run_id)"
            " select 'inbox', n::text, 1, 1, '', now() - n * interval '1 hour', now(), 1 from generate_series(1, 3) n"
        )
        assert [row["state"] for row in read_submissions(conn)] == ["received"] * 3
        assert undecided_deliveries(conn) == [(1, 1), (2, 1), (3, 1)]


def test_a_row_that_waits_is_corrected_and_the_answer_tells_of_both(settings: Settings) -> None:
    with connect(settings) as conn:
        take_books(settings, conn, REGISTER, relief_book({"cash_cny": 20}, UNREADABLE))
        correction = proposed(conn, "2,000", row=7)
        assert states(conn) == [(1, "in_force")]
        assert approve(settings, conn, correction).ending == "replaced"
        assert cash(conn) == [(6, 20), (7, 2000)]
        assert states(conn) == [(1, "corrected"), (2, "in_force")]
        assert life(conn) == [
            [("received", "run 1"), ("accepted", "run 1"), ("correction_proposed", "王处"), ("superseded", "李处")],
            [("correction_approved", "李处"), ("accepted", "李处")],
        ]
        # A new delivery of the unit replaces the corrected answer, which is then no longer what counts.
        take_books(settings, conn, relief_book({"cash_cny": 30}))
        assert states(conn) == [(1, "corrected"), (2, "superseded"), (3, "in_force")]
        assert audit(conn, {}).faults == ()


@pytest.mark.parametrize("persons", [1, 2], ids=["same content", "other content"])
def test_what_was_withdrawn_is_replaced_by_nothing_and_what_is_sent_anew_begins_a_life(
    settings: Settings, persons: int
) -> None:
    with connect(settings) as conn:
        take_books(settings, conn, REGISTER, relief_book({"persons": 1}))
        take_back(conn)
        assert states(conn) == [(1, "withdrawn")]
        take_books(settings, conn, relief_book({"persons": persons}, spare_rows=9))
        assert states(conn) == [(1, "withdrawn"), (2, "in_force")]
        assert life(conn) == [
            [("received", "run 1"), ("accepted", "run 1"), ("withdrawn", "王处")],
            [("received", "run 1"), ("accepted", "run 1")],
        ]
        take_back(conn)
        assert conn.execute("select count(*) from ops.event where kind = 'superseded'").fetchone() == (0,)
        assert audit(conn, {}).faults == ()


def test_a_chunk_that_is_loaded_one_by_one_tells_each_event_once(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    load, refused = intake.load, list[int]()

    def load_failing(conn: Any, keyring: Any, decisions: Any, *rest: Any) -> None:
        with conn.transaction():
            load(conn, keyring, decisions, *rest)
            if len(decisions) > 1:
                refused.append(len(decisions))
                raise psycopg.errors.NumericValueOutOfRange

    monkeypatch.setattr(intake, "load", load_failing)
    with connect(settings) as conn:
        take_books(settings, conn, REGISTER, relief_book({"persons": 1}), relief_book({"persons": 2}))
        assert refused == [2]
        assert life(conn) == [
            [("received", "run 1"), ("accepted", "run 1"), ("superseded", "run 1")],
            [("received", "run 1"), ("accepted", "run 1")],
        ]
        assert audit(conn, {}).faults == ()


def test_the_history_of_an_answer_is_told_version_by_version(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with connect(settings) as conn:
        take_books(settings, conn, REGISTER, relief_book({}), relief_book({}, unit_id="A0404"))
        take_back(conn)
    assert call(settings, monkeypatch, "submissions", "--history", *ANSWER) == 0
    first, *lines = capsys.readouterr().out.splitlines()
    assert first == "第 1 版【已撤回】报送，入库 1，待更正 0，文件 x.xlsx"
    assert [line.split()[2:] for line in lines if "王处" in line] == [["撤回", "王处", "报错单位"]]
    assert call(settings, monkeypatch, "submissions", "--history", "relief", "A0404", "2021-03") == 0
    assert "form.unit_unknown" in capsys.readouterr().out
