"""A service that is started again when it dies: at once the first time, later after a pause that doubles."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from flows.children import Service, stop_service
from flows.failures import ServiceStopped

MEMORY_SECONDS = 600.0
"""A death longer ago is forgotten."""

LONGEST_PAUSE = 60.0

MOST_DEATHS = 10
"""So many deaths within `MEMORY_SECONDS` are no accident; whoever started us is told, and may start us again."""


@dataclass(slots=True)
class Supervised:
    """A service, how it is started, and when it died."""

    start: Callable[[], Service]
    service: Service
    deaths: list[float] = field(default_factory=list)
    start_at: float | None = None
    """When it is to be started again, in monotonic seconds; None while it runs."""

    @property
    def is_alive(self) -> bool:
        """Whether it runs now."""
        return self.start_at is None and self.service.is_alive

    def tend(self, say: Callable[[str, str], None]) -> None:
        """Start it again if it has died and its pause is over. Raises: ServiceStopped if it keeps dying."""
        now = time.monotonic()
        if self.start_at is None:
            code = self.service.process.poll()
            if code is None:
                return
            self._mourn(code, now, say)
        if self.start_at is not None and now >= self.start_at:
            self.service = self.start()
            self.start_at = None

    def stop(self) -> None:
        """End it and what it left."""
        stop_service(self.service)

    def _mourn(self, code: int, now: float, say: Callable[[str, str], None]) -> None:
        # What it left behind in its group must not work on beside its successor.
        stop_service(self.service)
        self.deaths = [*(at for at in self.deaths if now - at < MEMORY_SECONDS), now]
        name, log = self.service.name, str(self.service.log)
        if len(self.deaths) >= MOST_DEATHS:
            raise ServiceStopped(name, code, log)
        pause = min(LONGEST_PAUSE, 2.0 ** (len(self.deaths) - 2)) if len(self.deaths) > 1 else 0.0
        self.start_at = now + pause
        say(
            f"服务 {name} 意外停止（退出码 {code}），{pause:.0f} 秒后重新启动；日志：{log}",
            f"The service {name} ended by itself (exit code {code}) and is started again in {pause:.0f} s; log: {log}",
        )
