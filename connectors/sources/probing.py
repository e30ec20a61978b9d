"""Sources tried without a trace: connected to and counted, nothing copied, nothing written down."""

from __future__ import annotations

import hashlib
import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass

from connectors.sources.deadline import Deadline
from connectors.sources.declared import SourceDeclared
from connectors.sources.errors import SourceOverdue
from connectors.sources.opening import open_source
from connectors.sources.source import Ground

LONGEST_SECONDS = 30.0
"""Somebody waits for the answer."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What trying a source said: how many objects it holds, or the error."""

    source_id: str
    objects: int
    seconds: float
    error: Exception | None = None


def probe_all(declared: Sequence[SourceDeclared]) -> list[Probe]:
    """Try all of them at once; in their order."""
    said: queue.Queue[Probe] = queue.Queue()
    deadlines = {s.id: Deadline(s.id, min(s.deadline_seconds, LONGEST_SECONDS)) for s in declared}
    for source in declared:
        threading.Thread(target=_probe, args=(source, deadlines[source.id], said.put), daemon=True).start()
    probes: dict[str, Probe] = {}
    # A second more for those that see their deadline themselves.
    until = max((d.ends_at for d in deadlines.values()), default=0.0) + 1.0
    while len(probes) < len(deadlines) and (left := until - time.monotonic()) > 0:
        try:
            probe = said.get(timeout=left)
        except queue.Empty:
            break
        probes[probe.source_id] = probe
    for deadline in deadlines.values():
        deadline.close()
    return [probes.get(s.id) or _late(deadlines[s.id]) for s in declared]


def _probe(source: SourceDeclared, deadline: Deadline, say: Callable[[Probe], None]) -> None:
    began, objects = time.monotonic(), 0
    failed: Exception | None = None
    try:
        ground = Ground(deadline, lambda data: hashlib.sha256(data).hexdigest())
        with closing(open_source(source, ground)) as opened:
            deadline.on_close(opened.close)
            objects = opened.probe()
    except Exception as error:  # noqa: BLE001 - the last frame of the thread: a fault in one client is that source's answer
        failed = error
    say(Probe(source.id, objects, time.monotonic() - began, failed))


def _late(deadline: Deadline) -> Probe:
    return Probe(deadline.source_id, 0, deadline.seconds, SourceOverdue(deadline.source_id, deadline.seconds))
