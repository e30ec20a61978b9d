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
    target, is_new = put_bytes(inbox, source.name, source.read_bytes())
    return Put(source, target, is_new)


def put_bytes(folder: Path, file_name: str, data: bytes) -> tuple[Path, bool]:
    """Put bytes into a folder of the inbox, durably: where they lie now, and whether they are new there. Raises: OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(data).hexdigest()
    # A hidden name: sources leave those alone until the file has its own.
    part = folder / f".{secrets.token_hex(8)}.part"
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        stem, suffix = Path(file_name).stem, Path(file_name).suffix
        for name in (file_name, f"{stem}-{digest[:8]}{suffix}"):
            target = folder / name
            if _give_name(part, target):
                return target, True
            if target.read_bytes() == data:
                return target, False
        raise FileExistsError(f"{file_name} and its name by content are both taken in {folder}")
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
