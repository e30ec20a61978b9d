"""Whether a service that runs also works: one that is asked and answers, and one that tells by itself.

Silence is counted in questions and in rounds, never in time by the clock: a machine that was asleep, or a container that was frozen, has
a long silence behind it in which nobody was asked, and nothing of it hangs.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

Life = Literal["up", "silent", "down"]
"""How a service stands: it works; it runs and gives no sign; it does not run, or is not ready yet."""

DEADLINE_SECONDS = 10.0
"""For one answer. Prefect's `/health` asks no database: 5 ms on a quiet machine, and a Postgres that hangs is not the server's fault."""

EVERY_SECONDS = 5.0
MOST_UNANSWERED = 3
"""So many questions in a row, 45 s of them: a busy machine misses one, hardly three."""

MOST_ROUNDS = 120
"""Rounds of a second without a beat before a worker is taken for hung: it costs the runs that it has, so it is waited for longer."""

ROUNDS_TOLD = 30
"""Rounds without a beat after which that is told."""

BEAT_SECONDS = 5.0


class Sign(Protocol):
    """What tells whether a service works."""

    def begin(self) -> None:
        """Another process has been started: what was before it is forgotten, and it may take its time to start."""

    def look(self) -> Literal["up", "silent", "lost"]:
        """How it stands, asked once a round: it works, it has given no sign lately, or it has not for too long."""


@dataclass(slots=True)
class Answers:
    """Asks a service again and again, in a thread of its own, so that whoever looks never waits. `ask` keeps a deadline of its own.

    `starts_within` are the questions that may stay unanswered before the first answer of a process.
    """

    ask: Callable[[], bool]
    starts_within: int
    every: float = EVERY_SECONDS
    _unanswered: int = 0
    _has_answered: bool = True
    _process: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _ended: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Begin to ask; the service has just answered."""
        threading.Thread(target=self._go_on_asking, name="asks whether it answers", daemon=True).start()

    def end(self) -> None:
        """Ask no more."""
        self._ended.set()

    def begin(self) -> None:
        """Another process has been started."""
        with self._lock:
            self._process, self._unanswered, self._has_answered = self._process + 1, 0, False

    def look(self) -> Literal["up", "silent", "lost"]:
        """How it stands."""
        with self._lock:
            if self._unanswered >= (MOST_UNANSWERED if self._has_answered else self.starts_within):
                return "lost"
            return "silent" if self._unanswered or not self._has_answered else "up"

    def _go_on_asking(self) -> None:
        while not self._ended.wait(self.every):
            asked = self._process
            is_answered = self.ask()
            with self._lock:
                if asked != self._process:
                    # The answer, or its absence, is that of a process that is gone.
                    continue
                self._has_answered = self._has_answered or is_answered
                self._unanswered = 0 if is_answered else self._unanswered + 1


@dataclass(slots=True)
class Beats:
    """Counts the rounds since a service has told that it works. `starts_within` are the rounds that the first beat may take."""

    starts_within: int
    _rounds: int = 0
    _has_beaten: bool = False

    def beat(self) -> None:
        """The service has told that it works."""
        self._rounds, self._has_beaten = 0, True

    def begin(self) -> None:
        """Another process has been started."""
        self._rounds, self._has_beaten = 0, False

    def look(self) -> Literal["up", "silent", "lost"]:
        """How it stands; this is a round."""
        self._rounds += 1
        if self._rounds > (MOST_ROUNDS if self._has_beaten else self.starts_within):
            return "lost"
        return "silent" if self._rounds > ROUNDS_TOLD else "up"
