"""The workers as the night sees them: they read like a `ReaderPool` and decide like `decide`, whichever machine does it.

A worker that dies has its work given to another by the scheduler, which holds the bytes until the work is done. What cannot be
done at all is one error, and nothing of the chunk was written: the same step may be tried again.
"""

from __future__ import annotations

import copyreg
import queue
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from itertools import chain, islice
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

import polars as pl

from connectors.dask.conduct import CHECKED, CONDUCT, security
from connectors.dask.errors import SchedulerOpen, SchedulerUnreachable, WorkersMissing, WorkersUnlike, WorkFailed
from connectors.dask.sameness import sameness
from connectors.dask.work import LIMITS, Answer, Parcel, judge, read
from connectors.errors import WarehouseError
from connectors.settings import Settings
from connectors.workbooks.pool import Batch, read_in_turns
from connectors.workbooks.reading import ReadBatch, Reading

if TYPE_CHECKING:
    from distributed import Client, Future

    from connectors.warehouse.decision import Decision
    from connectors.warehouse.registers import UnitRegister
    from connectors.warehouse.waivers import Waiver

CONNECT_SECONDS, WORKER_SECONDS = 10, 30
"""How long the scheduler may take to answer, and the first worker to be there."""

LOOK_SECONDS = 1.0
"""How often somebody looks whether the scheduler is still there while work is out."""

JUDGED_PER_TURN = 200
"""Deliveries that are judged together: Great Expectations takes a third of a second for any number of them."""

OUT_PER_WORKER = 2
"""Pieces of work that a worker has been sent: one that it does, one that waits, so that memory stays flat."""


class Workers:
    """The workers of one scheduler. Use it as a context manager; it connects when there is something to read."""

    def __init__(self, settings: Settings) -> None:
        assert settings.dask_scheduler is not None  # noqa: S101 - whoever has none reads by themselves
        self._settings, self._address = settings, settings.dask_scheduler
        self._limits = tuple(getattr(settings, name) for name in LIMITS)
        self._connection = ExitStack()
        self._client: Client | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._disconnect()

    @property
    def longest_file_bytes(self) -> int:
        """The size of the largest file that is read; of a larger one, one byte more is enough to refuse it."""
        return self._settings.max_file_mb * 1_000_000

    def read(self, batch: Batch) -> ReadBatch:
        """As `ReaderPool.read`. Raises: WorkersError."""
        return read_in_turns(batch, self._settings.max_file_mb, self._read_turns)

    def decide(
        self,
        readings: Sequence[Reading],
        rows: Mapping[str, pl.DataFrame],
        register: UnitRegister,
        waivers: Sequence[Waiver] = (),
    ) -> list[Decision]:
        """As `decide`: a delivery is judged by itself, so it does not matter with which others. Raises: WorkersError."""
        parts = (readings[start : start + JUDGED_PER_TURN] for start in range(0, len(readings), JUDGED_PER_TURN))
        contents = ((part, _rows_of(part, rows), register, waivers) for part in parts)
        return [decision for part in self._spread(judge, contents) for decision in part]

    def count(self) -> int:
        """How many workers there are, one at least. Raises: WorkersError."""
        return len(self._connected().nthreads())

    def _read_turns(self, turns: Iterable[Batch]) -> list[ReadBatch]:
        return self._spread(read, ((self._limits, turn) for turn in turns))

    def _spread(self, work: Callable[[Parcel], Answer], contents: Iterable[tuple[Any, ...]]) -> list[Any]:
        """The content of each answer, in the order of the contents; few pieces of work are out at a time."""
        waiting: Iterator[tuple[int, tuple[Any, ...]]] = enumerate(contents)
        first = next(waiting, None)
        if first is None:
            return []
        answers: dict[int, Any] = {}
        out: dict[Future[Any], int] = {}
        done: queue.SimpleQueue[Future[Any]] = queue.SimpleQueue()
        try:
            client = self._connected()
            room = OUT_PER_WORKER * max(1, sum(client.nthreads().values()))
            waiting = chain([first], waiting)
            while True:
                for number, content in islice(waiting, room - len(out)):
                    # A key of its own: Dask would make one from a hash of the bytes.
                    key = f"{work.__name__}-{uuid4().hex}"
                    future = client.submit(work, Parcel(sameness(), content), key=key, pure=False)
                    out[future] = number
                    future.add_done_callback(done.put)
                if not out:
                    break
                future = self._next(client, done)
                answers[out.pop(future)] = self._content(future)
                future.release()
        except BaseException:
            # What is still out is taken back with the connection; the next call makes another.
            self._disconnect()
            raise
        return [answers[number] for number in sorted(answers)]

    def _next(self, client: Client, done: queue.SimpleQueue[Future[Any]]) -> Future[Any]:
        """The next piece of work that is over. Raises: SchedulerUnreachable once nobody answers for long."""
        lost_since: float | None = None
        while True:
            with suppress(queue.Empty):
                return done.get(timeout=LOOK_SECONDS)
            lost_since = None if client.status == "running" else lost_since or time.monotonic()
            if lost_since is not None and time.monotonic() > lost_since + CONNECT_SECONDS:
                raise SchedulerUnreachable(self._address, str(client.status))

    def _content(self, future: Future[Any]) -> Any:
        if future.status != "finished":
            error = future.exception() if future.status == "error" else None
            if error is None:
                # The work went with the scheduler that had it.
                raise SchedulerUnreachable(self._address, str(future.status))
            raise WorkersMissing(self._address, type(error).__name__) from None
        answer: Answer = future.result()
        if answer.is_unlike:
            raise WorkersUnlike(self._address, answer.worker)
        if answer.failed is not None:
            raise WorkFailed(self._address, answer.worker, *answer.failed)
        return answer.content

    def _connected(self) -> Client:
        if self._client is None:
            import dask
            from distributed import Client

            _leave_words_out_of_pickles()
            self._connection.enter_context(dask.config.set(CONDUCT))
            keys = security(self._settings)
            try:
                client = Client(self._address, timeout=CONNECT_SECONDS, security=keys, set_as_default=False)
                self._connection.enter_context(client)
                self._check(client)
            except OSError as error:
                raise SchedulerUnreachable(self._address, type(error).__name__) from None
            try:
                client.wait_for_workers(1, timeout=WORKER_SECONDS)
            except TimeoutError:
                raise WorkersMissing(self._address, f"0 / {WORKER_SECONDS} s") from None
            self._client = client
        return self._client

    def _check(self, client: Client) -> None:
        """Nothing is sent to a scheduler that shows what it has, or waits for workers for ever. Raises: SchedulerOpen."""
        there = client.run_on_scheduler(_conduct_there)
        for name in CHECKED:
            if there.get(name) != CONDUCT[name]:
                raise SchedulerOpen(self._address, name)

    def _disconnect(self) -> None:
        self._client = None
        self._connection.close()


def _leave_words_out_of_pickles() -> None:
    """`distributed` loads tblib, which lets the pickle of an error take along what it was raised from, words of rows and all: not of ours."""
    for kind in [k for k in copyreg.dispatch_table if issubclass(k, WarehouseError)]:
        del copyreg.dispatch_table[kind]


def _conduct_there() -> dict[str, Any]:
    import dask

    return {name: dask.config.get(name, None) for name in CHECKED}


def _rows_of(readings: Sequence[Reading], rows: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    mine = pl.col("delivery_id").is_in([reading.delivery_id for reading in readings])
    return {form_id: frame.filter(mine) for form_id, frame in rows.items()}
