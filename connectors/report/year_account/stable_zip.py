"""A ZIP whose bytes depend on nothing but what is in it."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

_FIRST_TIME = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a ZIP can name."""


def pack_stably(content: bytes) -> bytes:
    """The same ZIP with the same files in the same order, without the time at which each was packed."""
    packed = BytesIO()
    with ZipFile(BytesIO(content)) as old, ZipFile(packed, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            entry = ZipInfo(name, _FIRST_TIME)
            entry.compress_type = ZIP_DEFLATED
            new.writestr(entry, old.read(name))
    return packed.getvalue()
