"""The home folder: made, written in without halves, and shared between processes without harm."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from connectors.errors import FolderBusy, FolderUnwritable
from connectors.settings import Settings


def make_home(settings: Settings) -> None:
    """Make the home if it is not there: ours alone, and for root passable, because the server's account lives inside.

    Raises: FolderUnwritable.
    """
    try:
        if settings.home.is_dir():
            return
        settings.home.mkdir(parents=True, exist_ok=True)
        settings.home.chmod(0o711 if os.geteuid() == 0 else 0o700)
    except OSError as error:
        raise FolderUnwritable(str(settings.home), error.strerror or str(error)) from error


def write_private(path: Path, text: str) -> None:
    """Write a file of mode 0600, whole or not at all, and on the disk when this returns."""
    temporary = path.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


@contextmanager
def new_private_file(path: Path) -> Iterator[TextIO]:
    """A text file of mode 0600 that nothing was at before, as no link may be. Raises: FileExistsError and other OSError."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        yield file


def settle(path: Path) -> None:
    """Make a file's bytes, or the names in a folder, survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def file_lock(path: Path, patience_seconds: int = 120) -> Iterator[None]:
    """Hold `path` alone until the block ends; the system lets go of it when the holder dies.

    Raises: FolderBusy when another process holds it for too long, FolderUnwritable when it cannot be made.
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise FolderUnwritable(str(path.parent), error.strerror or str(error)) from error
    try:
        deadline = time.monotonic() + patience_seconds
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise FolderBusy(str(path), patience_seconds) from None
                time.sleep(0.05)
        yield
    finally:
        os.close(handle)
