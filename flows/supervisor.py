"""A service that is started again when it dies, or runs and does not work: at once the first time, later after a pause that doubles."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from flows.children import Service, stop_service
from flows.failures import ServiceStopped
from flows.signs_of_life import Life, Sign

MEMORY_SECONDS = 600.0
"""A death longer ago is forgotten."""

LONGEST_PAUSE = 60.0

MOST_DEATHS = 10
"""So many deaths within `MEMORY_SECONDS` are no accident; whoever started us is told, and may start us again."""


@dataclass(slots=True)
class Supervised:
    """A service, how it is started, what tells whether it works, and when it died."""

    start: Callable[[], Service]
    service: Service
    sign: Sign | None = None
    life: Life = "up"
    deaths: list[float] = field(default_factory=list)
    start_at: float | None = None
    """When it is to be started again, in monotonic seconds; None while it runs."""

    def how(self) -> Life:
        """How it stands now."""
        return self.life if self.start_at is None and self.service.is_alive else "down"

    def tend(self, say: Callable[[str, str], None]) -> None:
        """End it if it hangs, and start it again if it has died and its pause is over. Raises: ServiceStopped if it keeps dying."""
        now = time.monotonic()
        if self.start_at is None:
            is_hung = self.service.is_alive and self._hangs()
            if is_hung:
                self._kill()
            code = self.service.process.poll()
            if code is None:
                return
            self._mourn(code, now, say, is_hung=is_hung)
        if self.start_at is not None and now >= self.start_at:
            self.service = self.start()
            self.start_at = None
            self.life = "silent" if self.sign else "up"
            if self.sign:
                self.sign.begin()

    def stop(self) -> None:
        """End it and what it left."""
        stop_service(self.service)

    def _hangs(self) -> bool:
        found = self.sign.look() if self.sign else "up"
        self.life = "silent" if found == "lost" else found
        return found == "lost"

    def _kill(self) -> None:
        """End it without asking: what hangs, or is stopped, hears no SIGTERM."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.service.process.pid, signal.SIGKILL)
        # What even that does not end (it waits for a disk) is waited for in the next rounds.
        with suppress(subprocess.TimeoutExpired):
            self.service.process.wait(5)

    def _mourn(self, code: int, now: float, say: Callable[[str, str], None], *, is_hung: bool) -> None:
        # What it left behind in its group must not work on beside its successor.
        stop_service(self.service)
        self.deaths = [*(at for at in self.deaths if now - at < MEMORY_SECONDS), now]
        name, log = self.service.name, str(self.service.log)
        if len(self.deaths) >= MOST_DEATHS:
            raise ServiceStopped(name, code, log)
        pause = min(LONGEST_PAUSE, 2.0 ** (len(self.deaths) - 2)) if len(self.deaths) > 1 else 0.0
        self.start_at = now + pause
        zh = "在运行而没有应答，已强行结束" if is_hung else f"意外停止（退出码 {code}）"
        en = "ran and did not answer, was killed" if is_hung else f"ended by itself (exit code {code})"
        say(
            f"服务 {name} {zh}，{pause:.0f} 秒后重新启动；日志：{log}",
            f"The service {name} {en} and is started again in {pause:.0f} s; log: {log}",
        )
