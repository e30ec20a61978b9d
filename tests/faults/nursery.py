"""A process that has done the slow imports and read dbt's project, and forks the runs that are to be hurt: a run then costs its work.

    test ──orders (pickled)──▶ nursery ──fork──▶ run   (a session of its own: killing its group kills its readers too)

What a run prints goes to `runs.log` beside the home. Nothing that starts threads is done before a fork.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from connectors.settings import PROJECT_FOLDER, Settings

RAISED = 3
"""The exit code of a run that ended by an error, as that of the command is."""


class Nursery:
    """The test's end of it. Use it as a context manager."""

    def __init__(self, settings: Settings, warm_up: Callable[[Settings], None]) -> None:
        self.log = settings.home.parent / "runs.log"
        command = [sys.executable, "-m", "tests.faults.nursery", str(self.log)]
        self._process = subprocess.Popen(command, cwd=PROJECT_FOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._ask(("warm up", warm_up, settings))

    def __enter__(self) -> Nursery:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def start(self, run: Callable[..., int], *arguments: Any) -> int:
        """Start a run, which is then the leader of its own process group; gives its pid. `run` gives the exit code."""
        return self._ask(("start", run, arguments))

    def wait(self, pid: int) -> int:
        """The exit code of a run, or minus the signal that ended it."""
        return self._ask(("wait", pid))

    def _ask(self, order: tuple[Any, ...]) -> int:
        assert self._process.stdin
        assert self._process.stdout
        pickle.dump(order, self._process.stdin)
        self._process.stdin.flush()
        answer: int = pickle.load(self._process.stdout)  # noqa: S301 - our own child
        return answer


def _serve(orders: BinaryIO, answers: BinaryIO, log: Path) -> None:
    while True:
        try:
            order = pickle.load(orders)  # noqa: S301 - our own parent
        except EOFError:
            return
        match order:
            case ("warm up", warm_up, settings):
                warm_up(settings)
                answer = 0
            case ("start", run, arguments):
                answer = _fork(run, arguments, log)
            case ("wait", pid):
                answer = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        pickle.dump(answer, answers)
        answers.flush()


def _fork(run: Callable[..., int], arguments: tuple[Any, ...], log: Path) -> int:
    is_ready, tell_ready = os.pipe()
    pid = os.fork()
    if pid:
        os.close(tell_ready)
        os.read(is_ready, 1)
        os.close(is_ready)
        return pid
    os.setsid()
    # The pipes to the test are the nursery's alone.
    nothing, said = os.open(os.devnull, os.O_RDONLY), os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for source, target in ((nothing, 0), (said, 1), (said, 2)):
        os.dup2(source, target)
    os.close(is_ready)
    os.close(tell_ready)
    code = RAISED
    try:
        code = run(*arguments)
    except BaseException:  # noqa: BLE001 - the last frame of a process
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    # By its real name: what is pickled here is unpickled there.
    from tests.faults.nursery import _serve as serve

    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(sys.stdin.buffer, answers, Path(sys.argv[1]))
