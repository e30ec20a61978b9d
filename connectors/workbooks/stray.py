"""Files that nobody means to send: lock files, temporary and hidden ones, and what a system leaves in every folder."""

from __future__ import annotations

from pathlib import PurePosixPath

IGNORED_ENDINGS = (".tmp", ".part", ".partial", ".crdownload", ".download", ".swp")
IGNORED_NAMES = frozenset(("thumbs.db", "desktop.ini"))
IGNORED_FOLDER = "__macosx"


def is_stray(relative: PurePosixPath) -> bool:
    """Whether a file with this name, below its folder or in its zip, is no delivery."""
    name = relative.name.lower()
    return (
        any(part.startswith(".") or part.lower() == IGNORED_FOLDER for part in relative.parts)
        or name.startswith("~$")
        or name.endswith(IGNORED_ENDINGS)
        or name in IGNORED_NAMES
    )
