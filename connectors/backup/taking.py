"""Taking a backup while everybody goes on working.

The database comes first, from one moment; then the archived files that its deliveries name. Bytes are archived before their
delivery is written down, so whatever that moment knows of is there. The manifest is written last: without it there is no backup.
"""

from __future__ import annotations

import secrets
import zlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.archive import Archive
from connectors.backup.folder import Tell, ask_for_room, folder_for_writing, write_stored
from connectors.backup.key import BackupKey, backup_key
from connectors.backup.manifest import KIND as MANIFEST_KIND
from connectors.backup.manifest import Manifest, State, StoredFile, program_version, read_state
from connectors.backup.packs import known_packs, write_pack
from connectors.backup.stream import SealedWriter
from connectors.errors import KeyringError
from connectors.keys import Keyring
from connectors.postgres import ensure_database
from connectors.postgres.dumping import opened_dump, patiently
from connectors.replies.signing import public_key_of
from connectors.settings import Settings
from connectors.warehouse.engine import TIMEZONE
from connectors.warehouse.lost_files import read_lost

DUMP_KIND = b"D"
COMPRESSION = 1
"""zlib's fastest: rows of text shrink to a fifth, and the dump, which dbt may wait for, is not slowed down."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A backup, and what of it is new in its folder."""

    path: Path
    manifest: Manifest
    added_bytes: int
    added_objects: int


@dataclass(frozen=True, slots=True)
class _Dumped:
    file: StoredFile
    state: State
    needed: list[str]


def take_backup(settings: Settings, folder: Path, tell: Tell) -> Taken:
    """Back up database and archive into the folder. Killed at any moment, it leaves no backup that looks whole.

    Raises: FolderUnwritable, FolderBusy, NoRoom, DatabaseError, ArchiveError, KeyringError.
    """
    with folder_for_writing(folder):
        key = backup_key(settings, may_make=not any(folder.glob("*.backup")))
        if not key.secret:
            why_zh, why_en = (
                "该文件夹中已有用它加密的备份，而现在文件不存在",
                "backups here are sealed with it, and the file is gone",
            )
            raise KeyringError(key.path, why_zh, why_en)
        keyring = Keyring.load(settings)
        now = datetime.now(ZoneInfo(TIMEZONE))
        name = f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        archive = Archive(settings, keyring)
        dumped = _dump(settings, archive, folder / f"{name}.dump", key, tell)
        packs, added = _pack(folder, name, key, archive, dumped.needed, tell)
        public = public_key_of(settings)
        manifest = Manifest(
            name,
            now.isoformat(timespec="seconds"),
            program_version(),
            dumped.state,
            len(dumped.needed),
            sum(archive.size(sha256) for sha256 in dumped.needed),
            dumped.file,
            packs,
            keyring.fingerprints,
            public.to_pem() if public else None,
        )
        path = folder / f"{name}.backup"
        stored = write_stored(path, key, MANIFEST_KIND, lambda writer: manifest.write(writer, dumped.needed))
    added_bytes = dumped.file.size + stored.size + (added.size if added else 0)
    return Taken(path, manifest, added_bytes, added.objects if added else 0)


def _dump(settings: Settings, archive: Archive, path: Path, key: BackupKey, tell: Tell) -> _Dumped:
    url = ensure_database(settings)
    with patiently(lambda: opened_dump(url)) as dump:
        state = read_state(dump.conn)
        lost = read_lost(dump.conn)
        named = [row[0] for row in dump.conn.execute("select distinct sha256 from archive.delivery order by 1")]
        # What was lost with its key may have come again since.
        needed = [sha256 for sha256 in named if sha256 not in lost or archive.path(sha256).exists()]
        ask_for_room(path.parent, state.database_bytes)

        def fill(writer: SealedWriter) -> None:
            compress, done = zlib.compressobj(COMPRESSION), 0
            for piece in dump.pieces:
                writer.write(compress.compress(piece))
                done += len(piece)
                tell(min(done, state.database_bytes), state.database_bytes)
            writer.write(compress.flush())

        stored = write_stored(path, key, DUMP_KIND, fill)
    return _Dumped(stored, state, needed)


def _pack(
    folder: Path, name: str, key: BackupKey, archive: Archive, needed: list[str], tell: Tell
) -> tuple[list[StoredFile], StoredFile | None]:
    """The packs that the backup counts on, and the one that was added for what no other has."""
    packs, missing = [], set(needed)
    sealed = {sha256: archive.sealed_with(sha256) for sha256 in needed}
    for pack, seal_keys in known_packs(folder, key):
        held = {sha256 for sha256 in missing if sealed[sha256] == {seal_keys.get(sha256)}}
        if held:
            packs.append(pack)
            missing -= held
    if not missing:
        return packs, None
    added = write_pack(folder, name, key, archive, sorted(missing), tell)
    return [*packs, added], added
