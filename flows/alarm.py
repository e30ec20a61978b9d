"""The alarm of `warehouse serve`: SIGTERM and SIGINT, as something that a loop can wait for beside other things."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType


@dataclass(slots=True)
class Alarm:
    """Set by SIGTERM and SIGINT; `descriptor` becomes readable then, so that whoever waits wakes up."""

    descriptor: int
    is_told: bool = False


@contextmanager
def until_signal() -> Iterator[Alarm]:
    """An alarm that SIGTERM and SIGINT set, for as long as the block runs."""
    waiting, waking = os.pipe()
    alarm = Alarm(waiting)

    def tell(_number: int, _frame: FrameType | None) -> None:
        alarm.is_told = True
        os.write(waking, b"!")

    before = {number: signal.signal(number, tell) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield alarm
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(waiting)
        os.close(waking)
