"""What a command costs, read from the kernel: processor and wall time and memory of it and all its descendants."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SAMPLE_SECONDS = 0.1
"""How often memory is looked at; a look at a dozen processes costs about a millisecond."""

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of one command, and in `postgres_cpu_seconds` that of its server.

    `peak_mb` is the greatest memory of all its processes together, pages that several share divided among them (PSS);
    `largest_process_mb` is the greatest of a single one.
    """

    wall_seconds: float
    cpu_seconds: float
    postgres_cpu_seconds: float
    peak_mb: float
    largest_process_mb: float


class CommandFailedError(Exception):
    """A measured command did not end as it should, so there is nothing to report.

    Attributes:
        command: what was run.
        exit_code: how it ended.
        said: the end of what it wrote.
    """

    def __init__(self, command: Sequence[str], exit_code: int, said: str) -> None:
        self.command, self.exit_code, self.said = command, exit_code, said
        super().__init__(f"{' '.join(command)} ended with {exit_code}:\n{said}")


def measure(
    command: Sequence[str],
    log: Path,
    environment: Mapping[str, str] | None = None,
    postmaster: int | None = None,
    good: Sequence[int] = (0,),
) -> tuple[Cost, str]:
    """Run a command and give its cost and its standard output; everything that it writes is kept in `log`.

    `postmaster` is the process of the server that the command uses.
    Raises: CommandFailedError unless it ends with a `good` code.
    """
    began, server_began = time.monotonic(), _server_cpu_seconds(postmaster)
    with log.open("wb") as errors, log.with_suffix(".out").open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, env=environment)
        watch = _MemoryWatch(process.pid)
        watch.start()
        _, status, used = os.wait4(process.pid, 0)
        wall_seconds = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        watch.stop()
    said = log.with_suffix(".out").read_text(encoding="utf-8")
    if process.returncode not in good:
        raise CommandFailedError(command, process.returncode, (said + log.read_text(encoding="utf-8"))[-4_000:])
    cost = Cost(
        wall_seconds=wall_seconds,
        cpu_seconds=used.ru_utime + used.ru_stime,
        postgres_cpu_seconds=_server_cpu_seconds(postmaster) - server_began,
        peak_mb=watch.peak_kb / 1024,
        largest_process_mb=used.ru_maxrss / 1024,
    )
    return cost, said


class _MemoryWatch(threading.Thread):
    """Looks at the memory of a process and its descendants from time to time and keeps the greatest sum."""

    def __init__(self, root: int) -> None:
        super().__init__(daemon=True)
        self.peak_kb = 0
        self._root = root
        self._done = threading.Event()

    def run(self) -> None:
        while not self._done.wait(SAMPLE_SECONDS):
            self.peak_kb = max(self.peak_kb, sum(_pss_kb(pid) for pid in _family(self._root)))

    def stop(self) -> None:
        self._done.set()
        self.join()


def _family(root: int) -> set[int]:
    """The process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and (fields := _stat(int(folder.name))):
            children.setdefault(int(fields[1]), []).append(int(folder.name))
    family, waiting = set[int](), [root]
    while waiting:
        pid = waiting.pop()
        family.add(pid)
        waiting += children.get(pid, [])
    return family


def _stat(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat from the state on (proc(5)); none if the process is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return text.rpartition(") ")[2].split()


def _pss_kb(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    except OSError:
        pass
    return 0


def _server_cpu_seconds(postmaster: int | None) -> float:
    """What the server has used so far: itself, its living processes and those that it has buried."""
    if postmaster is None:
        return 0.0
    used = 0
    for pid in _family(postmaster):
        fields = _stat(pid)
        used += sum(int(ticks) for ticks in fields[11:15]) if fields else 0
    return used / _TICKS
