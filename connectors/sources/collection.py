"""Collecting: what is new in a source is copied, archived and written down as deliveries, each once.

The bytes go into the archive one by one; the deliveries are written in one transaction at the end. A run that is killed leaves
sealed bytes that the next run finds there already, and no delivery: the next run's account, its times of receipt included, is that of
an undisturbed one.
"""

from __future__ import annotations

import io
import logging
import time
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import psycopg

from connectors.archive import Archive
from connectors.settings import Settings
from connectors.sources.deadline import Deadline
from connectors.sources.errors import SourceFailed
from connectors.sources.source import Copied, Known, ObjectChangedError, Source, SourceObject
from connectors.warehouse.deliveries import NewDelivery, changed_at, write_deliveries
from connectors.warehouse.sequences import next_ids
from connectors.workbooks.package import custom_properties
from connectors.workbooks.packed import unpack
from expectations.contract import forms

log = logging.getLogger(__name__)

GRACE_SECONDS = 1.0
"""What may still be being written is not, after this long without a change."""

LARGEST_HINT_BYTES = 65_536
"""Our custom properties take half a kilobyte."""

State = tuple[int, int]
"""Size in bytes and time of change in nanoseconds: an object that keeps both is not read again."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What a look at a source brought: deliveries received, objects as they were, objects that wait (still changing), and
    things that are never opened or may not be read, or came from somebody who may not hand in.

    `broken` is why the source went away before everything was copied; what came whole until then is received.
    """

    received: int = 0
    unchanged: int = 0
    waiting: int = 0
    skipped: int = 0
    refused: int = 0
    broken: SourceFailed | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """An object that was copied into the archive, and is to be written down as received."""

    found: SourceObject
    sha256: str
    form_hint: str | None
    place: tuple[str, int]
    """Among those that came at the same time: by name, and out of a zip in the order of the zip, behind it."""


def collect(
    settings: Settings,
    conn: psycopg.Connection[Any],
    archive: Archive,
    source: Source,
    run_id: int,
    deadline: Deadline | None = None,
) -> Collected:
    """Bring in what is new or changed in the source since the last look; a look that is shut out writes nothing down.

    Harmless when repeated, killed or run twice at once. Raises: SourceUnreachable, SourceFailed where nothing could be listed,
    FolderUnwritable.
    """
    archive.clear_away()
    listing = source.list()
    known = _latest(conn, source.source_id)
    changed = [found for found in listing.objects if known.get(found.name) != (found.size_bytes, found.modified_ns)]
    arrivals: list[Arrival] = []
    waiting, skipped = 0, listing.skipped
    broken: SourceFailed | None = None
    for found in _settled_last(changed, source.young(changed)):
        if found is None:
            time.sleep(GRACE_SECONDS)
            continue
        try:
            copied = source.copy(found, archive)
        except ObjectChangedError:
            waiting += 1
        except PermissionError:
            log.warning("source %s: %s may not be read", source.source_id, found.name)
            skipped += 1
        except SourceFailed as error:
            broken = error
            break
        else:
            arrivals += arrivals_of(found, copied, archive, settings.max_file_mb * 1_000_000)
    # Nothing is written down as received that a power cut could still take away.
    archive.settle()
    with deadline.writing() if deadline else nullcontext():
        received = _record(conn, source.source_id, arrivals, run_id)
    unchanged = len(listing.objects) - len(changed) + len(arrivals) - received
    return Collected(received, unchanged, waiting, skipped, listing.refused, broken)


def arrivals_of(found: SourceObject, copied: Copied, archive: Archive, longest: int) -> Iterator[Arrival]:
    """The object, and behind it, archived too, the files in it if it is a zip of many; what is too large is not looked into."""
    is_whole = len(copied.head) == found.size_bytes
    hint = form_hint(copied.head) if is_whole and found.size_bytes <= longest else None
    yield Arrival(found, copied.sha256, hint, (found.name, 0))
    if hint or found.size_bytes > longest:
        return
    data = copied.head if is_whole else archive.get(copied.sha256)
    for number, member in enumerate(unpack(data), start=1):
        inner = replace(found, name=f"{found.name}/{member.name}", size_bytes=len(member.data))
        member_hint = form_hint(member.data) if len(member.data) <= longest else None
        yield Arrival(inner, archive.put(member.data), member_hint, (found.name, number))


def form_hint(data: bytes) -> str | None:
    """The form that a workbook's custom properties name, if it is one of ours; a cheap guess, so that registers are read first."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            if package.getinfo("docProps/custom.xml").file_size > LARGEST_HINT_BYTES:
                return None
            named = custom_properties(package.read("docProps/custom.xml")).get("form", "")
    except (
        zipfile.BadZipFile,
        zlib.error,
        ElementTree.ParseError,
        LookupError,
        ValueError,
        EOFError,
        OSError,
        RuntimeError,
    ):
        return None
    return named if named in forms() else None


def known_objects(conn: psycopg.Connection[Any], source_id: str) -> dict[str, Known]:
    """Each object of the source as it was last delivered, by name."""
    rows = conn.execute(
        "select distinct on (object_name) object_name, size_bytes, modified_ns, sha256 from archive.delivery"
        " where source_id = %s order by object_name, delivery_id desc",
        (source_id,),
    )
    return {name: Known(size, modified, sha256) for name, size, modified, sha256 in rows}


def _settled_last(changed: Sequence[SourceObject], young: Sequence[SourceObject]) -> Iterator[SourceObject | None]:
    """The objects, the young ones at the end, after a None that says to wait a moment first."""
    waiting = {found.name for found in young}
    yield from (found for found in changed if found.name not in waiting)
    if young:
        yield None
        yield from young


def _latest(conn: psycopg.Connection[Any], source_id: str) -> dict[str, State]:
    """The state in which each object of the source was last delivered."""
    return {name: (known.size_bytes, known.modified_ns) for name, known in known_objects(conn, source_id).items()}


def _record(conn: psycopg.Connection[Any], source_id: str, arrivals: Sequence[Arrival], run_id: int) -> int:
    """Write the deliveries down in the order of receipt, without those that another run wrote down meanwhile; gives how many."""
    if not arrivals:
        return 0
    with conn.transaction():
        conn.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"collect {source_id}",))
        known: Mapping[str, State] = _latest(conn, source_id)
        fresh = [a for a in arrivals if known.get(a.found.name) != (a.found.size_bytes, a.found.modified_ns)]
        last_look = conn.execute(
            "select max(collected_at), clock_timestamp() from archive.delivery where source_id = %(source)s and run_id <> all("
            "  array(select run_id from ops.source_look where source_id = %(source)s and outcome <> 'good'))",
            {"source": source_id},
        ).fetchone()
        previous, now = last_look if last_look else (None, datetime.now(UTC))
        received = {a.found.name: _received_at(a.found, previous, now) for a in fresh}
        fresh.sort(key=lambda a: (received[a.found.name], a.place))
        ids = next_ids(conn, "archive.delivery", "delivery_id", len(fresh))
        deliveries = [
            NewDelivery(i, a.found.name, a.found.size_bytes, a.found.modified_ns, a.sha256, a.form_hint)
            for i, a in zip(ids, fresh, strict=True)
        ]
        write_deliveries(conn, source_id, deliveries, [received[d.object_name] for d in deliveries], now, run_id)
    return len(fresh)


def _received_at(found: SourceObject, previous: datetime | None, now: datetime) -> datetime:
    """When the object came: when it was last changed, but not before the last look (it was not there then) nor after this one.

    A look that broke off bounds nothing: it may have left there what comes now. Where the clock was set back since the last
    look, that look bounds nothing either: what came keeps its order.
    """
    modified = changed_at(found.modified_ns)
    return min(max(modified, previous) if previous and previous < now else modified, now)
