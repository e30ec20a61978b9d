"""What the faults befall: something that takes a folder of workbooks into a database and publishes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import psycopg

from connectors.settings import Settings
from tests.faults.moments import Watch

Run = tuple[Callable[..., int], tuple[Any, ...]]
"""A run: a function of a module, called in a process of its own, and its arguments; it gives the exit code."""


class Subject(Protocol):
    """A loader, and how to look at what it did.

    Its history has two states: what stands before (a first release, so that readers have something), and what one command,
    repeated until it ends well, makes of it (the next release).
    """

    name: str
    good_codes: frozenset[int]
    """The exit codes of a run that has done its work."""
    looking: str
    """One statement, one snapshot: the release that a reader sees and a digest of all that it shows."""

    @staticmethod
    def warm_up(settings: Settings) -> None:
        """What all its runs need and begin with done: slow imports and the like, nothing that starts threads."""

    def before(self, settings: Settings, watch: Watch) -> Sequence[Run]:
        """The runs that make the state before, out of an empty database; the workbooks that they need are put in the inbox first."""

    def arrive(self, settings: Settings) -> None:
        """Put in the inbox what the command is to take in."""

    def command(self, settings: Settings, watch: Watch) -> Run:
        """The run that is hurt, and run again."""

    def dump(self, conn: psycopg.Connection[Any], settings: Settings) -> dict[str, list[str]]:
        """All that it knows, in a form in which two good histories are equal."""
