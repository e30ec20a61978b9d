"""History out of a folder: which of its files a backfill takes, read into the staging area, and their way through the one door.

A file is left where it lies, and told so, if its bytes were accepted before, if it is no workbook that says form, unit and period, or
if these are not asked for. What is taken becomes a delivery like any other, with its original in the archive.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from connectors.sources import Arrival, FolderSource, ObjectChangedError, arrivals_of
from connectors.warehouse.backfill.candidates import Partition, in_turn
from connectors.warehouse.backfill.staging import Staged, Staging, split
from connectors.warehouse.deliveries import NewDelivery, changed_at, write_deliveries
from connectors.warehouse.runs import chunk_deliveries
from connectors.warehouse.sequences import next_ids

if TYPE_CHECKING:
    from connectors.archive import Archive
    from connectors.settings import Settings
    from connectors.warehouse.backfill.parameters import Parameters
    from connectors.workbooks.pool import Readers
    from connectors.workbooks.reading import Reading

SOURCE = "backfill"
"""The source that deliveries out of such a folder name."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a look into the folder gave: counts of files and the names of what was staged by partition, and the files that were left.

    `left` gives by file name why: known, out_of_range, answered, not_recognised, unpacked, changing, unreadable.
    """

    files: Mapping[Partition, int]
    staged: Mapping[Partition, Sequence[str]]
    left: Mapping[str, str]


def scan_folder(
    settings: Settings, conn: psycopg.Connection[Any], pool: Readers, staging: Staging, parameters: Parameters
) -> Scanned:
    """Copy the folder into the staging area and read it there, the whole of it: only then is known what each file is about.

    Raises: SourceUnreachable, FolderUnwritable.
    """
    assert parameters.folder is not None  # noqa: S101 - asked only of backfills from a folder
    arrivals, left = _copied(settings, FolderSource(SOURCE, Path(parameters.folder)), staging)
    arrivals = _without_known(conn, arrivals, left)
    files = dict(enumerate(_staged_files(conn, arrivals)))
    answered = _answered(conn) if parameters.only_missing else set[tuple[str, str, str]]()
    staged: dict[Partition, list[str]] = {}
    counted: dict[Partition, int] = {}
    for chunk in chunk_deliveries([(n, f.size_bytes) for n, f in files.items()], settings.chunk_size):
        mine = {files[number].delivery_id: files[number] for number in chunk}
        batch = pool.read([(i, staging.archive.get(f.sha256, pool.longest_file_bytes + 1)) for i, f in mine.items()])
        partitions: dict[Partition, list[int]] = {}
        for reading in batch.readings:
            why = _why_left(reading, parameters, answered)
            if why:
                left[mine[reading.delivery_id].object_name] = why
            else:
                partitions.setdefault((str(reading.form_id), str(reading.period)), []).append(reading.delivery_id)
        for key in sorted(partitions, key=in_turn):
            ids = partitions[key]
            part = Staged(split(batch, ids), tuple(mine[i] for i in ids))
            staged.setdefault(key, []).append(staging.put(part))
            counted[key] = counted.get(key, 0) + len(ids)
    return Scanned(counted, staged, dict(sorted(left.items())))


def _copied(settings: Settings, source: FolderSource, staging: Staging) -> tuple[list[Arrival], dict[str, str]]:
    arrivals: list[Arrival] = []
    left: dict[str, str] = {}
    for found in source.list().objects:
        try:
            copied = source.copy(found, staging.archive)
        except ObjectChangedError:
            left[found.name] = "changing"
        except PermissionError:
            left[found.name] = "unreadable"
        else:
            arrivals += arrivals_of(found, copied, staging.archive, settings.max_file_mb * 1_000_000)
    staging.archive.settle()
    # As a night takes them in: in the order in which they were last changed.
    return sorted(arrivals, key=lambda a: (a.found.modified_ns, a.place)), left


def _without_known(conn: psycopg.Connection[Any], arrivals: Sequence[Arrival], left: dict[str, str]) -> list[Arrival]:
    """Those whose bytes were not accepted before, whenever they were changed: history must not overtake what replaced it."""
    known = {
        row[0]
        for row in conn.execute(
            "select d.sha256 from archive.delivery d join ops.delivery_outcome o using (delivery_id)"
            " where d.sha256 = any(%s) and o.outcome in ('accepted', 'duplicate_bytes', 'duplicate_content', 'unpacked')",
            ([a.sha256 for a in arrivals],),
        )
    }
    fresh = []
    for arrival in arrivals:
        if arrival.sha256 in known:
            left[arrival.found.name] = "known"
        else:
            known.add(arrival.sha256)
            fresh.append(arrival)
    return fresh


def _staged_files(conn: psycopg.Connection[Any], arrivals: Sequence[Arrival]) -> list[NewDelivery]:
    """The files with the numbers that they will have as deliveries."""
    ids = next_ids(conn, "archive.delivery", "delivery_id", len(arrivals))
    return [
        NewDelivery(i, a.found.name, a.found.size_bytes, a.found.modified_ns, a.sha256, a.form_hint)
        for i, a in zip(ids, arrivals, strict=True)
    ]


def _answered(conn: psycopg.Connection[Any]) -> set[tuple[str, str, str]]:
    return set(conn.execute("select form_id, unit_id, period from ops.submission_in_force").fetchall())


def _why_left(reading: Reading, parameters: Parameters, answered: set[tuple[str, str, str]]) -> str | None:
    if reading.status == "unpacked":
        return "unpacked"
    if reading.status != "read" or not (reading.form_id and reading.unit_id and reading.period):
        return "not_recognised"
    key = reading.form_id, reading.unit_id, reading.period
    if not parameters.covers(*key):
        return "out_of_range"
    return "answered" if key in answered else None


def archive_originals(archive: Archive, staging: Staging, files: Iterable[NewDelivery]) -> None:
    """Put the originals into the archive, where their deliveries will look for them. Raises: FolderUnwritable, ArchiveError."""
    for file in files:
        archive.put(staging.archive.get(file.sha256))
    archive.settle()


def write_received(conn: psycopg.Connection[Any], files: Sequence[NewDelivery], run_id: int) -> dict[int, datetime]:
    """Write these files down as received, when they were last changed; gives the time of receipt of each."""
    [(now,)] = conn.execute("select now()").fetchall()
    received = {file.delivery_id: min(changed_at(file.modified_ns), now) for file in files}
    write_deliveries(conn, SOURCE, files, list(received.values()), now, run_id)
    return received
