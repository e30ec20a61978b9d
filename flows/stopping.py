"""Being told to stop: SIGTERM ends a command in the same order as Ctrl-C, with everything closed that it had opened."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class Terminated(KeyboardInterrupt):
    """SIGTERM came; every library that stops in order for Ctrl-C does so for this."""


@contextmanager
def stopping_in_order() -> Iterator[Callable[[], None]]:
    """For as long as the block runs, SIGTERM raises `Terminated` and SIGINT `KeyboardInterrupt` in the main thread.

    Python drops what is raised while it collects garbage, and prints it; that is kept from people here. The block is given a
    function to call between its steps, which raises again what it was told and is still there to hear it.
    """
    told: list[type[KeyboardInterrupt]] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        told.append(Terminated if number == signal.SIGTERM else KeyboardInterrupt)
        raise told[-1]

    def check() -> None:
        if told:
            raise told[-1]

    say_unraisable = sys.unraisablehook

    def overhear(unraisable: sys.UnraisableHookArgs) -> None:
        if not (told and issubclass(unraisable.exc_type, KeyboardInterrupt)):
            say_unraisable(unraisable)

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    sys.unraisablehook = overhear
    try:
        yield check
    finally:
        sys.unraisablehook = say_unraisable
        for number, handler in before.items():
            signal.signal(number, handler)
