"""The reading child: a fresh interpreter with few rights, which reads workbooks until its input ends.

It holds no secret and opens no connection; its limits are set before the first byte of a workbook arrives. When it dies, only
the workbook that it was reading is to blame.
"""

from __future__ import annotations

import ctypes
import io
import math
import os
import resource
import sys
import traceback
from pathlib import Path
from typing import BinaryIO

from connectors.workbooks.reader import BatchReader
from connectors.workbooks.wire import WireClosedError, read_block, read_message, write_block, write_message
from expectations.contract import forms

ROOM_BYTES = 64 * 1024 * 1024
"""What must be left for a workbook after the libraries are loaded; with less, every file would look like a bad one."""

_NEW_NETWORK, _NEW_USER = 0x40000000, 0x10000000
"""CLONE_NEWNET and CLONE_NEWUSER of Linux; Python knows them from 3.12 on."""


def main(memory_mb: int, cpu_seconds: int) -> None:
    """Serve the parent on stdin and stdout until it goes away."""
    answers = os.fdopen(os.dup(1), "wb")
    # Whatever a library prints must not end up between the answers.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    _leave_network()
    _limit(memory_mb)
    try:
        forms()
        bytearray(ROOM_BYTES)
        write_message(answers, {"ready": True})
        _serve(sys.stdin.buffer, answers, cpu_seconds)
    except WireClosedError:
        return
    except Exception as error:  # noqa: BLE001  # whatever it is, the parent is told before this process ends
        write_message(answers, {"failed": _whereabouts(error)})


def _serve(requests: BinaryIO, answers: BinaryIO, cpu_seconds: int) -> None:
    reader = BatchReader()
    while True:
        request = read_message(requests)
        _allow_cpu(cpu_seconds)
        if "read" in request:
            reader.add(request["read"], read_block(requests))
            write_message(answers, {"done": request["read"]})
            continue
        batch = reader.finish()
        form_ids = list(batch.rows)
        write_message(answers, {"readings": [r.to_wire() for r in batch.readings], "forms": form_ids})
        for form_id in form_ids:
            buffer = io.BytesIO()
            batch.rows[form_id].write_ipc(buffer, compression="uncompressed")
            write_block(answers, buffer.getvalue())


def _whereabouts(error: BaseException) -> str:
    """The kind and the place of an error; never its text, which may quote a cell."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} in {' < '.join(f'{Path(f.filename).name}:{f.lineno}' for f in reversed(frames))}"


def _leave_network() -> None:
    """Go where there is no network, not even this machine's own.

    Where the kernel has no such place for us (macOS, a container that forbids it), the child is as it was: a process that opens no
    connection and holds no secret that one would need.
    """
    try:
        unshare = ctypes.CDLL(None).unshare
    except AttributeError:
        return
    # Only root may leave the network alone; anybody may leave it together with the rights of a user.
    if unshare(_NEW_NETWORK) != 0:
        unshare(_NEW_NETWORK | _NEW_USER)


def _limit(memory_mb: int) -> None:
    _set(resource.RLIMIT_AS, memory_mb * 1024 * 1024)
    _set(resource.RLIMIT_FSIZE, 0)
    _set(resource.RLIMIT_CORE, 0)
    _set(resource.RLIMIT_NOFILE, 64)


def _set(limit: int, value: int) -> None:
    try:
        resource.setrlimit(limit, (value, value))
    except (ValueError, OSError):
        # macOS refuses some of them (RLIMIT_AS); the parent's wall-clock limit still holds there.
        return


def _allow_cpu(seconds: int) -> None:
    """Let the next piece of work take so many seconds of processor time; beyond it the kernel ends this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    allowed = math.ceil(used.ru_utime + used.ru_stime) + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (allowed, resource.getrlimit(resource.RLIMIT_CPU)[1]))
