"""How much a zip may hold: told from its directory, before anything is inflated."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Sequence

MAX_INFLATED_BYTES = 200_000_000
"""A million formatted rows come to about a third of this."""

MAX_RATIO, RATIO_FROM_BYTES = 400, 5_000_000
"""Rows of the same cells shrink about a hundredfold, a bomb a thousandfold."""

BROKEN_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    NotImplementedError,
    OverflowError,
    ValueError,
)
"""What `zipfile` raises of a zip that is cut off, changed on its way, or made by nobody."""


def is_beyond_limits(infos: Sequence[zipfile.ZipInfo]) -> bool:
    """Whether these parts inflate to more than a file of ours ever has, or shrank more than typing can."""
    inflated, deflated = inflated_bytes(infos), sum(info.compress_size for info in infos)
    return inflated > MAX_INFLATED_BYTES or (inflated > RATIO_FROM_BYTES and inflated > MAX_RATIO * max(deflated, 1))


def inflated_bytes(infos: Sequence[zipfile.ZipInfo]) -> int:
    """What these parts come to; `zipfile` never gives more of a part than its directory declares."""
    return sum(info.file_size for info in infos)
