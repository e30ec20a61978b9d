"""Runs: who is alive, what the account of a night covers, and how a night is cut into chunks."""

from __future__ import annotations

from datetime import date

from connectors.settings import Settings
from connectors.warehouse.engine import connect
from connectors.warehouse.runs import bring_forms_together, chunk_deliveries, close_run, night_account, open_run, step

NIGHT = date(2021, 4, 20)


def decide(conn: object, delivery_id: int, run_id: int, outcome: str = "refused", read: int = 2) -> None:
    """Write an outcome of one delivery, all of whose rows are ignored."""
    conn.execute(  # type: ignore[attr-defined]
        "insert into ops.delivery_outcome (delivery_id, outcome, rows_read, rows_loaded, rows_quarantined, rows_ignored,"
        " run_id, decided_at) values (%s, %s, %s, 0, 0, %s, %s, now())",
        (delivery_id, outcome, read, read, run_id),
    )


def test_a_run_that_died_is_told_from_one_that_lives(settings: Settings) -> None:
    with connect(settings) as alive:
        first = open_run(alive, "night", NIGHT)
        with connect(settings) as dead:
            second = open_run(dead, "night", NIGHT)
        with connect(settings) as conn:
            third = open_run(conn, "night", NIGHT)
            states = dict(conn.execute("select run_id, status from ops.run").fetchall())
    assert states == {first: "running", second: "failed", third: "running"}


def test_the_account_covers_what_a_run_decided_that_died_before_it_could_say(settings: Settings) -> None:
    with connect(settings) as dead:
        died = open_run(dead, "night", NIGHT)
        decide(dead, 1, died)
    with connect(settings) as conn:
        mine = open_run(conn, "night", NIGHT)
        decide(conn, 2, mine, "unrecognised", 0)
        account = night_account(conn, mine)
        assert (account.received, account.refused, account.unrecognised, account.rows_read) == (2, 1, 1, 2)
        assert account.is_balanced
        close_run(conn, mine, "data_problems", account, None)
        nothing = night_account(conn, open_run(conn, "night", NIGHT))
    assert nothing.received == 0


def test_a_step_that_raised_has_not_ended(settings: Settings) -> None:
    with connect(settings) as conn:
        run_id = open_run(conn, "night", NIGHT)
        with step(conn, run_id, "collect", "inbox"):
            pass
        try:
            with step(conn, run_id, "build"):
                raise ValueError
        except ValueError:
            pass
        ended = conn.execute("select step, finished_at is not null from ops.run_step order by step").fetchall()
    assert ended == [("build", False), ("collect", True)]


def test_chunks_hold_so_many_deliveries_and_so_many_bytes_and_lose_none() -> None:
    deliveries = [(1, 10), (2, 10), (3, 10), (4, 500), (5, 95), (6, 10)]
    assert chunk_deliveries(deliveries, most=2, most_bytes=100) == [[1, 2], [3], [4], [5], [6]]
    assert chunk_deliveries([], most=2, most_bytes=100) == []


def test_forms_are_brought_together_and_no_answer_overtakes_another() -> None:
    arrived = [
        (1, 0, "relief"),
        (2, 0, "aid"),
        (3, 0, "relief"),
        (4, 0, None),
        (5, 0, "relief"),
        (6, 0, "aid"),
        (7, 0, "relief"),
    ]
    assert [number for number, _, _ in bring_forms_together(arrived)] == [2, 1, 3, 4, 6, 5, 7]
