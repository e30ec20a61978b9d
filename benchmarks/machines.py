"""`python -m benchmarks.machines [--workbooks 800] [--workers 1 2]`: reading and judging here, and on worker processes of Dask.

One run, one table: seconds of waiting, and the processor time that is left to the night's own process, which is what bounds the
gain of more machines. Imports are done before anything is measured. The workers run on this machine: more of them than it has
cores gain nothing here.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.columns import form_of
from benchmarks.workbooks import write_inbox
from connectors.dask.workers import Workers
from connectors.settings import environment_with, load_settings
from connectors.warehouse.decision import decide
from connectors.workbooks.pool import ReaderPool
from expectations.judgement import warm_up
from flows.trial import credulous_register

if TYPE_CHECKING:
    from connectors.warehouse.intake import Judge
    from connectors.workbooks.pool import Readers

FOLDER = Path(__file__).resolve().parents[1] / "build" / "bench"
CHUNK = 400
"""Workbooks that one transaction carries, as in a night."""

START_SECONDS = 120


class DecisionsDifferError(Exception):
    """Two contenders decided otherwise, so neither time says anything."""


@dataclass(frozen=True, slots=True)
class Line:
    """One contender: seconds from first to last, and processor seconds of the night's own process in them."""

    name: str
    wall_seconds: float
    own_cpu_seconds: float


def take(readers: Readers, judge: Judge, paths: Sequence[Path]) -> list[Any]:
    """What is decided on these workbooks, comparable."""
    decided: list[Any] = []
    for start in range(0, len(paths), CHUNK):
        batch = readers.read([(start + n, path.read_bytes()) for n, path in enumerate(paths[start : start + CHUNK])])
        decisions = judge(batch.readings, batch.rows, credulous_register(batch), ())
        decided += [
            (d.delivery_id, d.outcome, len(d.findings), d.rows.height if d.rows is not None else 0) for d in decisions
        ]
    return decided


def timed(name: str, readers: Readers, judge: Judge, paths: Sequence[Path]) -> tuple[Line, list[Any]]:
    """The cost of one contender; what it does first in its life is not counted."""
    print(f"{name} …", file=sys.stderr, flush=True)
    take(readers, judge, paths[:CHUNK])
    wall, own = time.monotonic(), time.process_time()
    decided = take(readers, judge, paths)
    return Line(name, time.monotonic() - wall, time.process_time() - own), decided


@contextmanager
def farm(workers: int) -> Iterator[str]:
    """The address of a scheduler on loopback that has so many worker processes."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
    log = FOLDER / "machines.log"
    with log.open("wb") as said:
        code = "from flows.command import main; main()"
        environment = environment_with(WAREHOUSE_DASK_SCHEDULER=address)
        started = [
            subprocess.Popen([sys.executable, "-c", code, "dask", *what], stdout=said, stderr=said, env=environment)
            for what in (["scheduler"], ["worker", "--processes", str(workers)])
        ]
        try:
            deadline = time.monotonic() + START_SECONDS
            while log.read_text(encoding="utf-8", errors="replace").count("Registered to:") < workers:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"the workers did not start; see {log}")
                time.sleep(0.2)
            # Each imports Great Expectations for some seconds after it is there.
            time.sleep(10)
            yield address
        finally:
            for process in reversed(started):
                process.terminate()
                process.wait()


def table(lines: Sequence[Line], workbooks: int) -> str:
    """The lines in Markdown, each against the first."""
    head = (
        "| reading and judging | wall s | gain | CPU ms of the night's own process, a workbook |\n|---|---|---|---|\n"
    )
    first = lines[0].wall_seconds
    return head + "".join(
        f"| {line.name} | {line.wall_seconds:.1f} | {first / line.wall_seconds:.2f} × | {line.own_cpu_seconds / workbooks * 1000:.2f} |\n"
        for line in lines
    )


def measure(workbooks: int, counts: Sequence[int]) -> list[Line]:
    """Every contender on the same workbooks. Raises: DecisionsDifferError."""
    inbox = FOLDER / f"machines-{workbooks}"
    shutil.rmtree(inbox, ignore_errors=True)
    write_inbox(workbooks, FOLDER, inbox, lambda done, total: None)
    paths = sorted(path for path in inbox.glob("*.xlsx") if form_of(path.name))
    warm_up()
    lines: list[Line] = []
    expected: list[Any] | None = None

    def add(name: str, readers: Readers, judge: Callable[..., Any]) -> None:
        nonlocal expected
        line, decided = timed(name, readers, judge, paths)
        expected = expected or decided
        if decided != expected:
            raise DecisionsDifferError(name)
        lines.append(line)

    for readers in (1, 2):
        with ReaderPool(replace(load_settings(), readers=readers)) as pool:
            add(f"this process, reading children: {readers}", pool, decide)
    for count in counts:
        with farm(count) as address, Workers(replace(load_settings(), dask_scheduler=address)) as workers:
            add(f"Dask, worker processes on this machine: {count}", workers, workers.decide)
    return lines


def main() -> None:
    """Measure, print the table and keep it in `build/bench/machines.md`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.machines", description=__doc__)
    parser.add_argument("--workbooks", type=int, default=800, help="how many, at most 2352")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2], help="numbers of worker processes to try")
    asked = parser.parse_args()
    text = table(measure(asked.workbooks, asked.workers), asked.workbooks)
    (FOLDER / "machines.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
