"""What sources of files elsewhere have in common: which names are deliveries, and bytes that come piece by piece within the deadline."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

from connectors.archive import PIECE_BYTES, Archive
from connectors.sources.deadline import Deadline
from connectors.sources.source import Copied, ObjectChangedError, SourceObject
from connectors.workbooks.stray import is_stray

READ_BYTES = 262_144
"""What is asked for at once: the deadline is looked at in between."""


def is_delivery(name: str) -> bool:
    """Whether something of this name, below its folder, is meant to be handed in."""
    return bool(name) and not is_stray(PurePosixPath(name))


def safe_name(name: str) -> str:
    """A name as text that Postgres holds."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace").replace("\\0", "\\\\x00")


def copy_whole(found: SourceObject, read: Callable[[int], bytes], archive: Archive, deadline: Deadline) -> Copied:
    """What `read` gives, in the archive, if it is as long as was listed. Raises: ObjectChangedError, and what `read` raises."""
    counted = [0]

    def pieces() -> Iterator[bytes]:
        while piece := read(READ_BYTES):
            deadline.left_seconds()
            counted[0] += len(piece)
            if counted[0] > found.size_bytes:
                raise ObjectChangedError
            yield piece
        if counted[0] != found.size_bytes:
            # Cut off, or replaced by something shorter: a draft in the archive goes away with this.
            raise ObjectChangedError

    if found.size_bytes <= PIECE_BYTES:
        data = b"".join(pieces())
        return Copied(archive.put(data), data)
    head = bytearray()

    def noted() -> Iterator[bytes]:
        for piece in pieces():
            head.extend(piece[: PIECE_BYTES - len(head)])
            yield piece

    return Copied(archive.put_pieces(noted()), bytes(head))
