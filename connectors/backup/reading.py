"""Reading a backup to its end before anybody counts on it."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

from connectors.backup.errors import BackupDamaged
from connectors.backup.folder import Tell, open_stored
from connectors.backup.key import BackupKey
from connectors.backup.manifest import Manifest, read_needed
from connectors.backup.packs import check_packs
from connectors.backup.taking import DUMP_KIND


def check_backup(path: Path, key: BackupKey, tell: Tell) -> tuple[Manifest, set[str]]:
    """Read every byte of a backup; gives its manifest and the SHA-256 of the archived files that it needs, all of them there.

    Wants the backup key alone, not those of personal data. Raises: BackupDamaged, BackupKeyDiffers.
    """
    manifest, needed = read_needed(path, key)
    total = manifest.state.database_bytes
    done = 0
    for piece in dump_of(path.parent, manifest, key):
        done += len(piece)
        tell(min(done, total), total)
    check_packs(path.parent, manifest.packs, needed, key, tell)
    return manifest, needed


def dump_of(folder: Path, manifest: Manifest, key: BackupKey) -> Iterator[bytes]:
    """The SQL of a backup, piece by piece. Raises: BackupDamaged, at the latest after the last piece."""
    place = str(folder / manifest.dump.name)
    expand = zlib.decompressobj()
    with open_stored(folder, manifest.dump, key, DUMP_KIND) as reader:
        while part := reader.read():
            if piece := expand.decompress(part):
                yield piece
        if not expand.eof or reader.sha256 != manifest.dump.sha256:
            raise BackupDamaged(place, "与清单不符", "it is not what the manifest says")
