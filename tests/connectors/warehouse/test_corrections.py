"""Corrections: proposed by one person, approved by another, laid over the original that stays as it was sent."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from connectors.archive import Archive
from connectors.keys import Keyring
from connectors.settings import Settings
from connectors.warehouse.build_inputs import build_inputs
from connectors.warehouse.corrections import Approval, is_same_person, propose, read_columns, read_corrections
from connectors.warehouse.engine import connect
from connectors.warehouse.ledger import read_findings
from connectors.warehouse.replay import Replayed, read_candidates, read_newest, replay
from connectors.warehouse.waivers import add_waiver
from expectations.contract import forms
from tests.connectors.warehouse.desk import REGISTER, PoolHere, book, call, relief_book, take_books
from tests.connectors.warehouse.test_replay import REACHED_NOBODY, RULE, is_balanced, replay_all, versions
from tests.night import inbox

UNREADABLE = {"cash_cny": "多", "given_on": date(2021, 3, 10)}
SIGNED = ["--unit", "A0101", "--period", "2021-03", "--reason", "电话核实", "--author", "王处"]
HARDSHIP = book("hardship_aid", "A0101", "2021-03", inbox.hardship_row())


def letter(conn: psycopg.Connection[Any], form_id: str, field: str) -> str:
    """The letter of a field's column in the answer of A0101."""
    newest = read_newest(conn, form_id, "A0101", "2021-03")
    assert newest is not None
    return read_columns(conn, newest.submission_id)[field]


def proposed(
    conn: psycopg.Connection[Any], value: str | None, row: int = 6, form_id: str = "relief", name: str = "cash_cny"
) -> int:
    newest, field = read_newest(conn, form_id, "A0101", "2021-03"), forms()[form_id].field(name)
    assert newest is not None
    return propose(conn, newest.submission_id, row, field, before="1", value=value, reason="电话核实", author="王处")


def approve(settings: Settings, conn: psycopg.Connection[Any], correction_id: int) -> Replayed:
    [correction] = read_corrections(conn, correction_id=correction_id)
    newest = read_newest(conn, correction.form_id, "A0101", "2021-03")
    assert newest is not None
    keyring = Keyring.load(settings)
    pool: Any = PoolHere()
    approval = Approval(correction, "李处", None)
    [replayed] = replay(conn, Archive(settings, keyring), keyring, pool, [newest], 9, approval)
    return replayed


def cash(conn: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    """What counts: row and cash of the relief ledger in force, as cross rules see them."""
    return conn.execute("select row_number, cash_cny from checks.relief order by 1").fetchall()


def test_a_correction_counts_once_a_second_person_approves_it_and_the_original_stays(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = relief_book({"cash_cny": 20}, UNREADABLE)
    with connect(settings) as conn:
        take_books(settings, conn, REGISTER, data)
        cell = f"{letter(conn, 'relief', 'cash_cny')}6"
        assert (
            call(settings, monkeypatch, "correct", "relief", *SIGNED, "--cell", cell, "--value", "2,000", "--json") == 0
        )
        told = json.loads(capsys.readouterr().out)
        assert (told["field"], told["value_before"], told["value"]) == ("cash_cny", "20.00", "2,000")
        correction = str(told["correction_id"])
        assert (
            call(settings, monkeypatch, "correct", "relief", *SIGNED, "--cell", cell, "--value", "2,000", "--json") == 0
        )
        assert json.loads(capsys.readouterr().out)["correction_id"] == told["correction_id"]
        assert cash(conn) == [(6, 20)]
        assert call(settings, monkeypatch, "corrections", "approve", correction, "--author", "王 处") == 2
        assert "另一人" in capsys.readouterr().err
        before = build_inputs(conn, settings.dbt_project_dir, inbox.NIGHT)
        # One row waits on, so the exit code says that there is work left.
        assert call(settings, monkeypatch, "corrections", "approve", correction, "--author", "李处") == 1
        assert "第 2 版" in capsys.readouterr().out
        assert cash(conn) == [(6, 2000)]
        assert build_inputs(conn, settings.dbt_project_dir, inbox.NIGHT) != before
        assert call(settings, monkeypatch, "corrections", "approve", correction, "--author", "李处") == 0
        assert "已经批准过" in capsys.readouterr().out
        assert versions(conn, "A0101") == [(1, "delivery", "accepted", 1, 1), (2, "correction", "accepted", 1, 1)]
        assert is_balanced(conn)
        assert conn.execute("select cash_cny from landing.relief order by 1").fetchall() == [(20,), (2000,)]
        [(sha256,)] = conn.execute(
            "select sha256 from archive.delivery join ops.submission using (delivery_id) where form_id = 'relief' limit 1"
        ).fetchall()
        assert Archive(settings, Keyring.load(settings)).get(sha256) == data
        assert call(settings, monkeypatch, "corrections", "list", "--state", "approved", "--json") == 0
        [listed] = json.loads(capsys.readouterr().out)
        assert (listed["author"], listed["approver"], listed["approved_version"]) == ("王处", "李处", 2)


def test_what_cannot_be_corrected_is_told_and_leaves_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    impossible = [
        ("hardship_aid", "worker_name", 6, "张三", "个人信息"),
        ("relief", "cash_cny", 6, "很多", "不是一个确切的数"),
        ("relief", "cash_cny", 99, "1", "第 99 行"),
        ("relief", "cash_cny", 6, inbox.PERSON, "身份证号"),
        ("relief", None, 6, "1", "栏目"),
        ("training", None, 6, "1", "没有生效的报送"),
    ]
    with connect(settings) as conn:
        take_books(settings, conn, REGISTER, relief_book({}), HARDSHIP)
        for form_id, field, row, value, why in impossible:
            where = ["--cell", f"{letter(conn, form_id, field) if field else 'ZZ'}{row}", "--value", value]
            assert call(settings, monkeypatch, "correct", form_id, *SIGNED, *where) == 2, why
            assert why in capsys.readouterr().err
        assert read_corrections(conn) == []


def test_the_personal_part_of_a_corrected_row_is_sealed_anew_and_the_person_is_the_same(settings: Settings) -> None:
    with connect(settings) as conn:
        take_books(settings, conn, REGISTER, HARDSHIP)
        assert approve(settings, conn, proposed(conn, "1500", 6, "hardship_aid", "amount_cny")).ending == "replaced"
        rows = conn.execute(
            "select amount_cny, worker_token from landing.hardship_aid order by submission_id"
        ).fetchall()
        assert [amount for amount, _ in rows] == [2000, 1500]
        assert rows[0][1] == rows[1][1]
        assert conn.execute("select count(*) from pii.personal_row").fetchall() == [(2,)]


def test_what_was_found_at_the_cell_gives_way_and_a_row_that_waited_loads(settings: Settings) -> None:
    with connect(settings) as conn:
        take_books(settings, conn, REGISTER, relief_book({}, UNREADABLE))
        assert [f["severity"] for f in read_findings(conn, form_id="relief")] == ["error"]
        assert approve(settings, conn, proposed(conn, "30", 7)).ending == "replaced"
        assert cash(conn)[1] == (7, 30)
        assert versions(conn, "A0101")[1:] == [(2, "correction", "accepted", 2, 0)]
        assert read_findings(conn, form_id="relief") == []
        assert is_balanced(conn)


def test_what_the_unit_sends_anew_counts_and_the_same_content_is_a_copy(settings: Settings) -> None:
    with connect(settings) as conn:
        take_books(settings, conn, REGISTER, relief_book({"cash_cny": 20}))
        late = proposed(conn, "40")
        approve(settings, conn, proposed(conn, "30"))
        # Nothing new is said by sending once more what was corrected.
        take_books(settings, conn, relief_book({"cash_cny": 20}, spare_rows=9), modified_ns=2)
        assert cash(conn) == [(6, 30)]
        take_books(settings, conn, relief_book({"cash_cny": 25}))
        assert cash(conn) == [(6, 25)]
        assert [c.state for c in read_corrections(conn)] == ["outdated", "approved"]
        assert read_corrections(conn, state="outdated")[0].correction_id == late


def test_a_second_correction_and_a_replay_keep_the_first(settings: Settings) -> None:
    with connect(settings) as conn:
        take_books(settings, conn, REGISTER, relief_book({"cash_cny": 20}, UNREADABLE, REACHED_NOBODY))
        approve(settings, conn, proposed(conn, "30", 6))
        approve(settings, conn, proposed(conn, "31", 7))
        assert [ending.ending for ending in replay_all(settings, conn)] == ["unchanged"]
        add_waiver(conn, RULE, "A0101", date(2021, 1, 1), date(2021, 12, 31), reason="经批准", author="王处")
        assert [ending.ending for ending in replay_all(settings, conn)] == ["replaced"]
        assert cash(conn)[:2] == [(6, Decimal(30)), (7, Decimal(31))]
        assert [(v[1], v[3], v[4]) for v in versions(conn, "A0101")] == [
            ("delivery", 1, 2),
            ("correction", 1, 2),
            ("correction", 2, 1),
            ("replay", 3, 0),
        ]
        assert read_candidates(conn) == []


def test_the_database_refuses_one_person_for_both(settings: Settings) -> None:
    with connect(settings) as conn:
        take_books(settings, conn, REGISTER, relief_book({}))
        correction_id = proposed(conn, "30")
        refusals = {"王处": psycopg.errors.CheckViolation, "另一人": psycopg.errors.ForeignKeyViolation}
        for author, refusal in refusals.items():
            with pytest.raises(refusal):
                conn.execute(
                    "insert into ops.correction_approval (correction_id, author, approver, submission_id, decided_at)"
                    " select %s, %s, '王处', submission_id, now() from ops.correction",
                    (correction_id, author),
                )


def test_one_name_is_known_however_it_is_written() -> None:
    assert is_same_person("Ｗang  处", "wang处")
    assert not is_same_person("王处", "李处")
