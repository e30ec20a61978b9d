"""What was kept long enough is destroyed: what is due goes and is proved to be gone, everything else stays as it was."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from connectors.archive import Archive
from connectors.backup.restoring import restore_backup
from connectors.backup.taking import take_backup
from connectors.errors import ErasureRefused
from connectors.keys import Keyring
from connectors.replies.receipts import verify_receipt
from connectors.replies.signing import SigningKey
from connectors.settings import Settings
from connectors.warehouse import retention
from connectors.warehouse.audit import audit
from connectors.warehouse.engine import connect
from connectors.warehouse.erasing.erasure import alone
from connectors.warehouse.lease import hold
from connectors.warehouse.lost_files import write_lost
from connectors.warehouse.people import find_rows
from connectors.warehouse.replay import read_newest, replay
from connectors.warehouse.retention import expire, kept_since, read_due
from expectations.contract import forms
from flows.night_steps import LEASE
from flows.retention import destroy_due
from tests.connectors.warehouse.desk import REGISTER, PoolHere, book, take_books
from tests.expectations.examples import example_row
from tests.night import inbox

BEFORE = date(2021, 4, 1)
"""The first quarter of 2021 is due, the second is not."""

OLD = book("hardship_aid", "A0101", "2021-03", inbox.hardship_row())
NEW = book("hardship_aid", "A0101", "2021-04", inbox.hardship_row(paid_on=date(2021, 4, 9)))
RELIEF = book("relief", "A0101", "2021-03", inbox.relief_row())
PAIRS = book(
    "apprenticeship",
    "A0101",
    "2021-Q1",
    {name: value for name, value in example_row(forms()["apprenticeship"]).items() if value is not None},
)
STEPS = ("redact", "settle", "remove_answers", "append_events", "write_private")
"""Where a kill leaves something half done."""


class Killed(BaseException):
    """What a kill is here: nothing cleans up behind it."""


@pytest.fixture
def conn(settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    """A warehouse with a return of aid of each quarter, the older corrected once, relief, and a file that is none."""
    with connect(settings) as connection:
        take_books(settings, connection, REGISTER, PAIRS, RELIEF)
        take_books(settings, connection, OLD)
        take_books(settings, connection, book("hardship_aid", "A0101", "2021-03", inbox.hardship_row(amount_cny=3000)))
        take_books(settings, connection, NEW, b"PK\x03\x04 torn")
        yield connection


def destroy(settings: Settings, conn: psycopg.Connection[Any], before: date = BEFORE) -> list[Path]:
    with alone(settings, conn, LEASE, inbox.NIGHT, "expire"):
        return expire(settings, conn, before, "王处", "保存期满", lambda _done, _total: None)


def standing(settings: Settings, conn: psycopg.Connection[Any]) -> dict[str, Any]:
    """What is held: bytes of each original, rows of the locked room by period, and the facts."""
    archive = Archive(settings, Keyring.load(settings))
    rows = "select s.form_id, s.period, count(*) from pii.personal_row join ops.submission s using (submission_id) group by 1, 2 order by 1, 2"
    return {
        "originals": {name: archive.get(name) for name in archive.names()},
        "rows": conn.execute(rows).fetchall(),  # type: ignore[call-overload]
        "facts": [
            conn.execute(f"select t::text from landing.{form} t order by 1").fetchall()
            for form in ("hardship_aid", "relief", "apprenticeship")
        ],
    }


def test_what_is_due_goes_and_nothing_else(settings: Settings, conn: psycopg.Connection[Any]) -> None:
    before = standing(settings, conn)
    answer = settings.replies_dir / "2021-04-20" / "A0101"
    answer.mkdir(parents=True)
    ids = dict(conn.execute("select sha256, delivery_id from archive.delivery").fetchall())
    for delivery_id in ids.values():
        (answer / f"{delivery_id}_批注.xlsx").touch()

    [proof] = destroy(settings, conn)

    after = standing(settings, conn)
    gone = {name for name in before["originals"] if before["originals"][name] != after["originals"][name]}
    told = json.loads(proof.read_text(encoding="utf-8"))
    assert [len(gone), {after["originals"][name] for name in gone}] == [3, {b""}], "two of March, and the quarter's"
    assert gone == set(told["originals"])
    assert {before["originals"][name] for name in gone} >= {OLD, PAIRS}
    assert [period for _, period, _ in before["rows"]] == ["2021-Q1", "2021-03", "2021-04"]
    assert [period for _, period, _ in after["rows"]] == ["2021-04"]
    assert after["facts"] == before["facts"]
    assert {ids[name] for name in gone} == set(ids.values()) - {int(p.name.split("_")[0]) for p in answer.iterdir()}

    assert (told["rows"], told["rows_left"], told["originals_left"]) == (3, 0, 0)
    assert told["open_keys"] == ["k0001"]
    assert verify_receipt(told, SigningKey.load(settings).public).is_genuine
    assert not verify_receipt({**told, "rows": 2}, SigningKey.load(settings).public).is_genuine
    assert audit(conn, {}).faults == ()
    assert destroy(settings, conn) == [], "a second time there is nothing"


def test_nobody_brings_it_back_and_what_refers_to_it_goes_on(
    settings: Settings, conn: psycopg.Connection[Any], empty_database: str, tmp_path: Path
) -> None:
    keyring = Keyring.load(settings)
    token = keyring.token(inbox.PERSON)
    destroy(settings, conn)
    assert {row.period for row in find_rows(conn, token)} == {"2021-04"}
    newest = read_newest(conn, "hardship_aid", "A0101", "2021-03")
    assert newest is not None
    pool: Any = PoolHere()
    [again] = replay(conn, Archive(settings, keyring), keyring, pool, [newest], 1)
    assert again.ending == "identity_differs", "it stays as it is"
    take_books(settings, conn, OLD)
    assert destroy(settings, conn) == []
    assert OLD not in standing(settings, conn)["originals"].values()

    taken = take_backup(settings, tmp_path / "backups", lambda _done, _total: None)
    place = replace(settings, home=tmp_path / "elsewhere", url=empty_database)
    restore_backup(place, taken.path, lambda _done, _total: None)
    with connect(place) as restored:
        assert standing(place, restored) == standing(settings, conn)


def test_what_is_about_nobody_stays_and_what_could_not_be_read_goes_by_its_arrival(
    settings: Settings, conn: psycopg.Connection[Any]
) -> None:
    archive = Archive(settings, Keyring.load(settings))
    due = read_due(conn, archive, date(2100, 1, 1))
    assert {archive.get(name) for name in archive.names()} - {archive.get(name) for name in due.originals} == {
        REGISTER,
        RELIEF,
    }
    conn.execute("update archive.delivery set received_at = %s", (datetime(2021, 4, 2, tzinfo=inbox.SHANGHAI),))
    assert b"PK\x03\x04 torn" not in {archive.get(name) for name in read_due(conn, archive, BEFORE).originals}
    assert b"PK\x03\x04 torn" in {archive.get(name) for name in read_due(conn, archive, date(2021, 5, 1)).originals}


def test_a_file_that_had_come_again_after_its_key_was_retired_is_told_too(
    settings: Settings, conn: psycopg.Connection[Any]
) -> None:
    name = hashlib.sha256(OLD).hexdigest()
    write_lost(conn, [name])
    [proof] = destroy(settings, conn)
    assert name in json.loads(proof.read_text(encoding="utf-8"))["originals"]
    write_lost(conn, [name])
    assert conn.execute("select reason from archive.lost_file where sha256 = %s", (name,)).fetchall() == [("expired",)]


@pytest.mark.parametrize("step", STEPS)
def test_killed_anywhere_and_begun_again_it_is_done_and_proved_whole(
    step: str, settings: Settings, conn: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    owner: Any = Archive if step in ("redact", "settle") else retention
    done, calls = getattr(owner, step), list[int]()

    def die(*arguments: Any) -> Any:
        calls.append(1)
        if step == "redact" and len(calls) == 1:
            return done(*arguments)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(owner, step, die)
        with pytest.raises(Killed):
            destroy(settings, conn)
    [proof] = destroy(settings, conn)
    told = json.loads(proof.read_text(encoding="utf-8"))
    assert (len(told["originals"]), told["rows"], told["rows_left"], told["originals_left"]) == (3, 3, 0, 0)
    assert not read_due(conn, Archive(settings, Keyring.load(settings)), BEFORE)


def test_the_job_does_what_is_set_and_refuses_beside_a_run(settings: Settings, conn: psycopg.Connection[Any]) -> None:
    assert kept_since(date(2026, 11, 30), 5) == date(2021, 1, 1)
    assert "没有设置" in destroy_due(settings)
    assert "没有到期的" in destroy_due(replace(settings, retention_years=90))
    with hold(settings, LEASE, "night"), pytest.raises(ErasureRefused):
        destroy_due(replace(settings, retention_years=1))
    said = destroy_due(replace(settings, retention_years=1))
    assert "已销毁，证明" in said
    assert standing(settings, conn)["rows"] == []
    assert conn.execute("select author, reason from ops.event where kind = 'expired'").fetchall() == [
        ("retention", "保存 1 年期满")
    ]
