"""A reader who looks 20 times a second, all the time, and once when all is over: every look must show one release, whole, and never an older
one than before."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import psycopg

HERTZ = 20


@dataclass(slots=True)
class Looks:
    """What the looks showed. `unanswered`: the server was away or cut the connection."""

    answered: int = 0
    unanswered: int = 0
    mixed: list[str] = field(default_factory=list)
    """One text for each look that was not one whole release, or went back to an older one."""


class Reader:
    """Looks from the beginning of the block to its end. A look is one statement, hence one snapshot."""

    def __init__(self, url: str, looking: str, releases: Mapping[int, str]) -> None:
        self.looks = Looks()
        self._url, self._looking, self._releases = url, looking, releases
        self._newest = min(releases)
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look_all_the_time, name="reader", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._thread.join()
        # What a short case leaves is seen, however busy the machine was.
        with suppress(psycopg.OperationalError), closing(psycopg.connect(self._url, autocommit=True)) as conn:
            self._look(conn)

    def _look_all_the_time(self) -> None:
        while not self._is_over.is_set():
            with suppress(psycopg.OperationalError), closing(psycopg.connect(self._url, autocommit=True)) as conn:
                while not self._is_over.is_set():
                    began = time.monotonic()
                    self._look(conn)
                    self._is_over.wait(max(0.0, 1 / HERTZ - (time.monotonic() - began)))
            if not self._is_over.is_set():
                self.looks.unanswered += 1
                self._is_over.wait(1 / HERTZ)

    def _look(self, conn: psycopg.Connection[tuple[int | None, str]]) -> None:
        try:
            [(release, digest)] = conn.execute(self._looking).fetchall()  # type: ignore[call-overload]
        except psycopg.ProgrammingError as error:
            # A table that readers know is not there.
            self.looks.answered += 1
            self.looks.mixed.append(type(error).__name__)
            return
        self.looks.answered += 1
        if release is None or self._releases.get(release) != digest:
            self.looks.mixed.append(f"release {release} is not whole")
        elif release < self._newest:
            self.looks.mixed.append(f"release {release} after {self._newest}")
        else:
            self._newest = release
