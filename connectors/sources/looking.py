"""Looks at sources: each in a thread of its own, with its own connection and deadline, so that one which is broken delays no other."""

from __future__ import annotations

import logging
import queue
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import psycopg

from connectors.archive import Archive
from connectors.errors import SourceUnreachable, WarehouseError
from connectors.keys import Keyring
from connectors.settings import Settings
from connectors.sources.collection import Collected, collect, known_objects
from connectors.sources.deadline import Deadline
from connectors.sources.declared import SourceDeclared
from connectors.sources.errors import SourceBusy, SourceFailed, SourceOverdue, SourceShut
from connectors.sources.opening import open_source
from connectors.sources.source import Ground
from connectors.warehouse.engine import connect
from connectors.warehouse.looks import LookResult, begin_look, end_look

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 60.0
"""Pauses between attempts double from the one to the other, and are drawn from half to whole, so that sources do not march in step."""

LINGER_SECONDS = 10.0
"""How long after its deadline a thread may take to see that and write down what it has."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a look at one source ended, and after how many seconds."""

    source_id: str
    result: LookResult
    seconds: float


@dataclass(frozen=True, slots=True)
class _UnderWay:
    """A look that has not ended."""

    declared: SourceDeclared
    deadline: Deadline
    look_id: int


Ended = tuple[str, LookResult | Exception]
"""The id of a source, and how the look at it ended, or what of ours failed meanwhile."""


def look_at_all(
    settings: Settings,
    conn: psycopg.Connection[Any],
    keyring: Keyring,
    declared: Sequence[SourceDeclared],
    run_id: int,
    tell: Callable[[Look], None] = lambda _: None,
) -> list[Look]:
    """Look at all of them at once; each look's end is told in the caller's thread. Safe to repeat.

    What is wrong with a source is its look's result. Raises: what is wrong with our database, archive or keys.
    """
    ended: queue.Queue[Ended] = queue.Queue()
    under_way: dict[str, _UnderWay] = {}
    looks: list[Look] = []
    began = time.monotonic()
    try:
        for source in declared:
            deadline = Deadline(source.id, source.deadline_seconds)
            under_way[source.id] = _UnderWay(source, deadline, begin_look(conn, source.id, source.kind, run_id))
            arguments = (settings, keyring, source, deadline, run_id, ended)
            threading.Thread(target=_look, args=arguments, name=f"source {source.id}", daemon=True).start()
        while under_way:
            source_id, result = _next_ended(ended, under_way)
            if isinstance(result, Exception):
                raise result
            end_look(conn, under_way.pop(source_id).look_id, result)
            looks.append(Look(source_id, result, time.monotonic() - began))
            tell(looks[-1])
    finally:
        for left in under_way.values():
            left.deadline.close()
    return looks


def look_result(found: Collected, attempts: int = 1) -> LookResult:
    """How a look that brought this is remembered."""
    error = found.broken
    outcome = "good"
    if error is not None:
        outcome = {SourceShut: "shut", SourceOverdue: "overdue"}.get(type(error), "broken")
    return LookResult(
        outcome, attempts, found.received, found.unchanged, found.waiting, found.skipped, found.refused,
        error.sentence("zh") if error else None, error.sentence("en") if error else None,
    )  # fmt: skip


def _next_ended(ended: queue.Queue[Ended], under_way: Mapping[str, _UnderWay]) -> Ended:
    """The next look that ends by itself, or that did not see its deadline and is shut out."""
    while True:
        first = min(under_way.values(), key=lambda look: look.deadline.ends_at)
        try:
            source_id, result = ended.get(timeout=max(0.0, first.deadline.ends_at + LINGER_SECONDS - time.monotonic()))
        except queue.Empty:
            log.warning("source %s: shut out, it did not come back", first.declared.id)
            first.deadline.close()
            error = SourceOverdue(first.declared.id, first.declared.deadline_seconds)
            return first.declared.id, look_result(Collected(broken=error))
        # One that was shut out may come back all the same.
        if source_id in under_way:
            return source_id, result


def _look(
    settings: Settings,
    keyring: Keyring,
    source: SourceDeclared,
    deadline: Deadline,
    run_id: int,
    ended: queue.Queue[Ended],
) -> None:
    """The thread of a look: whatever happens in it is put in the queue."""
    try:
        with closing(connect(settings)) as conn:
            result: LookResult | Exception = _attempts(settings, conn, keyring, source, deadline, run_id)
    except (psycopg.Error, WarehouseError) as error:
        result = error
    except Exception as error:  # noqa: BLE001 - the last frame of the thread: a fault in one client stops no other source
        log.warning("source %s: %s", source.id, type(error).__name__)
        result = _fault(error)
    ended.put((source.id, result))


def _fault(error: Exception) -> LookResult:
    """What nobody foresaw: its kind only, because its text may quote anything."""
    kind = type(error).__name__
    zh = f"本系统读取该来源时出错（{kind}）；请加 --debug 运行 warehouse sources --check 并告知维护人员。"
    en = f"We failed while reading this source ({kind}); run `warehouse sources --check --debug` and tell the maintainers."
    return LookResult("failed", error_zh=zh, error_en=en)


def _attempts(
    settings: Settings,
    conn: psycopg.Connection[Any],
    keyring: Keyring,
    source: SourceDeclared,
    deadline: Deadline,
    run_id: int,
) -> LookResult:
    """Try until the source was read to its end, does not heal, or tries or time are used up."""
    archive = Archive(settings, keyring)
    total = Collected()
    for attempt in range(1, source.retries + 2):
        found = _attempt(settings, conn, archive, source, deadline, run_id)
        # What an earlier attempt received is known to this one, and counts as received.
        unchanged = max(0, found.unchanged - total.received)
        total = replace(found, received=total.received + found.received, unchanged=unchanged)
        if found.broken is None or not found.broken.heals or attempt > source.retries:
            break
        pause = min(FIRST_PAUSE_SECONDS * 2 ** (attempt - 1), LONGEST_PAUSE_SECONDS) * random.uniform(0.5, 1.0)  # noqa: S311 - a pause is no secret
        if isinstance(found.broken, SourceBusy):
            pause = max(pause, found.broken.seconds)
        log.warning("source %s: attempt %d broke off, the next in %.1f s", source.id, attempt, pause)
        if not deadline.pause(pause):
            break
    return look_result(total, attempt)


def _attempt(
    settings: Settings,
    conn: psycopg.Connection[Any],
    archive: Archive,
    source: SourceDeclared,
    deadline: Deadline,
    run_id: int,
) -> Collected:
    try:
        ground = Ground(deadline, archive.put, known_objects(conn, source.id))
        with closing(open_source(source, ground)) as opened:
            deadline.on_close(opened.close)
            return collect(settings, conn, archive, opened, run_id, deadline)
    except SourceUnreachable as error:
        return Collected(broken=SourceShut(error.source_id, error.location, error.why_zh, error.why_en))
    except SourceFailed as error:
        return Collected(broken=error)
