"""The folder of backups: files that appear in it whole or not at all, and the backups that it holds."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from connectors.backup.errors import BackupDamaged, BackupError, NoBackup, NoRoom
from connectors.backup.key import BackupKey
from connectors.backup.manifest import Manifest, StoredFile, read_manifest
from connectors.backup.stream import SealedReader, SealedWriter
from connectors.errors import FolderUnwritable
from connectors.home import file_lock, settle

MAKING = ".making-"
"""How the name of a file begins that is not whole yet; one that nobody makes any more is removed by the next backup."""

SPARE_BYTES = 100_000_000
"""What a disk should keep free beside what we put on it."""

Tell = Callable[[int, int], None]
"""Told how many of how many bytes are done."""


@contextmanager
def folder_for_writing(folder: Path) -> Iterator[None]:
    """The folder, made if need be, ours alone until the block ends, without what killed backups left. Raises: FolderUnwritable, FolderBusy."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise FolderUnwritable(str(folder), error.strerror or str(error)) from error
    with file_lock(folder / ".lock", 10):
        for left in folder.glob(f"{MAKING}*"):
            left.unlink()
        for dump in folder.glob("*.dump"):
            # A dump without its manifest, which is written after it, is no backup.
            if not dump.with_suffix(".backup").exists():
                dump.unlink()
        yield


def write_stored(path: Path, key: BackupKey, kind: bytes, fill: Callable[[SealedWriter], int | None]) -> StoredFile:
    """A sealed file, whole and on the disk, or not there. `fill` writes it and may give how many objects it holds."""
    making = path.with_name(MAKING + path.name)
    try:
        with os.fdopen(os.open(making, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
            writer = SealedWriter(file, key, kind)
            objects = fill(writer)
            writer.finish()
            file.flush()
            os.fsync(file.fileno())
        making.replace(path)
        settle(path.parent)
    finally:
        making.unlink(missing_ok=True)
    return StoredFile(path.name, writer.stream_id, writer.size, writer.sha256, objects or 0)


def open_stored(folder: Path, stored: StoredFile, key: BackupKey, kind: bytes) -> SealedReader:
    """A file that a manifest names. Raises: BackupDamaged if it is another one; BackupKeyDiffers."""
    reader = SealedReader(folder / stored.name, key, kind)
    if reader.stream_id != stored.stream_id:
        reader.close()
        raise BackupDamaged(str(folder / stored.name), "不是这份备份的文件", "it belongs to another backup")
    return reader


def find_backup(place: Path, key: BackupKey) -> tuple[Path, Manifest]:
    """The backup that a path names: its `.backup` file, or the newest whose manifest can be read in a folder.

    Raises: NoBackup; BackupDamaged or BackupKeyDiffers if it, or every one in the folder, cannot be read.
    """
    if not place.is_dir():
        if place.suffix != ".backup" or not place.exists():
            raise NoBackup(str(place))
        return place, read_manifest(place, key)
    readable, unreadable = backups_in(place, key)
    if readable:
        return readable[-1]
    if unreadable:
        raise unreadable[-1][1]
    raise NoBackup(str(place))


def backups_in(folder: Path, key: BackupKey) -> tuple[list[tuple[Path, Manifest]], list[tuple[Path, BackupError]]]:
    """The backups in a folder, the newest last, and those whose manifest cannot be read, with the reason."""
    readable, unreadable = [], []
    for path in sorted(folder.glob("*.backup")):
        if path.name.startswith(MAKING):
            continue
        try:
            readable.append((path, read_manifest(path, key)))
        except BackupError as error:
            unreadable.append((path, error))
    return sorted(readable, key=lambda found: found[1].taken_at), unreadable


def ask_for_room(folder: Path, needed: int) -> None:
    """Raises: NoRoom if the disk of that folder has not so many bytes left."""
    free = shutil.disk_usage(folder).free
    if free < needed + SPARE_BYTES:
        raise NoRoom(str(folder), (needed + SPARE_BYTES) // 1_000_000, free // 1_000_000)
