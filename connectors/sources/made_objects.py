"""Objects of sources that make them while they list: their bytes are in the archive already, and copying is looking them up there."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.archive import PIECE_BYTES, Archive
from connectors.sources.source import Copied, Ground, SourceObject


def make_object(ground: Ground, name: str, data: bytes, changed_ns: int) -> SourceObject:
    """The object of that name with these bytes. One that was delivered before with the same bytes keeps the time that it had then,
    and so is not delivered again."""
    sha256 = ground.put(data)
    known = ground.known.get(name)
    if known is not None and known.sha256 == sha256:
        return SourceObject(name, sha256, known.size_bytes, known.modified_ns)
    if known is not None and known.modified_ns >= changed_ns:
        # Changed without a newer time: other bytes are news whatever the source says of when.
        changed_ns = known.modified_ns + 1
    return SourceObject(name, sha256, len(data), changed_ns)


class MadeObjects:
    """What sources have in common that make their objects while they list them."""

    def young(self, _objects: Sequence[SourceObject]) -> Sequence[SourceObject]:
        """None: a mail, an answer or a committed row is there or not."""
        return ()

    def copy(self, found: SourceObject, archive: Archive) -> Copied:
        """The object's bytes, which are in the archive since it was made."""
        return Copied(found.location, archive.get(found.location, PIECE_BYTES))
