"""Backups of a small warehouse: sealed, whole or not there, and refused as a whole when one byte of them is not theirs."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import signal
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from connectors.backup.errors import BackupError, NoBackup, NoRoom, PersonalKeysDiffer, PlaceNotEmpty
from connectors.backup.folder import backups_in
from connectors.backup.key import backup_key
from connectors.backup.manifest import Manifest
from connectors.backup.reading import check_backup
from connectors.backup.restoring import restore_backup
from connectors.backup.stream import HEAD_BYTES
from connectors.backup.taking import Taken, take_backup
from connectors.errors import ArchiveError, DatabaseError, KeyringError
from connectors.keys import Keyring
from connectors.settings import Settings
from connectors.warehouse.engine import connect
from tests.canonical import canonical_dump
from tests.conftest import settings_in
from tests.connectors.warehouse.desk import REGISTER, relief_book, take_books
from tests.night import inbox

SECRETS = ("token.key", "seal-k0001.key", "backup.key")


def quiet(done: int, total: int) -> None:
    assert 0 <= done <= total


@pytest.fixture
def filled(settings: Settings) -> Settings:
    with connect(settings) as conn:
        take_books(settings, conn, REGISTER)
        take_books(settings, conn, relief_book())
    return settings


@pytest.fixture
def elsewhere(filled: Settings, empty_database: str, tmp_path: Path) -> Callable[[], Settings]:
    """Makes a home with the same keys, over an empty database."""

    def make() -> Settings:
        place = settings_in(tmp_path / "elsewhere", empty_database)
        place.home.mkdir(exist_ok=True)
        shutil.copytree(filled.keys_dir, place.keys_dir)
        return place

    return make


def dump_of(settings: Settings) -> dict[str, list[str]]:
    with connect(settings) as conn:
        return canonical_dump(conn)


def is_untouched(settings: Settings) -> bool:
    """Whether there is nothing in its database, and no archive in its home."""
    assert settings.url
    with closing(psycopg.connect(settings.url)) as conn:
        found = conn.execute("select to_regnamespace('ops')").fetchone()
    return found == (None,) and not settings.archive_dir.exists()


def test_what_is_restored_is_what_was_backed_up(
    filled: Settings, elsewhere: Callable[[], Settings], tmp_path: Path
) -> None:
    taken = take_backup(filled, tmp_path / "backups", quiet)
    place = elsewhere()
    assert restore_backup(place, tmp_path / "backups", quiet).added_objects == taken.manifest.objects == 2
    assert dump_of(place) == dump_of(filled)
    kept = {path.name: path.read_bytes() for path in filled.archive_dir.rglob("*") if path.is_file()}
    assert {path.name: path.read_bytes() for path in place.archive_dir.rglob("*") if path.is_file()} == kept
    assert Keyring.load(place).fingerprints == Keyring.load(filled).fingerprints == taken.manifest.keys
    with pytest.raises(PlaceNotEmpty):
        restore_backup(place, taken.path, quiet)
    # What comes after goes on where the original stood.
    with connect(place) as conn:
        last = conn.execute("select max(delivery_id) from archive.delivery").fetchall()[0][0]
        assert take_books(place, conn, relief_book(unit_id="A0102")) == [last + 1]
    assert restore_backup(place, taken.path, quiet, may_replace=True).added_objects == 0
    assert dump_of(place) == dump_of(filled)


def test_an_archived_file_is_kept_once_over_many_backups_and_packed_anew_when_its_pack_is_gone(
    filled: Settings, elsewhere: Callable[[], Settings], tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    added = [take_backup(filled, folder, quiet).added_objects]
    added.append(take_backup(filled, folder, quiet).added_objects)
    with connect(filled) as conn:
        take_books(filled, conn, relief_book(unit_id="A0102"))
    added.append(take_backup(filled, folder, quiet).added_objects)
    assert added == [2, 0, 1]
    next(folder.glob("*.pack")).unlink()
    last = take_backup(filled, folder, quiet)
    assert last.added_objects in (1, 2)
    assert restore_backup(elsewhere(), last.path, quiet).added_objects == 3


def test_no_key_and_nothing_of_a_person_is_in_any_byte_of_a_backup(filled: Settings, tmp_path: Path) -> None:
    take_backup(filled, tmp_path / "backups", quiet)
    keys = [bytes.fromhex((filled.keys_dir / name).read_text()) for name in SECRETS]
    searched = [*keys, *(key.hex().encode() for key in keys), inbox.PERSON.encode(), inbox.WORKER_NAME.encode()]
    searched += [b"A0101", b"archive.delivery", "样例一厂".encode(), REGISTER[:40]]
    for path in (tmp_path / "backups").iterdir():
        data = path.read_bytes()
        assert [words for words in searched if words in data] == [], path.name


def test_a_flipped_byte_anywhere_or_a_cut_is_refused_before_anything_is_written(
    filled: Settings, elsewhere: Callable[[], Settings], tmp_path: Path
) -> None:
    taken, place, chance = take_backup(filled, tmp_path / "backups", quiet), elsewhere(), random.Random(5)
    files = [taken.path.with_suffix(suffix) for suffix in (".backup", ".dump", ".pack")]
    key = backup_key(place)
    for number in range(90):
        path = files[number % 3]
        whole = path.read_bytes()
        at = number // 3 if number < 30 else chance.randrange(len(whole))
        damaged = (
            whole[:at] if number % 5 == 0 else whole[:at] + bytes([whole[at] ^ (1 << number % 8)]) + whole[at + 1 :]
        )
        path.write_bytes(damaged)
        with pytest.raises(BackupError):
            check_backup(taken.path, key, quiet)
        if number % 10 == 0:
            with pytest.raises(BackupError):
                restore_backup(place, taken.path, quiet)
        path.write_bytes(whole)
    for path in files:
        whole = path.read_bytes()
        # The byte that says that the piece is the last: 3 is as true as 1.
        mark = HEAD_BYTES + 4
        path.write_bytes(whole[:mark] + bytes([whole[mark] ^ 2]) + whole[mark + 1 :])
        with pytest.raises(BackupError):
            check_backup(taken.path, key, quiet)
        path.write_bytes(whole + b"x")
        with pytest.raises(BackupError):
            check_backup(taken.path, key, quiet)
        path.write_bytes(whole)
    # Each file is genuine, but of two different backups.
    other = take_backup(filled, tmp_path / "others", quiet)
    shutil.copy(other.path.with_suffix(".dump"), files[1])
    with pytest.raises(BackupError):
        restore_backup(place, taken.path, quiet)
    assert is_untouched(place)


def test_without_the_keys_of_that_time_nothing_is_written(
    filled: Settings, elsewhere: Callable[[], Settings], tmp_path: Path
) -> None:
    take_backup(filled, tmp_path / "backups", quiet)
    place = elsewhere()
    for name in SECRETS:
        path = place.keys_dir / name
        key = path.read_text()
        for other in (None, "ab" * 32):
            path.unlink() if other is None else path.write_text(other)
            with pytest.raises(BackupError) as refusal:
                restore_backup(place, tmp_path / "backups", quiet)
            path.write_text(key)
            path.chmod(0o600)
            assert isinstance(refusal.value, PersonalKeysDiffer) == (name != "backup.key")
            assert name in refusal.value.sentence()
    assert is_untouched(place)


def test_a_lost_backup_key_is_not_replaced_by_another(filled: Settings, tmp_path: Path) -> None:
    take_backup(filled, tmp_path / "backups", quiet)
    (filled.keys_dir / "backup.key").unlink()
    with pytest.raises(KeyringError):
        take_backup(filled, tmp_path / "backups", quiet)


def test_what_commits_while_a_backup_is_made_is_wholly_in_it_or_wholly_not(
    filled: Settings, elsewhere: Callable[[], Settings], tmp_path: Path
) -> None:
    before, loaded = dump_of(filled), []

    def load_meanwhile(done: int, total: int) -> None:
        if not loaded:
            with connect(filled) as conn:
                loaded.extend(take_books(filled, conn, relief_book(unit_id="A0102")))

    take_backup(filled, tmp_path / "backups", load_meanwhile)
    place = elsewhere()
    restore_backup(place, tmp_path / "backups", quiet)
    assert loaded
    assert dump_of(place) == before != dump_of(filled)


def test_a_backup_does_not_take_in_damaged_bytes_of_the_archive(filled: Settings, tmp_path: Path) -> None:
    path = next(p for p in filled.archive_dir.rglob("*") if p.is_file())
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(ArchiveError):
        take_backup(filled, tmp_path / "backups", quiet)
    assert backups_in(tmp_path / "backups", backup_key(filled)) == ([], [])


def test_too_little_room_is_said_before_anything_is_written(
    filled: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.backup.folder.SPARE_BYTES", 10**18)
    with pytest.raises(NoRoom):
        take_backup(filled, tmp_path / "backups", quiet)
    assert [p.suffix for p in (tmp_path / "backups").iterdir() if p.name != ".lock"] == []


def test_a_foreign_database_with_schemas_of_our_names_is_left_as_it_is(
    filled: Settings, elsewhere: Callable[[], Settings], tmp_path: Path
) -> None:
    take_backup(filled, tmp_path / "backups", quiet)
    place = elsewhere()
    assert place.url
    with closing(psycopg.connect(place.url, autocommit=True)) as conn:
        conn.execute("create schema marts; create table marts.theirs as select 1 as a")
        with pytest.raises(DatabaseError):
            restore_backup(place, tmp_path / "backups", quiet)
        assert conn.execute("select to_regnamespace('ops'), (select a from marts.theirs)").fetchone() == (None, 1)


STEPS = ("begun", "dump", "pack", "index", "manifest", "backup")
"""In the first piece of the dump, in the manifest, and after each file of the backup has got its name."""


def _back_up_and_die(settings: Settings, folder: Path, step: str) -> None:
    from connectors.backup import folder as folder_module

    settle = folder_module.settle

    def die_or_not(done: int, total: int) -> None:
        if step == "begun":
            os.kill(os.getpid(), signal.SIGKILL)

    def settle_and_die(place: Path) -> None:
        settle(place)
        if any(place.glob(f"*.{step}")):
            os.kill(os.getpid(), signal.SIGKILL)

    folder_module.settle = settle_and_die
    if step == "manifest":
        Manifest.write = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[method-assign]
    take_backup(settings, folder, die_or_not)


def test_a_backup_that_is_killed_leaves_none_that_looks_whole_and_the_next_clears_away(
    filled: Settings, elsewhere: Callable[[], Settings], tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    for step in STEPS:
        assert _killed(_back_up_and_die, filled, folder, step)
        whole, damaged = backups_in(folder, backup_key(filled))
        assert (len(whole), damaged) == (1 if step == "backup" else 0, []), step
    for path, _ in whole:
        check_backup(path, backup_key(filled), quiet)
        path.unlink()
    with pytest.raises(NoBackup):
        restore_backup(elsewhere(), folder, quiet)
    taken = take_backup(filled, folder, quiet)
    assert [p.name for p in folder.iterdir() if p.name.startswith(".making")] == []
    assert [p.name for p in folder.glob("*.dump")] == [f"{taken.path.stem}.dump"]
    check_backup(taken.path, backup_key(filled), quiet)


def _restore_and_die(settings: Settings, folder: Path, step: str) -> None:
    from connectors.archive import Archive
    from connectors.backup import restoring

    put, load = Archive.put_sealed, restoring.load_pieces

    def put_and_die(self: Archive, sha256: str, parts: object) -> None:
        put(self, sha256, parts)  # type: ignore[arg-type]
        os.kill(os.getpid(), signal.SIGKILL)

    def load_half(url: str, pieces: object, before: str = "") -> None:
        data = b"".join(pieces)  # type: ignore[arg-type]

        def half() -> object:
            yield data[: len(data) // 2]
            os.kill(os.getpid(), signal.SIGKILL)

        load(url, half(), before)  # type: ignore[arg-type]

    if step == "archive":
        Archive.put_sealed = put_and_die  # type: ignore[method-assign]
    else:
        restoring.load_pieces = load_half  # type: ignore[assignment]
    restore_backup(settings, folder, quiet)


def test_a_restore_that_is_killed_has_no_database_and_the_next_one_ends_it(
    filled: Settings, elsewhere: Callable[[], Settings], tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    take_backup(filled, folder, quiet)
    place = elsewhere()
    for step in ("archive", "database"):
        assert _killed(_restore_and_die, place, folder, step)
        assert place.url
        with closing(psycopg.connect(place.url)) as conn:
            assert conn.execute("select to_regnamespace('ops')").fetchone() == (None,)
    restore_backup(place, folder, quiet)
    assert dump_of(place) == dump_of(filled)


def _killed(work: Callable[[Settings, Path, str], None], settings: Settings, folder: Path, step: str) -> bool:
    process = multiprocessing.get_context("fork").Process(target=work, args=(settings, folder, step))
    process.start()
    process.join()
    return process.exitcode == -signal.SIGKILL


def test_a_newer_backup_is_refused(
    filled: Settings, elsewhere: Callable[[], Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: Taken = take_backup(filled, tmp_path / "backups", quiet)
    place = elsewhere()
    monkeypatch.setattr("connectors.backup.restoring.known_versions", lambda: frozenset({"0001"}))
    with pytest.raises(BackupError, match="newer program"):
        restore_backup(place, taken.path, quiet)
    assert is_untouched(place)
