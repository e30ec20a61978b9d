"""One person is erased: nothing of them is left in rows, originals, answers or backups, and everybody else is as before."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from connectors.archive import Archive
from connectors.backup.restoring import restore_backup
from connectors.backup.taking import take_backup
from connectors.errors import ErasureRefused, ErasureUnfinished
from connectors.keys import Keyring
from connectors.settings import Settings
from connectors.warehouse.audit import audit
from connectors.warehouse.engine import connect
from connectors.warehouse.erasing import erasure, originals
from connectors.warehouse.erasing.erasure import Erased, alone, erase
from connectors.warehouse.erasing.person import NAME, NO_AREA, Person, invented_id
from connectors.warehouse.erasing.records import read_unfinished
from connectors.warehouse.key_register import open_keyring
from connectors.warehouse.people import find_rows, open_rows
from connectors.warehouse.replay import read_newest, replay
from connectors.warehouse.runs import open_run
from connectors.warehouse.unmasking import Asked
from expectations.citizen_id import parse_citizen_id
from expectations.contract import forms
from tests.canary.needles import Needles
from tests.canary.sweep import Swept, sweep_database, sweep_files
from tests.connectors.warehouse.desk import REGISTER, PoolHere, book, take_books
from tests.conftest import settings_in
from tests.expectations.examples import example_row
from tests.night import inbox

PHONE, CARD = "13912345678", "6222020200112233445"
OTHER, OTHER_NAME = inbox.citizen_id("61019919810202002"), "诸葛旁人"
NEEDLES = Needles({"id": inbox.PERSON, "name": inbox.WORKER_NAME, "phone": PHONE, "card": CARD})
ASKED = Asked("王处", "person erase", "本人申请")
WHERE_IT_MAY_BE = {"inbox/*": "the sender's own"}


class Killed(BaseException):
    """What a kill is here: nothing cleans up behind it."""


def quiet(done: int, total: int) -> None:
    assert 0 <= done <= total


def erase_person(settings: Settings, conn: psycopg.Connection[Any], citizen_id: str = inbox.PERSON) -> Erased:
    pool: Any = PoolHere()
    with alone(settings, conn, "publish", inbox.NIGHT):
        return erase(settings, conn, pool, citizen_id, ASKED, quiet)


def with_notes(data: bytes) -> bytes:
    """The workbook with what clerks add: a column with a phone and a card in the person's row, a note elsewhere, the name as its author."""
    from openpyxl import load_workbook
    from openpyxl.comments import Comment

    workbook = load_workbook(io.BytesIO(data))
    sheet = workbook[forms()["hardship_aid"].sheet]
    at = next(cell for row in sheet.iter_rows() for cell in row if cell.value == inbox.PERSON)
    sheet.cell(at.row, sheet.max_column + 2, f"电话{PHONE}")
    sheet.cell(at.row, sheet.max_column + 1, CARD)
    at.comment = Comment(f"{inbox.WORKER_NAME} {PHONE[:3]}", "x")
    other = workbook.create_sheet("底稿")
    other.append([inbox.WORKER_NAME, f"{inbox.PERSON[:6]} {inbox.PERSON[6:14]} {inbox.PERSON[14:]}", PHONE, CARD])
    workbook.properties.creator = inbox.WORKER_NAME
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def aid(*rows: dict[str, object], period: str = "2021-03") -> bytes:
    return book("hardship_aid", "A0101", period, *rows)


STRANGER = inbox.hardship_row(worker_name=OTHER_NAME, worker_citizen_id=OTHER)
WAITING = inbox.hardship_row(amount_cny=inbox.WORKER_NAME, paid_on=date(2021, 3, 11))
PAIR = {
    **{"mentor_name": inbox.WORKER_NAME, "mentor_citizen_id": inbox.PERSON},
    **{"apprentice_name": OTHER_NAME, "apprentice_citizen_id": OTHER},
}
BOOKS = (
    REGISTER,
    aid(inbox.hardship_row()),
    with_notes(aid(inbox.hardship_row(), STRANGER, WAITING)),
    aid(STRANGER, period="2021-02"),
    book(
        "apprenticeship",
        "A0101",
        "2021-Q1",
        {k: v for k, v in example_row(forms()["apprenticeship"]).items() if v is not None} | PAIR,
    ),
    # Refused, and in no row: nobody registered this unit.
    book("hardship_aid", "X0101", "2021-03", inbox.hardship_row()),
    f"姓名,身份证号\n{inbox.WORKER_NAME},{inbox.PERSON}\n".encode("gb18030"),
)


@pytest.fixture
def conn(settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    """A person in a superseded answer, in one with a row that waits, as a mentor, in a refused workbook and in a text."""
    with connect(settings) as connection:
        take_books(settings, connection, *BOOKS)
        for path in ("2021-04-20/A0101/3_hardship_aid_2021-03_批注.xlsx", "2021-04-20/A0101/4_hardship_aid_2021-02_批注.xlsx"):
            (settings.replies_dir / path).parent.mkdir(parents=True, exist_ok=True)
            (settings.replies_dir / path).write_bytes(BOOKS[2 if "3_" in path[:19] else 3])
        yield connection


def sweep(settings: Settings, conn: psycopg.Connection[Any], folder: Path) -> list[str]:
    """Every hit in the home, in what is sealed, opened, and in all rows."""
    keyring, swept = Keyring.load(settings), Swept()
    archive, opened = Archive(settings, keyring), folder / "opened"
    opened.mkdir(exist_ok=True)
    for name in archive.names():
        (opened / name).write_bytes(archive.get(name))
    rows = conn.execute("select form_id, unit_id, submission_id, row_number, key_id, nonce, ciphertext from pii.personal_row")
    sealed = [keyring.decrypt(*row[4:], f"{row[0]}|{row[1]}|{row[2]}|{row[3]}".encode()).decode() for row in rows.fetchall()]
    (opened / "rows").write_text("\n".join(sealed), encoding="utf-8")
    sweep_files(settings.home, NEEDLES, WHERE_IT_MAY_BE, swept)
    sweep_files(opened, NEEDLES, {}, swept)
    sweep_database(conn, NEEDLES, swept)
    assert swept.tables > 100
    return [str(hit) for hit in swept.hits]


def people(conn: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    """What figures are made of: rows of people with how many they are, without saying who."""
    return conn.execute(
        "select unit_id, period, submission_id, row_number, amount_cny,"
        " min(submission_id * 1000 + row_number) over (partition by worker_token) from landing.hardship_aid order by 3, 4"
    ).fetchall()


def test_nothing_of_a_person_is_left_anywhere_and_nothing_else_is_changed(
    settings: Settings, conn: psycopg.Connection[Any], tmp_path: Path
) -> None:
    token = Keyring.load(settings).token(inbox.PERSON)
    assert {hit.split(" (")[0].split(": ")[-1] for hit in sweep(settings, conn, tmp_path)} == {"id", "name", "phone", "card"}
    before, names = people(conn), list(Archive(settings, Keyring.load(settings)).names())
    stranger = opened_rows(settings, conn, OTHER)

    done = erase_person(settings, conn)

    assert done == Erased(1, 4, 1, 1, ("k0001",), ("inbox x.xlsx",))
    assert sweep(settings, conn, tmp_path) == []
    keyring = Keyring.load(settings)
    archive = Archive(settings, keyring)
    assert list(archive.names()) == names, "under their names"
    assert people(conn) == before
    assert opened_rows(settings, conn, OTHER) == stranger
    assert find_rows(conn, token) == []
    [(left,)] = conn.execute("select count(*) from ops.unmasking where person_token = %s", (token,)).fetchall()
    assert left == 0
    [(substitute, substitute_id)] = conn.execute("select substitute_token, substitute_id from pii.erasure").fetchall()
    assert keyring.token(substitute_id) == substitute
    assert {tuple(o.personal.values()) for o in opened_rows(settings, conn, substitute_id) if o.personal} == {
        (NAME, substitute_id)
    }
    assert len(find_rows(conn, substitute)) == 4
    assert audit(conn, {}).faults == ()
    assert conn.execute("select sha256, reason from archive.lost_file").fetchall() == [
        (hashlib.sha256(BOOKS[-1]).hexdigest(), "erased")
    ]
    assert [path.name for path in settings.replies_dir.rglob("*.xlsx")] == ["4_hardship_aid_2021-02_批注.xlsx"]
    assert erase_person(settings, conn) == Erased(None), "nothing is left to erase, and no key is changed for it"


def opened_rows(settings: Settings, conn: psycopg.Connection[Any], citizen_id: str) -> list[Any]:
    keyring = Keyring.load(settings)
    token = keyring.token(citizen_id)
    return open_rows(conn, keyring, token, find_rows(conn, token))
