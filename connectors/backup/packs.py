"""Packs: the archived files that one backup adds to its folder, one behind the other, as the archive sealed them.

Of each file: its SHA-256 (32 bytes), its length (8 bytes), its bytes. An index beside each pack says which files it has, and which seal
key each begins with, so that the next backup need not read the pack: what the archive has sealed anew since is packed anew, or a
backup would need a key that is gone by then. A pack is a file, not thousands: what a night adds costs one flush to the disk.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from connectors.archive import sealing_key
from connectors.backup.errors import BackupDamaged, BackupError
from connectors.backup.folder import Tell, ask_for_room, open_stored, write_stored
from connectors.backup.key import BackupKey
from connectors.backup.manifest import SHA_BYTES, StoredFile
from connectors.backup.stream import PIECE_BYTES, SealedReader, SealedWriter

if TYPE_CHECKING:
    from connectors.archive import Archive

KIND, INDEX_KIND = b"P", b"I"
_SIZE = struct.Struct(">Q")


def known_packs(folder: Path, key: BackupKey) -> list[tuple[StoredFile, Mapping[str, str]]]:
    """The packs that are there, whole as far as their size tells, and by SHA-256 of the files in each the id of their seal key.

    One that is gone or cut short, or that another key sealed, is not among them: the next backup packs its files anew.
    """
    found = list[tuple[StoredFile, Mapping[str, str]]]()
    for path in sorted(folder.glob("*.index")):
        try:
            with SealedReader(path, key, INDEX_KIND) as reader:
                facts = json.loads(b"".join(iter(reader.read, b"")))
        except BackupError:
            continue
        pack = StoredFile(**facts["pack"])
        place = folder / pack.name
        if place.exists() and place.stat().st_size == pack.size:
            # An index of before keys could be retired does not say which; its files are packed once more.
            found.append((pack, facts["objects"] if isinstance(facts["objects"], dict) else {}))
    return found


def write_pack(folder: Path, name: str, key: BackupKey, archive: Archive, objects: list[str], tell: Tell) -> StoredFile:
    """Pack these files of the archive, each checked against its SHA-256 first, and then their index.

    Raises: ArchiveError if one is missing or damaged; nothing is left then.
    """
    total = sum(archive.size(sha256) for sha256 in objects)
    ask_for_room(folder, total)
    done = 0
    seal_keys: dict[str, str] = {}

    def fill(writer: SealedWriter) -> int:
        nonlocal done
        for sha256 in objects:
            archive.check(sha256)
            with archive.path(sha256).open("rb") as file:
                # Of the file that is open: another may take its name at any moment, sealed anew.
                size = os.fstat(file.fileno()).st_size
                writer.write(bytes.fromhex(sha256) + _SIZE.pack(size))
                part = file.read(PIECE_BYTES)
                seal_keys[sha256] = sealing_key(part)
                while part:
                    writer.write(part)
                    part = file.read(PIECE_BYTES)
            done += size
            tell(done, total)
        return len(objects)

    pack = write_stored(folder / f"{name}.pack", key, KIND, fill)
    text = json.dumps({"pack": asdict(pack), "objects": seal_keys}).encode()
    write_stored(folder / f"{name}.index", key, INDEX_KIND, lambda writer: writer.write(text))
    return pack


def packed_files(folder: Path, pack: StoredFile, key: BackupKey) -> Iterator[tuple[str, int, Iterator[bytes]]]:
    """The files of a pack: SHA-256, size and parts, which are to be taken before the next file. Raises: BackupDamaged."""
    with open_stored(folder, pack, key, KIND) as reader:
        for _ in range(pack.objects):
            sha256 = reader.exactly(SHA_BYTES).hex()
            [size] = _SIZE.unpack(reader.exactly(_SIZE.size))
            yield sha256, size, reader.parts(size)
        if reader.read() or reader.sha256 != pack.sha256:
            raise BackupDamaged(str(folder / pack.name), "与清单不符", "it is not what the manifest says")


def check_packs(folder: Path, packs: Iterable[StoredFile], needed: set[str], key: BackupKey, tell: Tell) -> None:
    """Read these packs to their ends and see that they hold every file that is needed. Raises: BackupDamaged."""
    listed = list(packs)
    total, done = sum(pack.size for pack in listed), 0
    missing = set(needed)
    for pack in listed:
        for sha256, _, parts in packed_files(folder, pack, key):
            missing.discard(sha256)
            for part in parts:
                done += len(part)
            tell(min(done, total), total)
    if missing:
        place = str(folder / listed[-1].name) if listed else str(folder)
        raise BackupDamaged(place, f"缺少 {len(missing)} 个存档文件", f"{len(missing)} archived files are missing")
