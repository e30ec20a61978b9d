"""Bringing a backup back: everything is read and asked first, then the archive is written, and the database last, in one transaction.

A restore that is killed leaves an archive with some more files and the database as it was; the next one goes on from there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from connectors.archive import Archive
from connectors.backup.errors import BackupTooNew, PersonalKeysDiffer, PlaceNotEmpty, RolesMissing
from connectors.backup.folder import Tell, ask_for_room, find_backup
from connectors.backup.key import BackupKey, backup_key
from connectors.backup.manifest import Manifest, State, program_version
from connectors.backup.packs import packed_files
from connectors.backup.reading import check_backup, dump_of
from connectors.errors import ArchiveError
from connectors.home import make_home, write_private
from connectors.keys import Keyring, fingerprint_in
from connectors.postgres import ensure_database
from connectors.postgres.dumping import load_pieces
from connectors.postgres.location import recorded_location
from connectors.replies.signing import KEY_FILE as RECEIPT_KEY_FILE
from connectors.replies.signing import PUBLIC_FILE, public_key_in
from connectors.settings import Settings, without_password
from connectors.warehouse.engine import connect, migrate
from connectors.warehouse.migrations import known_versions
from connectors.warehouse.rights import ensure_roles
from connectors.warehouse.roles import OUR_SCHEMAS


@dataclass(frozen=True, slots=True)
class Restored:
    """What was brought back, and how many archived files were not there already."""

    path: Path
    manifest: Manifest
    added_objects: int


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
    added = _fill_archive(settings, path.parent, manifest, needed, key, tell)
    load_pieces(ensure_database(settings), _told(dump_of(path.parent, manifest, key), manifest, tell), make_way)
    migrate(settings)
    with connect(settings) as conn:
        # Without it the next night would be planned as if every table were empty.
        conn.execute("analyze")
    return Restored(path, manifest, added)


def _ask_for_keys(settings: Settings, manifest: Manifest) -> None:
    """Raises: PersonalKeysDiffer unless every key that the backup's personal data and receipts need is here."""
    found = {name: fingerprint_in(settings.keys_dir / f"{name}.key") for name in manifest.keys}
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
    settings: Settings, folder: Path, manifest: Manifest, needed: set[str], key: BackupKey, tell: Tell
) -> int:
    """Write the archived files that are not there, or not whole; gives how many."""
    archive = Archive(settings, Keyring.load(settings))
    waiting, added, done = set(needed), 0, 0
    for pack in manifest.packs:
        for sha256, size, parts in packed_files(folder, pack, key):
            if sha256 in waiting and not _is_whole(archive, sha256):
                archive.put_sealed(sha256, parts)
                added += 1
            for _ in parts:
                pass  # What is not needed, or there already, is read past.
            waiting.discard(sha256)
            done += size
            tell(min(done, manifest.object_bytes), manifest.object_bytes)
    archive.settle()
    return added


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
