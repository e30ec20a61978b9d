"""The inbox as a place to put files: each appears whole, under a name of its own, and no other is ever replaced."""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Put:
    """One file put into the inbox; `is_new` is false where the same bytes lay there already."""

    source: Path
    target: Path
    is_new: bool


def put_into_inbox(inbox: Path, source: Path) -> Put:
    """Copy a file into the inbox, durably. Raises: OSError if either cannot be used."""
    inbox.mkdir(parents=True, exist_ok=True)
    data = source.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    # A hidden name: sources leave those alone until the file has its own.
    part = inbox / f".{secrets.token_hex(8)}.part"
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        for name in (source.name, f"{source.stem}-{digest[:8]}{source.suffix}"):
            target = inbox / name
            if _give_name(part, target):
                return Put(source, target, is_new=True)
            if target.read_bytes() == data:
                return Put(source, target, is_new=False)
        raise FileExistsError(f"{source.name} and its name by content are both taken in {inbox}")
    finally:
        part.unlink(missing_ok=True)


def files_under(paths: tuple[Path, ...]) -> list[Path]:
    """The files that people mean: those named, and all that are not hidden in the folders named, by name."""
    found: list[Path] = []
    for path in paths:
        inside = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        found += [p for p in inside if not p.name.startswith((".", "~$"))]
    return found


def _give_name(part: Path, target: Path) -> bool:
    """Link the finished copy to its name, which is refused where the name is taken."""
    try:
        target.hardlink_to(part)
    except FileExistsError:
        return False
    return True
