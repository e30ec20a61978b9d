"""Many workbooks read side by side in limited children; a workbook that kills its reader takes no other along."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Protocol, Self

import polars as pl

from connectors.settings import Settings
from connectors.workbooks.keeper import ChildDiedError, Keeper, Limits
from connectors.workbooks.reading import ReadBatch, Reading

Batch = Sequence[tuple[int, bytes]]
"""Delivery ids and bytes."""

FILES_PER_TURN, BYTES_PER_TURN = 50, 16_000_000
"""What a child reads before it makes typed frames: enough that a frame costs little, few enough to share among children."""

FILES_PER_CHILD = 2_000
"""A fresh interpreter costs half a second; whatever native readers leak ends with the old one."""

WATCH_SECONDS = 0.2
"""How often somebody looks whether a child takes too long."""


class Readers(Protocol):
    """Whoever reads workbooks: the children of this machine, or other machines."""

    @property
    def longest_file_bytes(self) -> int:
        """The size of the largest file that is read."""

    def read(self, batch: Batch) -> ReadBatch:
        """What was read, a reading for each delivery in the given order; never raises for a bad file."""


class ReaderPool:
    """Children that read workbooks. Use it as a context manager; children start at the first workbook.

    A file is refused as too large before any child sees it.
    """

    def __init__(self, settings: Settings, *, recycle_after: int = FILES_PER_CHILD) -> None:
        self._settings = settings
        limits = Limits(
            settings.reader_memory_mb,
            settings.reader_cpu_seconds,
            settings.reader_wall_seconds,
            settings.reader_answer_mb,
        )
        self._keepers = [Keeper(limits, recycle_after) for _ in range(settings.readers)]
        self._idle: queue.SimpleQueue[Keeper] = queue.SimpleQueue()
        for keeper in self._keepers:
            self._idle.put(keeper)
        self._threads = ThreadPoolExecutor(settings.readers, thread_name_prefix="reader")
        self._is_closed = threading.Event()
        self._watch = threading.Thread(target=self._end_late_children, name="reader-watch", daemon=True)

    def __enter__(self) -> Self:
        self._watch.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown(wait=error is None, cancel_futures=True)
        self._is_closed.set()
        self._watch.join()
        for keeper in self._keepers:
            keeper.close()

    @property
    def longest_file_bytes(self) -> int:
        """The size of the largest file that is read; of a larger one, one byte more is enough to refuse it."""
        return self._settings.max_file_mb * 1_000_000

    def read(self, batch: Batch) -> ReadBatch:
        """What was read, a reading for each delivery in the given order; never raises for a bad file.

        Raises: ReaderUnavailable if no child can be started.
        """
        return read_in_turns(
            batch, self._settings.max_file_mb, lambda turns: list(self._threads.map(self._read_turn, turns))
        )

    def _read_turn(self, batch: Batch) -> ReadBatch:
        keeper = self._idle.get()
        try:
            return _read_safely(keeper, batch)
        finally:
            self._idle.put(keeper)

    def _end_late_children(self) -> None:
        while not self._is_closed.wait(WATCH_SECONDS):
            for keeper in self._keepers:
                keeper.end_if_late()


def read_in_turns(
    batch: Batch, max_file_mb: int, read_turns: Callable[[Iterator[Batch]], Sequence[ReadBatch]]
) -> ReadBatch:
    """What `read_turns` reads of the batch in turns, put together in the batch's order; what is too large is refused unread."""
    limit = max_file_mb * 1_000_000
    sizes = {"size_mb": f"> {max_file_mb}", "limit_mb": str(max_file_mb)}
    large = [Reading.unreadable(d, "file.too_large", sizes) for d, data in batch if len(data) > limit]
    found = read_turns(_turns(d for d in batch if len(d[1]) <= limit))
    readings = {r.delivery_id: r for r in [*large, *(r for part in found for r in part.readings)]}
    return ReadBatch([readings[delivery_id] for delivery_id, _ in batch], _joined(found))


def _read_safely(keeper: Keeper, batch: Batch) -> ReadBatch:
    """What can be read of the batch; a file that has ended its child twice, the second time alone, is refused."""
    found: list[ReadBatch] = []
    waiting: list[Batch] = [batch]
    suspects: set[int] = set()
    while waiting:
        part = waiting.pop(0)
        try:
            found.append(keeper.read(part))
        except ChildDiedError as died:
            # While rows are made typed at the end, nobody knows whose they were: each is then read alone.
            accused = part[died.done : died.done + 1] or part
            if rest := [item for item in part if item not in accused]:
                waiting.append(rest)
            for item in accused:
                if len(part) == 1 and item[0] in suspects:
                    code = "file.reader_timeout" if died.is_timeout else "file.reader_died"
                    found.append(ReadBatch([Reading.unreadable(item[0], code, {})], {}))
                else:
                    suspects.add(item[0])
                    waiting.append([item])
    return ReadBatch([r for part in found for r in part.readings], _joined(found))


def _joined(found: Sequence[ReadBatch]) -> dict[str, pl.DataFrame]:
    form_ids = sorted({form_id for part in found for form_id in part.rows})
    return {form_id: pl.concat([p.rows[form_id] for p in found if form_id in p.rows]) for form_id in form_ids}


def _turns(batch: Iterable[tuple[int, bytes]]) -> Iterator[Batch]:
    turn: list[tuple[int, bytes]] = []
    size = 0
    for delivery_id, data in batch:
        if turn and (len(turn) >= FILES_PER_TURN or size + len(data) > BYTES_PER_TURN):
            yield turn
            turn, size = [], 0
        turn.append((delivery_id, data))
        size += len(data)
    if turn:
        yield turn
