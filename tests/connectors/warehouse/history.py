"""A warehouse in which everything has happened once: what the tests of the chain of events look at."""

from __future__ import annotations

from datetime import date
from typing import Any

import psycopg

from connectors.archive import Archive
from connectors.keys import Keyring
from connectors.settings import Settings
from connectors.warehouse.closing import reopen
from connectors.warehouse.events import Event, append_events
from connectors.warehouse.recorded import rows_of
from connectors.warehouse.replies import reply_to_deliveries
from connectors.warehouse.runs import open_run
from connectors.warehouse.unmasking import Asked, record_unmasking
from connectors.warehouse.waivers import end_waiver, read_waivers
from connectors.warehouse.withdrawal import withdraw
from tests.connectors.warehouse.desk import REGISTER, put_closing, relief_book, take_books
from tests.connectors.warehouse.test_confirmations import confirmed
from tests.connectors.warehouse.test_corrections import approve, proposed
from tests.connectors.warehouse.test_replay import REACHED_NOBODY, replay_all, waive
from tests.connectors.warehouse.test_replies import files

UNREADABLE = {"cash_cny": "多", "given_on": date(2021, 3, 10)}
KINDS = {
    *("received", "accepted", "superseded", "refused", "unrecognised", "copied", "withdrawn", "replayed", "published"),
    *("correction_proposed", "correction_approved", "waived", "waiver_ended", "confirmed", "unmasked"),
}
"""Every kind that there is in it."""
KINDS_OF_CLOSING = {"closed", "held", "reopened", "let_in"}


def make_history(settings: Settings, conn: psycopg.Connection[Any]) -> None:
    """Let everything happen: A0101 answers, is corrected, withdraws, answers anew, confirms, is waived and judged anew."""
    open_run(conn, "night", date(2021, 4, 20))
    take_books(settings, conn, REGISTER, relief_book({}, unit_id="A0404"), b"nothing", relief_book({}, UNREADABLE))
    take_books(settings, conn, relief_book({}, UNREADABLE, spare_rows=9))
    approve(settings, conn, proposed(conn, "30", row=7))
    withdraw(conn, "relief", "A0101", "2021-03", reason="报错单位", author="王处")
    [answer] = take_books(settings, conn, relief_book({"campaign": "送清凉"}))
    archive = Archive(settings, Keyring.load(settings))
    reply_to_deliveries(settings, conn, archive, 1)
    [asked] = [data for name, data in files(settings).items() if name.endswith(f"{answer}_relief_2021-03_批注.xlsx")]
    take_books(settings, conn, confirmed(asked, G6=20))
    take_books(settings, conn, relief_book({}, REACHED_NOBODY))
    waive(conn)
    replay_all(settings, conn, unit_id="A0101")
    [waiver] = read_waivers(conn)
    end_waiver(conn, waiver.waiver_id, reason="期满", author="李处")
    take_books(settings, conn, relief_book({"persons": 3}))
    record_unmasking(conn, Asked("王处", "person find", "本人查询"), "0" * 32, 1)
    _publish(conn)
    reply_to_deliveries(settings, conn, archive, 1)


def close_and_reopen(settings: Settings, conn: psycopg.Connection[Any]) -> None:
    """Let March be closed, an answer come late and wait, and March be opened again."""
    with conn.transaction():
        put_closing(conn, "2021-03")
        append_events(conn, [Event("closed", "王处", period="2021-03", details={"rows": rows_of(conn, ops_closing=1)})])
    take_books(settings, conn, relief_book({"persons": 4}))
    reopen(conn, "2021-03", reason="补报", author="李处")


def _publish(conn: psycopg.Connection[Any]) -> None:
    with conn.transaction():
        conn.execute(
            "insert into bi.release (release_id, published_at, night, cause, row_counts)"
            " values (1, now(), '2021-04-20', 'night 2021-04-20', '{}')"
        )
        rows = rows_of(conn, bi_release=1)
        append_events(conn, [Event("published", "run 1", details={"release_id": 1, "rows": rows})])
