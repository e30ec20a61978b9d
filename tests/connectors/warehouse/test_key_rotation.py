"""Seal keys change while everybody works on: nothing is lost, nothing is left behind unseen, and a destroyed key opens nothing."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

from connectors.archive import Archive
from connectors.backup.errors import PersonalKeysDiffer
from connectors.backup.restoring import restore_backup
from connectors.backup.taking import take_backup
from connectors.errors import ArchiveError, KeyInUse, KeyringError, KeyUnknown, RoomBusy
from connectors.keys import Keyring
from connectors.settings import Settings
from connectors.warehouse import key_rotation
from connectors.warehouse.audit import audit
from connectors.warehouse.backfill.boundary import read_ledger_boundary
from connectors.warehouse.backfill.staging import Staging
from connectors.warehouse.engine import connect
from connectors.warehouse.key_register import open_keyring
from connectors.warehouse.key_rotation import Resealed, alone_in_room, make_key, read_keys, reseal, retire
from connectors.warehouse.personal import seal_context
from tests.conftest import settings_in
from tests.connectors.warehouse.desk import REGISTER, book, relief_book, take_books
from tests.night import inbox

SIGNED = ("王处", "定期更换")


def quiet(done: int, total: int) -> None:
    assert 0 <= done <= total


def aid_book(unit_id: str) -> bytes:
    rows = (inbox.hardship_row(paid_on=date(2021, 3, day)) for day in (1, 2, 3))
    return book("hardship_aid", unit_id, "2021-03", *rows)


@pytest.fixture
def conn(settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    """A small warehouse: six personal rows, four archived files, a staging area with one."""
    with connect(settings) as connection:
        take_books(settings, connection, REGISTER, relief_book({}), aid_book("A0101"), aid_book("A0102"))
        Staging(settings, Keyring.load(settings), "p1").archive.put(b"staged")
        yield connection


def wait_until_alone(conn: psycopg.Connection[Any]) -> None:
    """The server lets go of what a connection held a moment after its client is gone."""
    others = "select 1 from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    while conn.execute(others).fetchone():
        time.sleep(0.01)


def opened(settings: Settings, conn: psycopg.Connection[Any], keyring: Keyring | None = None) -> tuple[Any, ...]:
    """All that is sealed, opened."""
    keyring = keyring or Keyring.load(settings)
    rows = conn.execute(
        "select form_id, unit_id, submission_id, row_number, key_id, nonce, ciphertext from pii.personal_row order by 3, 4"
    ).fetchall()
    people = [
        json.loads(keyring.decrypt(*seal, seal_context(*place))) for *place, a, b, c in rows for seal in [(a, b, c)]
    ]
    archive = Archive(settings, keyring)
    return people, {name: archive.get(name) for name in archive.names()}


def sealed(settings: Settings, conn: psycopg.Connection[Any]) -> dict[str, tuple[int, int]]:
    return {key.key_id: (key.rows, key.files) for key in read_keys(settings, conn)}


def test_what_older_keys_sealed_is_sealed_anew_and_the_old_key_is_destroyed(
    settings: Settings, conn: psycopg.Connection[Any]
) -> None:
    before, boundary = opened(settings, conn), read_ledger_boundary(conn)
    assert sealed(settings, conn) == {"k0001": (6, 5)}
    assert make_key(settings, conn, *SIGNED) == "k0002"
    assert (settings.keys_dir / "seal-k0002.key").stat().st_mode & 0o777 == 0o600
    for key_id, error in (("k0001", KeyInUse), ("k0002", KeyInUse), ("k0009", KeyUnknown)):
        with pytest.raises(error):
            retire(settings, conn, key_id, *SIGNED)
    told: list[tuple[int, int]] = []
    assert reseal(settings, conn, lambda done, total: told.append((done, total))) == Resealed(6, 5, 0, 0, 0)
    assert told[-1] == (11, 11)
    assert sealed(settings, conn) == {"k0001": (0, 0), "k0002": (6, 5)}
    assert opened(settings, conn) == before
    assert read_ledger_boundary(conn) == boundary, "a plan of a backfill stays good"
    assert reseal(settings, conn, quiet) == Resealed(0, 0, 0, 0, 0)
    retire(settings, conn, "k0001", *SIGNED)
    assert sorted(path.name for path in settings.keys_dir.iterdir()) == [
        "seal-k0001.retired",
        "seal-k0002.key",
        "token.key",
    ]
    assert opened(settings, conn) == before
    take_books(settings, conn, aid_book("A0103"))
    assert make_key(settings, conn, *SIGNED) == "k0003"
    kinds = [row[0] for row in conn.execute("select kind from ops.event where kind like 'key_%' order by event_id")]
    assert kinds == ["key_made", "key_retired", "key_made"]
    assert audit(conn, {}).faults == ()


def test_what_began_with_the_old_keys_goes_on_and_what_it_seals_is_not_overlooked(
    settings: Settings, conn: psycopg.Connection[Any]
) -> None:
    before = opened(settings, conn)
    with connect(settings) as running:
        old = open_keyring(running, settings)
        make_key(settings, conn, *SIGNED)
        reseal(settings, conn, quiet)
        assert opened(settings, conn, old) == before, "it opens what was sealed anew meanwhile"
        Archive(settings, old).put(b"late")
        assert sealed(settings, conn)["k0001"] == (0, 1)
        assert [key.is_held for key in read_keys(settings, conn)] == [True, False]
        assert reseal(settings, conn, quiet).files == 1
        with pytest.raises(KeyInUse, match="a run that is alive"):
            retire(settings, conn, "k0001", *SIGNED)
    wait_until_alone(conn)
    retire(settings, conn, "k0001", *SIGNED)
    # One that was cut off from the database, and did not notice: what it put in is put in anew when it comes again.
    name = Archive(settings, old).put(b"cut off")
    archive = Archive(settings, Keyring.load(settings))
    with pytest.raises(ArchiveError):
        archive.get(name)
    assert archive.put(b"cut off") == name
    assert archive.get(name) == b"cut off"


def test_who_reads_a_file_while_it_is_sealed_anew_reads_on(settings: Settings, conn: psycopg.Connection[Any]) -> None:
    keyring = Keyring.load(settings)
    data = os.urandom(9_000_000)
    name = Archive(settings, keyring).put(data)
    reading = Archive(settings, keyring)._pieces(name)
    parts = [next(reading)]
    make_key(settings, conn, *SIGNED)
    reseal(settings, conn, quiet)
    assert b"".join([*parts, *reading]) == data
    assert Archive(settings, keyring).get(name) == data


def _reseal_and_die(settings: Settings, after: int) -> None:
    key_rotation.ROWS = key_rotation.FILES = 1

    def tell(done: int, total: int) -> None:
        if done == after:
            os.kill(os.getpid(), signal.SIGKILL)

    with connect(settings) as conn:
        reseal(settings, conn, tell)


@pytest.mark.parametrize("after", [1, 4, 6, 10])
def test_sealing_anew_that_is_killed_goes_on_from_there(
    settings: Settings, conn: psycopg.Connection[Any], after: int
) -> None:
    before = opened(settings, conn)
    make_key(settings, conn, *SIGNED)
    process = multiprocessing.get_context("fork").Process(target=_reseal_and_die, args=(settings, after))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    wait_until_alone(conn)
    assert opened(settings, conn) == before
    left = reseal(settings, conn, quiet)
    assert left.rows + left.files == 11 - after
    assert opened(settings, conn) == before
    retire(settings, conn, "k0001", *SIGNED)


def test_a_retirement_that_was_killed_before_the_file_was_destroyed_is_ended_by_another(
    settings: Settings, conn: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_key(settings, conn, *SIGNED)
    reseal(settings, conn, quiet)
    with monkeypatch.context() as patched:
        patched.setattr(key_rotation, "destroy_seal_key", lambda *_: None)
        retire(settings, conn, "k0001", *SIGNED)
    assert (settings.keys_dir / "seal-k0001.key").exists()
    take_books(settings, conn, aid_book("A0103"))
    retire(settings, conn, "k0001", *SIGNED)
    assert not (settings.keys_dir / "seal-k0001.key").exists()


def test_one_at_a_time(settings: Settings, conn: psycopg.Connection[Any]) -> None:
    with connect(settings) as other, alone_in_room(other), pytest.raises(RoomBusy):
        reseal(settings, conn, quiet)


def test_a_damaged_row_keeps_its_key_and_stops_nothing_else(settings: Settings, conn: psycopg.Connection[Any]) -> None:
    make_key(settings, conn, *SIGNED)
    conn.execute("update pii.personal_row set ciphertext = '\\x00' where row_number = 7 and unit_id = 'A0101'")
    assert reseal(settings, conn, quiet) == Resealed(5, 5, 1, 0, 1)
    with pytest.raises(KeyInUse, match="1 personal rows"):
        retire(settings, conn, "k0001", *SIGNED)


def test_a_machine_without_the_new_key_is_stopped_and_one_with_only_a_retired_key_too(
    settings: Settings, conn: psycopg.Connection[Any], tmp_path: Path
) -> None:
    before = settings_in(tmp_path / "before", settings.url)
    shutil.copytree(settings.keys_dir, before.keys_dir)
    make_key(settings, conn, *SIGNED)
    with connect(before) as other, pytest.raises(KeyringError):
        open_keyring(other, before)
    reseal(settings, conn, quiet)
    retire(settings, conn, "k0001", *SIGNED)
    with connect(before) as other, pytest.raises(KeyringError):
        open_keyring(other, before)


@pytest.fixture
def elsewhere(settings: Settings, empty_database: str, tmp_path: Path) -> Callable[[], Settings]:
    """Makes a home with the keys of now, over an empty database."""

    def make() -> Settings:
        place = settings_in(tmp_path / "elsewhere", empty_database)
        place.home.mkdir(exist_ok=True)
        shutil.copytree(settings.keys_dir, place.keys_dir)
        return place

    return make


def test_a_backup_of_before_gives_back_all_but_what_the_destroyed_key_sealed(
    settings: Settings, conn: psycopg.Connection[Any], elsewhere: Callable[[], Settings], tmp_path: Path
) -> None:
    taken = take_backup(settings, tmp_path / "backups", quiet)
    make_key(settings, conn, *SIGNED)
    reseal(settings, conn, quiet)
    retire(settings, conn, "k0001", *SIGNED)
    place = elsewhere()
    tombstone = place.keys_dir / "seal-k0001.retired"
    said = tombstone.read_text()
    tombstone.unlink()
    with pytest.raises(PersonalKeysDiffer, match=r"seal-k0001\.key"):
        restore_backup(place, taken.path, quiet)
    tombstone.write_text(said)
    restored = restore_backup(place, taken.path, quiet)
    assert (restored.added_objects, restored.lost_objects, restored.shut_rows) == (0, 4, 6)
    with connect(place) as there:
        count = "select count(*) from landing.hardship_aid"
        assert there.execute(count).fetchone() == conn.execute(count).fetchone() == (6,)
        assert sealed(place, there) == {"k0001": (6, 0), "k0002": (0, 0)}
        with pytest.raises(ArchiveError):
            Archive(place, open_keyring(there, place)).get(next(Archive(settings, Keyring.load(settings)).names()))
        assert audit(there, {}).faults == ()
        # What comes again is kept again, and what follows is backed up.
        take_books(place, there, aid_book("A0101"), aid_book("A0104"))
        assert reseal(place, there, quiet) == Resealed(0, 0, 6, 0, 6)
    assert take_backup(place, tmp_path / "later", quiet).manifest.objects == 2


def test_a_backup_of_after_needs_no_destroyed_key(
    settings: Settings, conn: psycopg.Connection[Any], elsewhere: Callable[[], Settings], tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    assert take_backup(settings, folder, quiet).added_objects == 4
    make_key(settings, conn, *SIGNED)
    reseal(settings, conn, quiet)
    assert take_backup(settings, folder, quiet).added_objects == 4, "packed anew, as it is sealed now"
    retire(settings, conn, "k0001", *SIGNED)
    taken = take_backup(settings, folder, quiet)
    assert taken.added_objects == 0
    place = elsewhere()
    restored = restore_backup(place, taken.path, quiet)
    assert (restored.added_objects, restored.lost_objects, restored.shut_rows) == (4, 0, 0)
    with connect(place) as there:
        assert opened(place, there)[0] == opened(settings, conn)[0]
