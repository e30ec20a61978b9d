"""One reading child as its parent sees it: started with nothing but its limits, asked file by file, ended when it takes too long."""

from __future__ import annotations

import io
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl

from connectors.errors import ReaderUnavailable
from connectors.workbooks.reading import ReadBatch, Reading
from connectors.workbooks.wire import WireClosedError, read_block, read_message, write_block, write_message

log = logging.getLogger(__name__)

PACKAGES_FOLDER = Path(__file__).resolve().parents[2]
"""Where this very code lies; the child is isolated (-I) and would find it only if it were installed."""

_PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from connectors.workbooks.child import main; main(int(sys.argv[2]), int(sys.argv[3]))"
)

START_SECONDS = 60
"""A child is ready after half a second; on a machine that swaps, later."""

LONGEST_MESSAGE = 10_000
"""What a child says of one file is one line; a longer one is noise of a child that went wild."""

_FOREVER = float("inf")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may use: memory in MB, for each file seconds of processor time and of waiting, and MB in each block that it answers."""

    memory_mb: int
    cpu_seconds: int
    wall_seconds: int
    answer_mb: int


class ChildDiedError(Exception):
    """The child ended before it answered.

    Attributes:
        done: how many files of the batch it had read.
        is_timeout: whether it was ended because it took too long.
    """

    def __init__(self, done: int, is_timeout: bool) -> None:
        self.done, self.is_timeout = done, is_timeout
        super().__init__(done)


class Keeper:
    """Keeps one child: starts it when it is needed, and anew after it died or has read `recycle_after` files."""

    def __init__(self, limits: Limits, recycle_after: int) -> None:
        self._limits, self._recycle_after = limits, recycle_after
        self._process: subprocess.Popen[bytes] | None = None
        self._files = 0
        self._deadline = _FOREVER
        self._is_late = False

    def read(self, batch: Sequence[tuple[int, bytes]]) -> ReadBatch:
        """What the child read from these workbooks. Raises: ChildDiedError; ReaderUnavailable if no child can be started."""
        done = 0
        process = self._started()
        requests, answers = _pipes(process)
        try:
            for delivery_id, data in batch:
                self._deadline = time.monotonic() + self._limits.wall_seconds
                write_message(requests, {"read": delivery_id})
                write_block(requests, data)
                if _answer(answers).get("done") != delivery_id:
                    raise WireClosedError
                done += 1
            self._deadline = time.monotonic() + self._limits.wall_seconds
            write_message(requests, {"finish": True})
            found = _read_answer(answers, self._limits.answer_mb * 1_000_000)
        except (WireClosedError, OSError) as error:
            self._deadline = _FOREVER
            code = self._end(process)
            raise ChildDiedError(done, self._is_late or code == -signal.SIGXCPU) from error
        self._deadline = _FOREVER
        self._files += len(batch)
        if self._files >= self._recycle_after:
            self.close()
        return found

    def end_if_late(self) -> None:
        """End the child if it has been busy with one file for too long; its `read` then raises."""
        process = self._process
        if process is not None and time.monotonic() > self._deadline:
            self._is_late = True
            process.kill()

    def close(self) -> None:
        """End the child, politely where it is idle."""
        process, self._process = self._process, None
        if process is None:
            return
        _close_quietly(*_pipes(process))
        try:
            process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = self._start()
            self._greet(self._process)
        return self._process

    def _start(self) -> subprocess.Popen[bytes]:
        limits = [str(self._limits.memory_mb), str(self._limits.cpu_seconds)]
        self._files, self._is_late = 0, False
        self._deadline = time.monotonic() + START_SECONDS
        return subprocess.Popen(
            [sys.executable, "-I", "-c", _PROGRAM, str(PACKAGES_FOLDER), *limits],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # A traceback may quote a cell, and nobody may read it.
            stderr=subprocess.DEVNULL,
            # No secret of ours; no second pool of threads beside that of the children; and one heap, because each thread's own
            # would reserve 64 MB of the address space that is limited (800 MB instead of 280 before the first workbook).
            env={"LANG": "C.UTF-8", "PATH": os.defpath, "POLARS_MAX_THREADS": "1", "MALLOC_ARENA_MAX": "1"},
            cwd="/",
            start_new_session=True,
        )

    def _greet(self, process: subprocess.Popen[bytes]) -> None:
        """Wait until the child is ready. A child that never is must not look like a bad file."""
        try:
            _answer(_pipes(process)[1])
        except WireClosedError as error:
            self._deadline = _FOREVER
            raise ReaderUnavailable(self._end(process), self._limits.memory_mb) from error

    def _end(self, process: subprocess.Popen[bytes]) -> int:
        self._process = None
        # A child that closed its pipe is dying already; its own exit code says why, if it comes at once.
        try:
            code = process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        _close_quietly(*_pipes(process))
        return code


def _answer(answers: BinaryIO, longest: int = LONGEST_MESSAGE) -> dict[str, Any]:
    message = read_message(answers, longest)
    if "failed" in message:
        log.error("the reading child met %s", message["failed"])
        raise WireClosedError
    return message


def _read_answer(answers: BinaryIO, longest: int) -> ReadBatch:
    message = _answer(answers, longest)
    rows = {str(form_id): pl.read_ipc(io.BytesIO(read_block(answers, longest))) for form_id in message["forms"]}
    return ReadBatch([Reading.from_wire(plain) for plain in message["readings"]], rows)


def _pipes(process: subprocess.Popen[bytes]) -> tuple[BinaryIO, BinaryIO]:
    if process.stdin is None or process.stdout is None:
        raise WireClosedError
    return process.stdin, process.stdout  # type: ignore[return-value]  # typeshed says IO[bytes]


def _close_quietly(*streams: BinaryIO) -> None:
    for stream in streams:
        try:
            stream.close()
        except OSError:
            # What was still to be sent has no reader any more.
            continue
