"""Bringing a backup back: everything is read and asked first, then the archive is written, and the database last, in one transaction.

A restore that is killed leaves an archive with some more files and the database as it was; the next one goes on from there.

What was sealed with a key that has been retired since cannot be opened by anybody. Everything else is brought back: such files stay
out of the archive (`archive.lost_file`), and such rows of the locked room stay shut.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from connectors.archive import Archive, sealing_key
from connectors.backup.errors import BackupTooNew, PersonalKeysDiffer, PlaceNotEmpty, RolesMissing
from connectors.backup.folder import Tell, ask_for_room, find_backup
from connectors.backup.key import BackupKey, backup_key
from connectors.backup.manifest import Manifest, State, program_version
from connectors.backup.packs import packed_files
from connectors.backup.reading import check_backup, dump_of
from connectors.errors import ArchiveError
from connectors.home import make_home, write_private
from connectors.keys import SEAL, Keyring, fingerprint_in, retired_keys
from connectors.postgres import ensure_database
from connectors.postgres.dumping import load_pieces
from connectors.postgres.location import recorded_location
from connectors.replies.signing import KEY_FILE as RECEIPT_KEY_FILE
from connectors.replies.signing import PUBLIC_FILE, public_key_in
from connectors.settings import Settings, without_password
from connectors.warehouse.engine import connect, migrate
from connectors.warehouse.lost_files import write_lost
from connectors.warehouse.migrations import known_versions
from connectors.warehouse.rights import ensure_roles
from connectors.warehouse.roles import OUR_SCHEMAS


@dataclass(frozen=True, slots=True)
class Restored:
    """What was brought back, how many archived files were not there already, and what no key opens any more: files, personal rows."""

    path: Path
    manifest: Manifest
    added_objects: int
    lost_objects: int
    shut_rows: int


def restore_backup(settings: Settings, place: Path, tell: Tell, *, may_replace: bool = False) -> Restored:
    """Bring the backup at `place` (see `find_backup`) into the home and the database of these settings.

    Whatever is wrong is said before anything is written. Raises: BackupError, NoBackup, PlaceNotEmpty, DatabaseError, KeyringError.
    """
    key = backup_key(settings)
    path, manifest = find_backup(place, key)
    _ask_for_keys(settings, manifest)
    if manifest.state.schema_version not in known_versions():
        raise BackupTooNew("程序", "program", manifest.program_version, program_version())
    # A home without a server is empty; it gets one only when the backup is known to be good.
    if settings.url or recorded_location(settings) is not None:
        _ask_the_database(settings, manifest.state, may_replace=may_replace)
    manifest, needed = check_backup(path, key, tell)
    make_home(settings)
    ask_for_room(settings.home, manifest.object_bytes + (0 if settings.url else 2 * manifest.state.database_bytes))
    make_way = _ask_the_database(settings, manifest.state, may_replace=may_replace)
    _record_keys(settings, manifest)
    keyring = Keyring.load(settings)
    archive = Archive(settings, keyring)
    added, lost = _fill_archive(archive, keyring, path.parent, manifest, needed, key, tell)
    load_pieces(ensure_database(settings), _told(dump_of(path.parent, manifest, key), manifest, tell), make_way)
    migrate(settings)
    with connect(settings) as conn:
        # Without it the next night would be planned as if every table were empty.
        conn.execute("analyze")
        write_lost(conn, lost)
        [(shut,)] = conn.execute(
            "select count(*) from pii.personal_row where key_id = any(%s)", (list(keyring.retired),)
        ).fetchall()
    return Restored(path, manifest, added, len(lost), shut)


def _ask_for_keys(settings: Settings, manifest: Manifest) -> None:
    """Raises: PersonalKeysDiffer unless every key that the backup's personal data and receipts need is here, or known to be destroyed."""
    retired = {f"{SEAL}{key_id}": fingerprint for key_id, fingerprint in retired_keys(settings.keys_dir).items()}
    found = {name: retired.get(name) or fingerprint_in(settings.keys_dir / f"{name}.key") for name in manifest.keys}
    missing = [name for name, fingerprint in found.items() if fingerprint is None]
    wrong = [name for name, fingerprint in found.items() if fingerprint not in (None, manifest.keys[name])]
    files = [f"{name}.key" for name in manifest.keys]
    if manifest.receipt_key is not None:
        files.append(RECEIPT_KEY_FILE)
        public = public_key_in(settings.keys_dir / RECEIPT_KEY_FILE)
        if public is None:
            missing.append("receipt")
        elif public != manifest.receipt_key:
            wrong.append("receipt")
    if missing or wrong:
        needed = [
            *(f"{name}.key ({fingerprint})" for name, fingerprint in manifest.keys.items()),
            *files[len(manifest.keys) :],
        ]
        raise PersonalKeysDiffer(
            str(settings.keys_dir),
            ", ".join(f"{name}.key" for name in missing) or "-",
            ", ".join(f"{name}.key" for name in wrong) or "-",
            ", ".join(needed),
        )


def _record_keys(settings: Settings, manifest: Manifest) -> None:
    """Let the home know the keys before the keyring is loaded, which would make new ones in a home that knows none."""
    write_private(settings.home / "keyring.json", json.dumps(manifest.keys, indent=1))
    if manifest.receipt_key is not None:
        write_private(settings.home / PUBLIC_FILE, manifest.receipt_key)


def _ask_the_database(settings: Settings, state: State, *, may_replace: bool) -> str:
    """SQL that makes way for the dump. Raises: PlaceNotEmpty, BackupTooNew, RolesMissing."""
    target = without_password(ensure_database(settings))
    with connect(settings) as conn:
        here, there = conn.info.server_version // 10_000, state.server_version // 10_000
        if here < there:
            raise BackupTooNew("数据库", "Postgres", str(there), str(here))
        # A dump grants rights to our own roles, which a new server does not have; it is told below where we may not make them.
        with suppress(psycopg.errors.InsufficientPrivilege), conn.transaction():
            ensure_roles(conn)
        known = {row[0] for row in conn.execute("select rolname::text from pg_roles")}
        if absent := sorted(set(state.roles) - known):
            raise RolesMissing(", ".join(absent), target)
        if not _is_a_warehouse(conn):
            # Somebody else's schemas of the same names are none of ours to drop: the dump stumbles over them and takes nothing along.
            return ""
        deliveries = _deliveries(conn)
        if deliveries and not may_replace:
            raise PlaceNotEmpty(target, deliveries)
        schemas = sorted({*OUR_SCHEMAS, *state.schemas})
        drops = [sql.SQL("drop schema if exists {} cascade;").format(sql.Identifier(name)) for name in schemas]
        return "set client_min_messages = error;\n" + sql.SQL("\n").join(drops).as_string(conn)


def _is_a_warehouse(conn: psycopg.Connection[Any]) -> bool:
    [(is_one,)] = conn.execute(
        "select to_regclass('ops.schema_version') is not null and to_regclass('archive.delivery') is not null"
    ).fetchall()
    return bool(is_one)


def _deliveries(conn: psycopg.Connection[Any]) -> int:
    [(count,)] = conn.execute("select count(*) from archive.delivery").fetchall()
    return int(count)


def _fill_archive(
    archive: Archive, keyring: Keyring, folder: Path, manifest: Manifest, needed: set[str], key: BackupKey, tell: Tell
) -> tuple[int, set[str]]:
    """Write the archived files that are not there, or not whole; gives how many, and those that no key opens any more."""
    waiting, added, done = set(needed), 0, 0
    for pack in manifest.packs:
        for sha256, size, parts in packed_files(folder, pack, key):
            if sha256 in waiting:
                beginning = next(parts)
                if _is_whole(archive, sha256):
                    waiting.discard(sha256)
                elif sealing_key(beginning) not in keyring.retired:
                    archive.put_sealed(sha256, chain([beginning], parts))
                    added += 1
                    waiting.discard(sha256)
            for _ in parts:
                pass  # What is not needed, or there already, is read past.
            done += size
            tell(min(done, manifest.object_bytes), manifest.object_bytes)
    archive.settle()
    return added, waiting


def _is_whole(archive: Archive, sha256: str) -> bool:
    try:
        archive.check(sha256)
    except ArchiveError:
        return False
    return True


def _told(pieces: Iterator[bytes], manifest: Manifest, tell: Tell) -> Iterator[bytes]:
    done, total = 0, manifest.state.database_bytes
    for piece in pieces:
        yield piece
        done += len(piece)
        tell(min(done, total), total)
