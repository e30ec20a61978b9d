"""The staging area of a backfill: what was read, sealed like the archive, in a folder of its own until all of it is loaded.

Outside the database on purpose: nothing that reads tables can see it, and what is thrown away leaves no trace.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from connectors.archive import Archive
from connectors.warehouse.deliveries import NewDelivery
from connectors.workbooks.reading import ReadBatch, Reading
from connectors.workbooks.wire import read_block, read_message, write_block, write_message

if TYPE_CHECKING:
    from connectors.keys import Keyring
    from connectors.settings import Settings


@dataclass(frozen=True, slots=True)
class Staged:
    """A part of a partition as read; `files` only where they come from a folder."""

    batch: ReadBatch
    files: tuple[NewDelivery, ...] = field(default=())

    def to_bytes(self) -> bytes:
        """As one piece of bytes: JSON, then a block of Arrow for each form."""
        stream = io.BytesIO()
        said: dict[str, Any] = {
            "readings": [reading.to_wire() for reading in self.batch.readings],
            "forms": list(self.batch.rows),
            "files": [asdict(file) for file in self.files],
        }
        write_message(stream, said)
        for frame in self.batch.rows.values():
            block = io.BytesIO()
            frame.write_ipc(block)
            write_block(stream, block.getvalue())
        return stream.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Staged:
        """What `to_bytes` gave."""
        stream = io.BytesIO(data)
        said = read_message(stream)
        readings = [Reading.from_wire(plain) for plain in said["readings"]]
        rows = {form_id: pl.read_ipc(io.BytesIO(read_block(stream))) for form_id in said["forms"]}
        return cls(ReadBatch(readings, rows), tuple(NewDelivery(**plain) for plain in said["files"]))


class Staging:
    """The staging area of one backfill."""

    def __init__(self, settings: Settings, keyring: Keyring, plan_id: str) -> None:
        self.folder = backfills_dir(settings) / f"staging-{plan_id}"
        self.archive = Archive(replace(settings, home=self.folder), keyring)

    def put(self, staged: Staged) -> str:
        """Keep what was read; gives the name under which `get` finds it. Raises: FolderUnwritable."""
        name = self.archive.put(staged.to_bytes())
        self.archive.settle()
        return name

    def get(self, name: str) -> Staged:
        """What was kept. Raises: ArchiveError if it is not there any more."""
        return Staged.from_bytes(self.archive.get(name))

    def drop(self) -> None:
        """Forget everything; harmless when repeated."""
        shutil.rmtree(self.folder, ignore_errors=True)


def drop_all(settings: Settings) -> None:
    """Forget what every backfill has read; no one that has begun may be unfinished. Harmless when repeated."""
    for folder in backfills_dir(settings).glob("staging-*"):
        shutil.rmtree(folder, ignore_errors=True)


def backfills_dir(settings: Settings) -> Path:
    """Where plans, pages and staging areas of backfills lie."""
    return settings.home / "backfills"


def split(batch: ReadBatch, ids: Sequence[int]) -> ReadBatch:
    """The part of a batch that is about these deliveries."""
    wanted = set(ids)
    readings = [reading for reading in batch.readings if reading.delivery_id in wanted]
    parts: Mapping[str, pl.DataFrame] = {
        form_id: frame.filter(pl.col("delivery_id").is_in(list(wanted))) for form_id, frame in batch.rows.items()
    }
    return ReadBatch(readings, {form_id: frame for form_id, frame in parts.items() if frame.height})
