"""Seal keys change while nights run: a new one is made, what older ones sealed is sealed anew, and an old one is destroyed.

A night that began with the old keyring goes on sealing with it and opens what is sealed anew meanwhile, since a keyring looks for keys
that it does not know. So what is left over is counted whenever it matters, and a key is destroyed only when nothing in the database, the
archive and the staging areas is sealed with it, and nobody who could seal with it is alive. Each chunk of `reseal` stands by itself:
killed anywhere, the next one goes on from there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import psycopg

from connectors.archive import Archive
from connectors.errors import ArchiveError, KeyInUse, KeyringError, KeyUnknown, RoomBusy
from connectors.keys import SEAL, Keyring, destroy_seal_key, make_seal_key
from connectors.warehouse.backfill.staging import backfills_dir
from connectors.warehouse.events import Event, append_events
from connectors.warehouse.key_register import KEY_LOCK, key_number, lock_register, open_keyring
from connectors.warehouse.personal import seal_context

if TYPE_CHECKING:
    from connectors.settings import Settings

ROWS, FILES = 1_000, 100
"""Sealed anew at a time: a tenth of a second of work each, so that a kill loses little and nobody waits for long."""

ROOM_LOCK = "locked room"
"""Who seals anew or destroys a key is alone in it."""

Tell = Callable[[int, int], None]
"""Told how many of how many rows and files are done."""


@dataclass(frozen=True, slots=True)
class SealKey:
    """A seal key: whether its file is here, whether it seals now, when it was retired, and what is still sealed with it.

    `files` are those of the archive and of the staging areas of backfills; `is_held` says that somebody who is alive seals with it.
    """

    key_id: str
    fingerprint: str
    is_here: bool
    is_current: bool
    is_held: bool
    retired_at: datetime | None
    rows: int
    files: int


@dataclass(frozen=True, slots=True)
class Resealed:
    """What was sealed anew, what is still sealed with an older key, and what of that cannot be opened (its key gone, or damaged)."""

    rows: int
    files: int
    rows_left: int
    files_left: int
    unreadable: int


def read_keys(settings: Settings, conn: psycopg.Connection[Any]) -> list[SealKey]:
    """The seal keys that this database or this home knows, the oldest first."""
    keyring = open_keyring(conn, settings)
    rows, files = _sealed_rows(conn), _sealed_files(settings, keyring)
    known = conn.execute(
        "select name, fingerprint, retired_at, exists (select from pg_locks l where l.locktype = 'advisory'"
        "   and l.database = (select oid from pg_database where datname = current_database()) and l.classid = %s"
        "   and l.objid = substr(name, 7)::int and l.pid <> pg_backend_pid())"
        " from pii.key_fingerprint where name like 'seal-%%' order by name",
        (KEY_LOCK,),
    ).fetchall()
    return [
        SealKey(
            key_id := name.removeprefix(SEAL),
            fingerprint,
            (settings.keys_dir / f"{name}.key").exists(),
            key_id == keyring.current,
            is_held,
            retired_at,
            rows[key_id],
            files[key_id],
        )
        for name, fingerprint, retired_at, is_held in known
    ]


def make_key(settings: Settings, conn: psycopg.Connection[Any], author: str, reason: str) -> str:
    """Make the next seal key, which seals in all that begins from now on; gives its id. Raises: KeyringError, FolderUnwritable."""
    open_keyring(conn, settings)
    with conn.transaction():
        lock_register(conn)
        names = [row[0] for row in conn.execute("select name from pii.key_fingerprint where name like 'seal-%'")]
        names += [path.stem for path in settings.keys_dir.glob(f"{SEAL}*")]
        key_id = f"k{max(key_number(name.removeprefix(SEAL)) for name in names) + 1:04}"
        fingerprint = make_seal_key(settings, key_id)
        conn.execute(
            "insert into pii.key_fingerprint (name, fingerprint) values (%s, %s)", (f"{SEAL}{key_id}", fingerprint)
        )
        details = {"key": key_id, "fingerprint": fingerprint}
        append_events(conn, [Event("key_made", author, reason, details=details)])
    return key_id


def reseal(settings: Settings, conn: psycopg.Connection[Any], tell: Tell) -> Resealed:
    """Seal with the newest key whatever older ones sealed. Harmless beside nights, and when repeated.

    Raises: RoomBusy if another does it, KeyringError, FolderUnwritable.
    """
    keyring = open_keyring(conn, settings)
    with alone_in_room(conn):
        stale = {archive: _stale_files(archive, keyring) for archive in _archives(settings, keyring)}
        total = sum(_old(_sealed_rows(conn), keyring).values()) + sum(map(len, stale.values()))
        done = Counter[str]()

        def advance(what: str, by: int) -> None:
            done[what] += by
            tell(min(done.total(), total), total)

        for archive, names in stale.items():
            _reseal_files(archive, names, advance)
        _reseal_rows(conn, keyring, advance)
        rows, files = _old(_sealed_rows(conn), keyring), _old(_sealed_files(settings, keyring), keyring)
    return Resealed(done["rows"], done["files"], sum(rows.values()), sum(files.values()), done["unreadable"])


def retire(settings: Settings, conn: psycopg.Connection[Any], key_id: str, author: str, reason: str) -> None:
    """Destroy a seal key that nothing is sealed with. Killed half-way, it is ended by doing it again.

    Raises: KeyUnknown, KeyInUse, RoomBusy, KeyringError, FolderUnwritable.
    """
    keyring = open_keyring(conn, settings)
    name = f"{SEAL}{key_id}"
    with alone_in_room(conn):
        with conn.transaction():
            lock_register(conn)
            found = conn.execute(
                "select fingerprint, retired_at from pii.key_fingerprint where name = %s", (name,)
            ).fetchone()
            if found is None:
                raise KeyUnknown(key_id)
            fingerprint, retired_at = found
            if key_id == keyring.current:
                raise KeyInUse(
                    key_id, "它正用来加密；请先执行 warehouse keys new", "it seals now; make a new one first"
                )
            if retired_at is None:
                _ask_for_use(settings, conn, keyring, key_id)
                conn.execute("update pii.key_fingerprint set retired_at = now() where name = %s", (name,))
                details = {"key": key_id, "fingerprint": fingerprint}
                append_events(conn, [Event("key_retired", author, reason, details=details)])
        destroy_seal_key(settings, key_id, fingerprint)


@contextmanager
def alone_in_room(conn: psycopg.Connection[Any]) -> Iterator[None]:
    """Nobody else seals anew or destroys until the block ends. Raises: RoomBusy."""
    [(is_alone,)] = conn.execute("select pg_try_advisory_lock(hashtextextended(%s, 0))", (ROOM_LOCK,)).fetchall()
    if not is_alone:
        raise RoomBusy
    try:
        yield
    finally:
        if not conn.closed:
            conn.execute("select pg_advisory_unlock(hashtextextended(%s, 0))", (ROOM_LOCK,))


def _ask_for_use(settings: Settings, conn: psycopg.Connection[Any], keyring: Keyring, key_id: str) -> None:
    """Raises: KeyInUse. Until the transaction ends nobody can begin to seal with it: the register is ours."""
    [(is_free,)] = conn.execute("select pg_try_advisory_xact_lock(%s, %s)", (KEY_LOCK, key_number(key_id))).fetchall()
    if not is_free:
        raise KeyInUse(
            key_id,
            "有运行中的任务在它是最新密钥时开始，仍会用它加密；请等其结束",
            "a run that is alive began when it was the newest and still seals with it; wait until it ends",
        )
    rows, files = _sealed_rows(conn)[key_id], _sealed_files(settings, keyring)[key_id]
    if rows or files:
        raise KeyInUse(
            key_id,
            f"还有 {rows} 行个人信息、{files} 个存档文件用它加密；请先执行 warehouse keys reseal",
            f"{rows} personal rows and {files} archived files are sealed with it; seal them anew first (warehouse keys reseal)",
        )
    for archive in _archives(settings, keyring):
        # A power cut must not bring back names of files that only this key opens.
        archive.settle_all()


def _old(sealed: Counter[str], keyring: Keyring) -> Counter[str]:
    return Counter({key_id: count for key_id, count in sealed.items() if key_id != keyring.current})


def _sealed_rows(conn: psycopg.Connection[Any]) -> Counter[str]:
    return Counter(dict(conn.execute("select key_id, count(*) from pii.personal_row group by key_id").fetchall()))


def _sealed_files(settings: Settings, keyring: Keyring) -> Counter[str]:
    """How many files each key seals a part of."""
    found = Counter[str]()
    for archive in _archives(settings, keyring):
        for name in archive.names():
            found.update(_keys_of(archive, name))
    return found


def _keys_of(archive: Archive, name: str) -> frozenset[str]:
    try:
        return archive.sealed_with(name)
    except ArchiveError:
        # Of a staging area that was dropped meanwhile; or damaged, and then no key opens it.
        return frozenset()


def _archives(settings: Settings, keyring: Keyring) -> list[Archive]:
    """The archive, and the staging areas of backfills, which are sealed like it."""
    homes = [settings.home, *sorted(backfills_dir(settings).glob("staging-*"))]
    return [Archive(replace(settings, home=home), keyring) for home in homes]


def _stale_files(archive: Archive, keyring: Keyring) -> list[str]:
    return [name for name in archive.names() if _keys_of(archive, name) - {keyring.current}]


def _reseal_files(archive: Archive, names: list[str], advance: Callable[[str, int], None]) -> None:
    for first in range(0, len(names), FILES):
        for name in names[first : first + FILES]:
            try:
                archive.reseal(name)
            except ArchiveError:
                advance("unreadable", int(archive.path(name).exists()))
            else:
                advance("files", 1)
        archive.settle()


def _reseal_rows(conn: psycopg.Connection[Any], keyring: Keyring, advance: Callable[[str, int], None]) -> None:
    last = (0, 0)
    while True:
        with conn.transaction():
            rows = conn.execute(
                "select submission_id, row_number, form_id, unit_id, key_id, nonce, ciphertext from pii.personal_row"
                " where key_id <> %s and (submission_id, row_number) > (%s, %s) order by submission_id, row_number limit %s for update",
                (keyring.current, *last, ROWS),
            ).fetchall()
            if not rows:
                return
            last, sealed = (rows[-1][0], rows[-1][1]), []
            for submission_id, row_number, form_id, unit_id, key_id, nonce, ciphertext in rows:
                place = seal_context(form_id, unit_id, submission_id, row_number)
                try:
                    plain = keyring.decrypt(key_id, nonce, ciphertext, place)
                except KeyringError:
                    continue
                sealed.append((submission_id, row_number, *keyring.encrypt(plain, place)))
            if sealed:
                conn.execute(
                    "update pii.personal_row p set key_id = n.key_id, nonce = n.nonce, ciphertext = n.ciphertext"
                    " from unnest(%s::bigint[], %s::integer[], %s::text[], %s::bytea[], %s::bytea[])"
                    "   as n (submission_id, row_number, key_id, nonce, ciphertext)"
                    " where (p.submission_id, p.row_number) = (n.submission_id, n.row_number)",
                    [list(column) for column in zip(*sealed, strict=True)],
                )
        advance("rows", len(sealed))
        advance("unreadable", len(rows) - len(sealed))
