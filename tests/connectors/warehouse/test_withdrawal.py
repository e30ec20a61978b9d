"""Withdrawing: what is taken back counts nowhere, stays on record, and is in force again only when it is sent anew."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import psycopg
import pytest

from connectors.settings import Settings
from connectors.warehouse.build_inputs import build_inputs
from connectors.warehouse.engine import connect
from connectors.warehouse.ledger import count_waiting_rows, read_submissions, read_units
from connectors.warehouse.quarantine import read_quarantine
from connectors.warehouse.replay import read_candidates
from connectors.warehouse.withdrawal import Withdrawn, withdraw
from expectations.periods import parse_period
from tests.connectors.warehouse.desk import REGISTER, book, call, relief_book, take_books
from tests.night import inbox

UNREADABLE = {"cash_cny": "多", "given_on": date(2021, 3, 9)}
YEAR = parse_period("2021")


def take_back(conn: psycopg.Connection[Any], form_id: str = "relief", unit_id: str = "A0101") -> Withdrawn | None:
    period = "2021" if form_id == "unit_register" else "2021-03"
    return withdraw(conn, form_id, unit_id, period, reason="报错单位", author="王处")


def states(conn: psycopg.Connection[Any]) -> list[tuple[int, str]]:
    return sorted((row["version"], row["state"]) for row in read_submissions(conn, form_id="relief"))


def counting_rows(conn: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    """The rows of relief that count, as cross rules see them."""
    return conn.execute("select persons from checks.relief order by 1").fetchall()


def test_what_is_withdrawn_counts_nowhere_and_no_older_version_comes_back(settings: Settings) -> None:
    with connect(settings) as conn:
        take_books(settings, conn, REGISTER, relief_book({"persons": 1}), relief_book({"persons": 2}, UNREADABLE))
        assert (counting_rows(conn), count_waiting_rows(conn), len(read_quarantine(conn))) == ([(2,)], 1, 1)
        before = build_inputs(conn, settings.dbt_project_dir, inbox.NIGHT)
        withdrawn = take_back(conn)
        assert withdrawn is not None
        assert (withdrawn.version, withdrawn.rows_loaded) == (2, 1)
        assert (counting_rows(conn), count_waiting_rows(conn), read_quarantine(conn)) == ([], 0, [])
        assert states(conn) == [(1, "superseded"), (2, "withdrawn")]
        assert read_candidates(conn) == []
        assert build_inputs(conn, settings.dbt_project_dir, inbox.NIGHT) != before
        # Kept: it only counts no more.
        assert conn.execute("select count(*) from landing.relief").fetchall() == [(2,)]
        assert take_back(conn) is None


@pytest.mark.parametrize(
    ("spare_rows", "modified_ns", "what", "is_in_force"),
    [
        (3, 1, "the very same delivery", False),
        (3, 2, "the same bytes, saved later", True),
        (9, 1, "the same content in other bytes", True),
    ],
)
def test_what_is_sent_anew_is_in_force_again_and_the_very_same_file_is_not(
    settings: Settings, spare_rows: int, modified_ns: int, what: str, is_in_force: bool
) -> None:
    with connect(settings) as conn:
        take_books(settings, conn, REGISTER, relief_book({}))
        take_back(conn)
        take_books(settings, conn, relief_book({}, spare_rows=spare_rows), modified_ns=modified_ns)
        assert (len(counting_rows(conn)) == 1) is is_in_force, what
        assert states(conn) == [(1, "withdrawn"), *([(2, "in_force")] if is_in_force else [])]


def test_a_withdrawn_register_gives_way_to_that_of_the_period_before(settings: Settings) -> None:
    later = book(
        "unit_register", "S0001", "2022", *inbox.register_rows(), inbox.register_rows()[-1] | {"unit_code": "A0301"}
    )
    with connect(settings) as conn:
        take_books(settings, conn, REGISTER)
        take_books(settings, conn, later)
        units = {code for code, _, _ in read_units(conn, YEAR.first_day, YEAR.last_day)}
        assert "A0301" in units
        assert withdraw(conn, "unit_register", "S0001", "2022", reason="误报", author="王处")
        assert {code for code, _, _ in read_units(conn, YEAR.first_day, YEAR.last_day)} == units - {"A0301"}


def test_a_submission_is_withdrawn_at_the_desk_once(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [
        "withdraw",
        "relief",
        "--unit",
        "A0101",
        "--period",
        "2021年3月",
        "--reason",
        "报错单位",
        "--author",
        "王处",
    ]
    with connect(settings) as conn:
        take_books(settings, conn, REGISTER, relief_book({}))
        assert call(settings, monkeypatch, *asked, "--json") == 0
        assert json.loads(capsys.readouterr().out)["version"] == 1
        assert call(settings, monkeypatch, *asked) == 2
        assert "没有生效的报送" in capsys.readouterr().err
        signed = conn.execute("select reason, author from ops.withdrawal").fetchall()
        assert signed == [("报错单位", "王处")]
