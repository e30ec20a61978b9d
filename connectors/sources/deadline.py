"""How long a look at a source may last, whoever keeps it waiting.

The thread that looks asks `left_seconds` before it waits for anything. A thread that does not come back all the same is shut out:
what it waits for is closed under it, and from then on it can write nothing down.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from connectors.sources.errors import SourceOverdue

LONGEST_SILENCE_SECONDS = 30.0
"""No single answer of a server is waited for longer than this, however much time is left."""


class Deadline:
    """The end of the time of one look."""

    def __init__(self, source_id: str, seconds: float) -> None:
        self.source_id, self.seconds = source_id, seconds
        self.ends_at = time.monotonic() + seconds
        self._is_closed = threading.Event()
        self._writing = threading.Lock()
        self._closers: list[Callable[[], None]] = []

    def left_seconds(self) -> float:
        """How much time is left. Raises: SourceOverdue where none is."""
        left = self.ends_at - time.monotonic()
        if left <= 0 or self._is_closed.is_set():
            raise SourceOverdue(self.source_id, self.seconds)
        return left

    def patience_seconds(self) -> float:
        """How long to wait for the next answer. Raises: SourceOverdue."""
        return min(self.left_seconds(), LONGEST_SILENCE_SECONDS)

    def pause(self, seconds: float) -> bool:
        """Wait so long; false at once where there is no time for that, or when shut out meanwhile."""
        if time.monotonic() + seconds >= self.ends_at:
            return False
        return not self._is_closed.wait(seconds)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """What is done inside is done whole or, after the look was shut out, not at all. Raises: SourceOverdue."""
        with self._writing:
            if self._is_closed.is_set():
                raise SourceOverdue(self.source_id, self.seconds)
            yield

    def on_close(self, closer: Callable[[], None]) -> None:
        """Have this called when the look is shut out: it ends what the thread waits for."""
        self._closers.append(closer)

    def close(self) -> None:
        """Shut the look out, once what it is writing down is written. Safe to repeat."""
        with self._writing:
            self._is_closed.set()
        for closer in self._closers:
            # Hanging up on a server that stands still may take as long as it likes.
            threading.Thread(target=_quietly, args=(closer,), daemon=True).start()


def _quietly(closer: Callable[[], None]) -> None:
    # Closing what is broken may fail in any way; the thread of the look sees that for itself.
    with suppress(Exception):
        closer()
