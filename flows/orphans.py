"""A run that the worker started ends with its worker: no worker, no run, so that nothing goes on unseen beside the next attempt."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

WORKER_PID = "WAREHOUSE_WORKER_PID"
"""Set by the worker for the processes of its runs; nobody sets it from outside."""

_PR_SET_PDEATHSIG = 1


def be_worker() -> None:
    """Let the processes that this one starts know whose they are."""
    os.environ[WORKER_PID] = str(os.getpid())  # noqa: TID251 - told to children, not read from outside


def end_with_worker() -> None:
    """Let the system end this process when the worker that started it dies; at once if it has died already.

    Nothing where no worker started it, or the system cannot (only Linux can): the run then comes to its end alone.
    """
    worker = os.environ.get(WORKER_PID)  # noqa: TID251 - what `be_worker` has told us
    if worker is None or sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(worker):
        os.kill(os.getpid(), signal.SIGKILL)
