"""What every source is to `collection`: it lists what it holds, and copies bytes into the archive that nobody changed meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from connectors.archive import Archive
from connectors.sources.deadline import Deadline


@dataclass(frozen=True, slots=True)
class SourceObject:
    """One thing in a source: its name as data (never a path for a library), size in bytes and time of change in nanoseconds.

    `location` is what the source itself finds it by; `version` what else it must still be when it is copied, such as an ETag.
    """

    name: str
    location: str
    size_bytes: int
    modified_ns: int
    version: str = ""


@dataclass(frozen=True, slots=True)
class Copied:
    """Bytes that were copied into the archive; `head` are all of them, or the first of a large file."""

    sha256: str
    head: bytes


class ObjectChangedError(Exception):
    """The object grew, was replaced or went away while it was being copied; it waits until the next night."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a source holds: objects that can be delivered, and how many others there were: `skipped` are never opened or cannot
    be read, `refused` came from somebody who may not hand in here."""

    objects: list[SourceObject]
    skipped: int
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Known:
    """An object as it was last delivered."""

    size_bytes: int
    modified_ns: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Ground:
    """What a look stands on: until when it may last, what keeps bytes and gives their SHA-256 (for sources that make their objects
    while they list them), and what of the source was delivered before, by name."""

    deadline: Deadline
    put: Callable[[bytes], str]
    known: Mapping[str, Known] = field(default_factory=dict)


class Source(Protocol):
    """A door through which workbooks come. Nothing is ever changed, marked or removed behind it."""

    @property
    def source_id(self) -> str:
        """The id that deliveries carry."""
        ...

    def list(self) -> Listing:
        """What the source holds now: all of it or an error. Raises: SourceFailed, SourceUnreachable."""
        ...

    def young(self, objects: Sequence[SourceObject]) -> Sequence[SourceObject]:
        """Those of the objects that may still be being written, so that copying them waits a moment."""
        ...

    def copy(self, found: SourceObject, archive: Archive) -> Copied:
        """The object's bytes, copied into the archive, whole.

        Raises: ObjectChangedError if it is not, before and after, what was listed; PermissionError if it may not be read;
        SourceFailed if the source went away.
        """
        ...

    def probe(self) -> int:
        """How many objects or answers there are to look at, as cheaply as can be told, without a trace. Raises: as `list`."""
        ...

    def close(self) -> None:
        """Let go of connections, from whichever thread. Safe to repeat."""
        ...
