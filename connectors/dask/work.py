"""What runs in a worker process on another machine: a workbook is read in a limited child there too, and rows are judged.

What comes and goes is in a `Parcel`, which shows nothing of itself: Dask writes the arguments of failed work to its log. For the
same reason nothing is raised here; an error comes back as its kind and place.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from connectors.dask.sameness import sameness
from connectors.settings import Settings
from connectors.workbooks.pool import Batch, ReaderPool
from connectors.workbooks.reading import ReadBatch

LIMITS = ("reader_memory_mb", "reader_cpu_seconds", "reader_wall_seconds", "reader_answer_mb", "max_file_mb")
"""The settings that travel: what a child may use is decided in one place, where the night runs."""

NOWHERE = Path("/nowhere")


@dataclass(frozen=True, slots=True, repr=False)
class Parcel:
    """Arguments on their way to a worker, and the `sameness` of whoever sent them."""

    sender: str
    content: tuple[Any, ...]

    def __repr__(self) -> str:
        return "<Parcel>"


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """What a worker gives back: `content`, or why there is none: `is_unlike` or `failed`, the kind and the place of an error."""

    worker: str
    content: Any = None
    is_unlike: bool = False
    failed: tuple[str, str] | None = None

    def __repr__(self) -> str:
        return "<Answer>"


def read(parcel: Parcel) -> Answer:
    """A batch of workbooks, read: content is (limits by name, batch), and the answer's a `ReadBatch`."""
    return _answer(parcel, _read)


def judge(parcel: Parcel) -> Answer:
    """What was read, decided: content is what `decide` takes, and the answer's its decisions."""
    return _answer(parcel, _judge)


def _answer(parcel: Parcel, work: Callable[..., Any]) -> Answer:
    worker = _address()
    if parcel.sender != sameness():
        return Answer(worker, is_unlike=True)
    try:
        return Answer(worker, work(*parcel.content))
    except Exception as error:  # noqa: BLE001  # whatever it is, Dask's log must not get its text
        return Answer(worker, failed=(type(error).__name__, _whereabouts(error)))


def _read(limits: tuple[int, ...], batch: Batch) -> ReadBatch:
    return _pool(limits).read(batch)


def _judge(*content: Any) -> Any:
    from connectors.warehouse.decision import decide

    return decide(*content)


@cache
def _pool(limits: tuple[int, ...]) -> ReaderPool:
    """This worker's one reading child; it ends with the worker, whose end closes its input."""
    given: dict[str, Any] = dict(zip(LIMITS, limits, strict=True))
    return ReaderPool(Settings(NOWHERE, NOWHERE, NOWHERE, readers=1, **given)).__enter__()


def _address() -> str:
    from distributed import get_worker

    return str(get_worker().address)


def _whereabouts(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(frames))


def dask_setup(_worker: object) -> None:
    """Called by Dask when a worker starts (its `preload`): what takes seconds to import is there before the first night."""
    from expectations.judgement import warm_up

    sameness()
    threading.Thread(target=warm_up, name="warm-up", daemon=True).start()
