"""What a backup says of itself: read from the same moment of the database as its dump."""

from __future__ import annotations

import importlib.metadata
import json
import struct
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from connectors.backup.errors import BackupDamaged
from connectors.backup.key import BackupKey
from connectors.backup.stream import SealedReader, SealedWriter

KIND = b"B"
SHA_BYTES = 32
_LENGTH = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of the folder: its name, the id of its stream, its size and the SHA-256 of its bytes; of a pack, how many files are in it."""

    name: str
    stream_id: str
    size: int
    sha256: str
    objects: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """The state of the database that was backed up. `counts` are rows by `schema.table`; the event is the last of the chain."""

    schema_version: str
    server_version: int
    database_bytes: int
    event_id: int
    event_hash: str
    release_id: int | None
    schemas: list[str]
    roles: list[str]
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class Manifest:
    """One backup. `keys` are the fingerprints of the keys that its personal data are sealed with, `receipt_key` the public half."""

    backup_id: str
    taken_at: str
    program_version: str
    state: State
    objects: int
    object_bytes: int
    dump: StoredFile
    packs: list[StoredFile]
    keys: dict[str, str]
    receipt_key: str | None

    def write(self, writer: SealedWriter, needed: list[str]) -> None:
        """Write it, and after it the SHA-256 of every archived file that it needs."""
        text = json.dumps({"format": 1, **asdict(self)}, ensure_ascii=False).encode()
        writer.write(_LENGTH.pack(len(text)) + text + b"".join(map(bytes.fromhex, needed)))

    def to_dict(self) -> dict[str, Any]:
        """Its facts, JSON-able."""
        return asdict(self)


def read_manifest(path: Path, key: BackupKey) -> Manifest:
    """What a `.backup` file says, without reading what it needs. Raises: BackupDamaged, BackupKeyDiffers."""
    with SealedReader(path, key, KIND) as reader:
        return _manifest(reader, path)


def read_needed(path: Path, key: BackupKey) -> tuple[Manifest, set[str]]:
    """What a `.backup` file says, and the SHA-256 of every archived file that it needs. Raises: as `read_manifest`."""
    with SealedReader(path, key, KIND) as reader:
        manifest = _manifest(reader, path)
        needed = {reader.exactly(SHA_BYTES).hex() for _ in range(manifest.objects)}
        if reader.read():
            raise BackupDamaged(str(path), "内容有多余", "it holds more than it says")
    return manifest, needed


def program_version() -> str:
    """The version of this program."""
    return importlib.metadata.version("union-warehouse")


def read_state(conn: psycopg.Connection[Any]) -> State:
    """The state of the database as `conn` sees it."""
    tables = conn.execute(
        "select n.nspname::text, c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where c.relkind = 'r' and n.nspname <> 'information_schema' and n.nspname not like 'pg\\_%' order by 1, 2"
    ).fetchall()
    counts = {f"{schema}.{table}": _count(conn, schema, table) for schema, table in tables}
    schemas = conn.execute(
        "select nspname::text from pg_namespace where nspname not in ('information_schema', 'public')"
        " and nspname not like 'pg\\_%' order by 1"
    ).fetchall()
    roles = conn.execute(
        "select distinct r.rolname::text from pg_class c, aclexplode(c.relacl) a join pg_roles r on r.oid = a.grantee"
        " where a.grantee <> c.relowner and r.rolname not like 'pg\\_%'"
        " union select r.rolname from pg_namespace n, aclexplode(n.nspacl) a join pg_roles r on r.oid = a.grantee"
        " where a.grantee <> n.nspowner and r.rolname not like 'pg\\_%' order by 1"
    ).fetchall()
    [(schema_version,)] = conn.execute("select version_num from ops.schema_version").fetchall()
    [(size, release_id)] = conn.execute(
        "select pg_database_size(current_database()), (select max(release_id) from bi.release)"
    ).fetchall()
    [(event_id, event_hash)] = conn.execute("select event_id, hash from ops.event_head").fetchall()
    return State(
        schema_version,
        conn.info.server_version,
        size,
        event_id,
        event_hash,
        release_id,
        [row[0] for row in schemas],
        [row[0] for row in roles],
        counts,
    )


def _count(conn: psycopg.Connection[Any], schema: str, table: str) -> int:
    [(count,)] = conn.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(schema, table))).fetchall()
    return int(count)


def _manifest(reader: SealedReader, path: Path) -> Manifest:
    facts = json.loads(reader.exactly(_LENGTH.unpack(reader.exactly(_LENGTH.size))[0]))
    if facts.pop("format") != 1 or facts["backup_id"] != path.stem:
        raise BackupDamaged(str(path), "文件已改名，或格式未知", "it was renamed, or its format is unknown")
    return Manifest(
        **facts
        | {
            "state": State(**facts["state"]),
            "dump": StoredFile(**facts["dump"]),
            "packs": [StoredFile(**pack) for pack in facts["packs"]],
        }
    )
