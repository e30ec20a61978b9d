"""A register that leaves out a unit which has reported is sent back: its figures would be of nobody, and no night could publish them."""

from __future__ import annotations

from datetime import date

import psycopg
import pytest

from connectors.settings import Settings
from connectors.warehouse.engine import connect
from connectors.warehouse.withdrawal import withdraw
from tests.connectors.warehouse.desk import REGISTER, book, relief_book, take_books
from tests.night import inbox

OTHER = "A0102"


def register(*without: str, period: str = "2021", **changed: object) -> bytes:
    """The register without these units; what is changed is changed in the row of A0102."""
    rows = [row | (changed if row["unit_code"] == OTHER else {}) for row in inbox.register_rows()]
    return book("unit_register", "S0001", period, *(row for row in rows if row["unit_code"] not in without))


def newest(conn: psycopg.Connection[object]) -> tuple[object, ...]:
    """What became of the last register, and why."""
    [told] = conn.execute(
        "select s.outcome, f.code, f.params->>'units' from ops.submission s"
        " left join ops.finding f on f.submission_id = s.submission_id and f.severity = 'critical'"
        " where s.form_id = 'unit_register' order by s.submission_id desc limit 1"
    ).fetchall()
    return told


@pytest.mark.parametrize(
    "lacking", [register(OTHER), register(unit_kind="没有这一类")], ids=["no row", "a row that waits"]
)
def test_a_register_without_a_unit_that_reported_is_refused_until_its_answer_is_withdrawn(
    settings: Settings, lacking: bytes
) -> None:
    with connect(settings) as conn:
        take_books(settings, conn, REGISTER, relief_book({}, unit_id=OTHER))
        take_books(settings, conn, lacking)
        assert newest(conn) == ("refused", "form.units_left_out", OTHER)
        assert conn.execute("select count(*) from registers.unit where unit_id = %s", (OTHER,)).fetchone() == (1,)
        withdraw(conn, "relief", OTHER, "2021-03", reason="报错单位", author="王处")
        take_books(settings, conn, lacking, modified_ns=2)
        assert newest(conn) == ("accepted", None, None)


def test_a_unit_that_ends_keeps_its_row_and_one_that_never_reported_may_go(settings: Settings) -> None:
    with connect(settings) as conn:
        take_books(settings, conn, REGISTER, relief_book({}, unit_id=OTHER))
        take_books(settings, conn, register("A0201", valid_to=date(2021, 5, 31), successor_code="A0101"))
        assert newest(conn)[0] == "accepted"


def test_a_late_correction_of_an_older_register_need_not_know_who_came_since(settings: Settings) -> None:
    with connect(settings) as conn:
        take_books(settings, conn, register(OTHER), register(period="2022"), relief_book({}, unit_id=OTHER))
        take_books(settings, conn, register(OTHER, "A0201"))
        found = conn.execute(
            "select period, version, outcome from ops.submission where form_id = 'unit_register' order by submission_id"
        ).fetchall()
        assert found == [("2021", 1, "accepted"), ("2022", 1, "accepted"), ("2021", 2, "accepted")]
        take_books(settings, conn, register(OTHER, period="2022"))
        assert newest(conn) == ("refused", "form.units_left_out", OTHER)
