"""A folder as a source: what lies in it, and bytes copied out of it that nobody changed meanwhile."""

from __future__ import annotations

import logging
import os
import stat
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import fsspec

from connectors.archive import PIECE_BYTES, Archive
from connectors.errors import SourceUnreachable
from connectors.sources.source import Copied, Listing, ObjectChangedError, SourceObject
from connectors.workbooks.stray import is_stray

log = logging.getLogger(__name__)

YOUNG_SECONDS = 2.0
"""A file changed so lately may still be being written."""


@dataclass(frozen=True, slots=True)
class FolderSource:
    """A local folder with all its subfolders."""

    source_id: str
    folder: Path

    def list(self) -> Listing:
        """What lies in the folder now, by name. Lock files, temporary and hidden files are no deliveries.

        Raises: SourceUnreachable if the folder cannot be read.
        """
        if not self.folder.is_dir():
            raise SourceUnreachable(self.source_id, str(self.folder), "没有这个文件夹", "there is no such folder")
        files = fsspec.filesystem("file")
        broken: list[OSError] = []
        found: dict[str, dict[str, Any]] = files.find(str(self.folder), detail=True, on_error=broken.append)
        objects: list[SourceObject] = []
        skipped = len(broken)
        for path, info in found.items():
            relative = PurePosixPath(path).relative_to(PurePosixPath(str(self.folder)))
            if is_stray(relative):
                continue
            if info["type"] != "file" or info["islink"]:
                # A pipe would wait for ever, a link may lead anywhere, a device is no file.
                log.warning(
                    "source %s: %s is not a regular file and is never opened", self.source_id, _shown(str(relative))
                )
                skipped += 1
                continue
            objects.append(SourceObject(_shown(str(relative)), path, info["size"], round(info["mtime"] * 1e9)))
        for error in broken:
            log.warning("source %s: a subfolder cannot be read (%s)", self.source_id, error.strerror)
        return Listing(objects, skipped)

    def young(self, objects: Sequence[SourceObject]) -> Sequence[SourceObject]:
        """Those that were changed just now, by this machine's clock."""
        border = time.time_ns() - int(YOUNG_SECONDS * 1e9)
        return [found for found in objects if found.modified_ns >= border]

    def probe(self) -> int:
        """How many files there are."""
        return len(self.list().objects)

    def close(self) -> None:
        """Nothing is held open."""

    def is_unchanged(self, found: SourceObject) -> bool:
        """Whether the object still has the size and time that it was listed with."""
        try:
            now = os.lstat(found.location)
        except OSError:
            return False
        return _is_same(found, now)

    def copy(self, found: SourceObject, archive: Archive) -> Copied:
        """The object's bytes, copied into the archive.

        Raises: ObjectChangedError if it is not, before and after, what was listed; PermissionError if it may not be read.
        """
        try:
            # Never wait for a pipe, never follow a link that took the place of the file.
            handle = os.open(found.location, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except PermissionError:
            raise
        except OSError as error:
            raise ObjectChangedError from error
        try:
            if not _is_same(found, os.fstat(handle)):
                raise ObjectChangedError
            pieces = _pieces(handle)
            head = next(pieces, b"")
            sha256 = archive.put(head) if len(head) == found.size_bytes else archive.put_pieces(_chained(head, pieces))
            if not _is_same(found, os.fstat(handle)) or not self.is_unchanged(found):
                raise ObjectChangedError
        finally:
            os.close(handle)
        return Copied(sha256, head)


def _is_same(found: SourceObject, now: os.stat_result) -> bool:
    same = now.st_size == found.size_bytes and round(now.st_mtime * 1e9) == found.modified_ns
    return same and stat.S_ISREG(now.st_mode)


def _pieces(handle: int) -> Iterator[bytes]:
    try:
        while piece := os.read(handle, PIECE_BYTES):
            yield piece
    except OSError as error:
        # A share that went away under us: the file is there again tomorrow, or its folder is not.
        raise ObjectChangedError from error


def _chained(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from rest


def _shown(name: str) -> str:
    """A name as text that Postgres holds: bytes that are no UTF-8 (GBK names from old zips) are escaped."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
