"""The faults, each drawn from a seed, and the case: they hit run after run, then the same command is given until it ends well."""

from __future__ import annotations

import os
import random
import re
import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from connectors.postgres import ensure_database, status
from tests.faults.ground import Ended, Ground, files_of
from tests.faults.moments import read_progress
from tests.faults.reader import Reader
from tests.faults.tally import Tally

LONGEST_SECONDS = 240
"""A run that has not ended by then hangs, and somebody would have to end it."""

LEFTOVER = re.compile(r"(^|/)(\.[^/]*|[^/]*\.\d+)$")
"""What drafts are named: hidden, or ending with the pid of who wrote them."""


class Fault(Protocol):
    """Something that happens to a run."""

    def befall(self, ground: Ground) -> Ended:
        """Let a run meet the fault; gives how it ended."""


@dataclass(frozen=True, slots=True)
class Kill:
    """SIGKILL of the run's whole process group after so much of the time of an undisturbed one."""

    share: float

    def befall(self, ground: Ground) -> Ended:
        """Run and kill."""
        return _run(ground, self.share, lambda pid: os.killpg(pid, signal.SIGKILL))


@dataclass(frozen=True, slots=True)
class KillAtMoment:
    """SIGKILL right before or after a commit or rename, of all those in an undisturbed run."""

    number: int
    is_after: bool

    def befall(self, ground: Ground) -> Ended:
        """Run and die."""
        return _run(ground, None, None, self.number, is_after=self.is_after)


@dataclass(frozen=True, slots=True)
class KillServer:
    """SIGKILL of the postmaster after so much of the time of an undisturbed run; of all its processes, as a power cut would, or of it alone."""

    share: float
    is_whole: bool

    def befall(self, ground: Ground) -> Ended:
        """Run, and kill the server."""

        def kill(_: int) -> None:
            postmaster = status(ground.settings).pid
            if postmaster is None:
                return
            children = _children(postmaster) if self.is_whole else []
            for pid in (postmaster, *children):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

        return _run(ground, self.share, kill)


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection is cut at a commit, of all those that an undisturbed run makes: before it reaches the server, or after, before its answer
    comes back."""

    number: int
    is_after: bool

    def befall(self, ground: Ground) -> Ended:
        """Run by the proxy, and cut; the ground's next run goes by it too, and nothing is cut any more."""
        ground.is_by_proxy = True
        ground.proxy.expect(self.number, is_after=self.is_after)
        ended = _run(ground, None, None)
        where = ground.proxy.commits[self.number - 1] if ground.proxy.has_cut else ended.where
        ground.proxy.expect()
        return replace(ended, where=f"{'after' if self.is_after else 'before'} commit of {where}")


def draw_kill(chance: random.Random, ground: Ground) -> Fault:
    """Half of them at any time, half at the commits and renames."""
    if chance.random() < 0.5:
        return Kill(chance.random())
    return KillAtMoment(chance.randint(1, ground.undisturbed.moments), chance.random() < 0.5)


def suffer(ground: Ground, case: str, faults: Sequence[Fault], tally: Tally) -> None:
    """One case: the state before, the faults, the same command once more, and what came of it."""
    began = time.monotonic()
    good = ground.subject.good_codes
    ground.put_back()
    ground.is_by_proxy = False
    with Reader(ensure_database(ground.settings), ground.subject.looking, ground.releases) as reader:
        ended = None
        for fault in faults:
            ended = fault.befall(ground)
            has_hit = ended.code not in good
            tally.hits[f"{type(fault).__name__} in {ended.where}"] += has_hit
            tally.missed += not has_hit
        _age(ground)
        if ended is None or ended.code not in good:
            ended = _run(ground, None, None)
    if ended.code not in good:
        tally.hand_work += 1
        tally.details.append(f"{case}: the same command again ended with {ended.code} in {ended.where}")
    tally.read(case, reader.looks)
    tally.compare(case, ground.expected, ground.dump())
    left = _drafts(ground)
    tally.leftovers += len(left)
    tally.details += [f"{case}: left behind: {name}" for name in sorted(left)]
    tally.cases += 1
    tally.seconds += time.monotonic() - began
    if progress := os.environ.get("WAREHOUSE_TEST_PROGRESS"):
        Path(f"{progress}.{os.getpid()}").write_text(f"{tally}\n")


def _drafts(ground: Ground) -> list[str]:
    return [name for name in set(files_of(ground.settings.home)) - ground.files if LEFTOVER.search(name)]


def _age(ground: Ground) -> None:
    """Let two days pass over what killed runs left half written: drafts are cleared away when nobody can be writing them any more."""
    long_ago = time.time() - 2 * 86_400
    for name in _drafts(ground):
        os.utime(ground.settings.home / name, (long_ago, long_ago))


def _run(
    ground: Ground,
    share: float | None,
    strike: Callable[[int], None] | None,
    die_at: int = 0,
    *,
    is_after: bool = False,
) -> Ended:
    watch = ground.watch(die_at, is_after=is_after)
    run, arguments = ground.command(watch)
    began = time.monotonic()
    pid = ground.nursery.start(run, *arguments)
    hang = threading.Timer(LONGEST_SECONDS, os.killpg, (pid, signal.SIGKILL))
    hang.start()
    try:
        if strike is not None and share is not None:
            time.sleep(share * ground.undisturbed.seconds)
            strike(pid)
        code = ground.nursery.wait(pid)
    finally:
        hang.cancel()
    return Ended(code, time.monotonic() - began, *read_progress(watch))


def _children(pid: int) -> list[int]:
    return [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
