"""What other accounts of a machine can see of our processes, and what their own account can: command lines and environments."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

EVERY_SECONDS = 0.2
MOST_LOOKS = 5
"""At one process: it becomes another program soon after its birth or not at all."""


class ProcessList:
    """Looks at all processes for as long as the block runs; `environments` are kept by command line."""

    def __init__(self) -> None:
        self.command_lines: set[bytes] = set()
        self.environments: dict[bytes, bytes] = {}
        self._looks: Counter[str] = Counter()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._is_over.set()
        self._thread.join()

    def _look_on(self) -> None:
        while not self._is_over.wait(EVERY_SECONDS):
            folders = list(Path("/proc").glob("[0-9]*"))
            # Numbers are given again.
            self._looks = Counter({folder.name: self._looks[folder.name] for folder in folders})
            for folder in folders:
                if self._looks[folder.name] == MOST_LOOKS:
                    continue
                self._looks[folder.name] += 1
                # It may have ended, or be another account's.
                with suppress(OSError):
                    line = (folder / "cmdline").read_bytes()
                    if line and line not in self.environments:
                        self.command_lines.add(line)
                        self.environments[line] = (folder / "environ").read_bytes()
