"""Files that are whole or not there."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

DRAFT_DAYS = 1
"""A draft that nobody has written in for so long is that of a run that was killed."""


def write_whole(target: Path, content: bytes) -> None:
    """Put the content at `target`: a reader who has the old file open, or a run killed here, never meets half of it."""
    _clear_away(target)
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    draft.write_bytes(content)
    draft.replace(target)


def _clear_away(target: Path) -> None:
    """Remove the drafts of this file that killed runs left."""
    oldest = time.time() - DRAFT_DAYS * 86_400
    # Another writer may be clearing away too.
    with suppress(FileNotFoundError):
        for draft in target.parent.glob(f".{target.name}.*"):
            if draft.stat().st_mtime < oldest:
                draft.unlink(missing_ok=True)
