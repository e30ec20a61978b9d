"""The moments at which a run makes something last: each commit and each rename. A run can be told to die right before or after one.

What dbt commits is not seen here (its driver is C); `tests.faults.proxy` sees it on the wire.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

WRITES = re.compile(r"\s*(insert|update|delete|copy|create|alter|drop|truncate|with|comment)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Watch:
    """What a run is told: where to write down how far it is, and the moment (from 1) at which it must die, if any."""

    progress: Path
    die_at: int = 0
    is_after: bool = False


@dataclass(slots=True)
class Moments:
    """The run's end of it: counts, tells and dies. The file of its progress holds `<number of moments> <where>`."""

    watch: Watch
    count: int = 0
    where: str = "start"
    _told: int = field(init=False)

    def __post_init__(self) -> None:
        self._told = os.open(self.watch.progress, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._tell()
        _on_commit(self.around)
        sys.addaudithook(self._on_rename)

    def come_to(self, where: str) -> None:
        """The run is now here."""
        self.where = where
        self._tell()

    def around(self, act: Callable[[], Any]) -> Any:
        """Do what makes something last."""
        self.count += 1
        self._tell()
        number = self.count
        self._perhaps_die(number, is_after=False)
        done = act()
        self._perhaps_die(number, is_after=True)
        return done

    def _on_rename(self, event: str, _: tuple[Any, ...]) -> None:
        # An audit hook sees a rename before it happens only.
        if event == "os.rename":
            self.around(lambda: None)

    def _perhaps_die(self, number: int, *, is_after: bool) -> None:
        if (number, is_after) == (self.watch.die_at, self.watch.is_after):
            os.killpg(0, signal.SIGKILL)

    def _tell(self) -> None:
        os.pwrite(self._told, f"{self.count:8} {self.where:40}".encode(), 0)


def read_progress(watch: Watch) -> tuple[int, str]:
    """How many moments the run has come through, and where it is or was."""
    number, _, where = watch.progress.read_text(encoding="utf-8").strip().partition(" ")
    return int(number or 0), where.strip() or "start"


def _on_commit(around: Callable[[Callable[[], Any]], Any]) -> None:
    leave, commit, execute = psycopg.Transaction.__exit__, psycopg.Connection.commit, psycopg.Cursor.execute

    def leaving(self: Any, kind: Any, error: Any, trace: Any) -> Any:
        return leave(self, kind, error, trace) if kind else around(lambda: leave(self, kind, error, trace))

    def committing(self: Any) -> Any:
        return around(lambda: commit(self))

    def executing(self: Any, query: Any, *arguments: Any, **options: Any) -> Any:
        conn = self.connection
        text = query if isinstance(query, str) else query.as_string(conn) if hasattr(query, "as_string") else ""
        is_alone = conn.autocommit and conn.info.transaction_status == TransactionStatus.IDLE
        if is_alone and WRITES.match(text):
            return around(lambda: execute(self, query, *arguments, **options))
        return execute(self, query, *arguments, **options)

    psycopg.Transaction.__exit__ = leaving  # type: ignore[method-assign]
    psycopg.Connection.commit = committing  # type: ignore[method-assign]
    psycopg.Cursor.execute = executing  # type: ignore[method-assign, assignment]
