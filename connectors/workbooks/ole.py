"""The streams of an OLE compound file, which `.xls`, `.et` and `.wps` workbooks come in.

Source: MS-CFB. Only what finding one stream by its name takes.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from connectors.workbooks.refusal import RefusedError, damaged

_NO_SECTOR = 0xFFFFFFFA
"""From here on a number marks an end or a free place, and is no sector."""

_SMALL = 4096
"""A shorter stream lies in pieces of 64 bytes within the stream of the root."""


def stream(data: bytes, *names: str) -> bytes:
    """The bytes of the first stream there is of these names. Raises: RefusedError (damaged) if there is none or it is cut off."""
    try:
        return _stream(data, names)
    except (struct.error, IndexError, StopIteration) as error:
        raise _cut_off() from error


def _stream(data: bytes, names: Sequence[str]) -> bytes:
    size = 1 << struct.unpack_from("<H", data, 30)[0]
    if size not in (512, 4096):
        raise _cut_off()
    sectors = [data[at : at + size] for at in range(size, len(data), size)]
    directory_at, mini_at = struct.unpack_from("<I", data, 48)[0], struct.unpack_from("<I", data, 60)[0]
    table = _numbers(b"".join(sectors[n] for n in _table_sectors(data, sectors) if n < len(sectors)))
    directory = _chain(directory_at, table, sectors)
    entries: dict[str, tuple[int, int, int]] = {}
    for at in range(0, len(directory) - 127, 128):
        letters = struct.unpack_from("<H", directory, at + 64)[0]
        name = directory[at : at + max(letters - 2, 0)].decode("utf-16-le", "replace")
        start, length = struct.unpack_from("<II", directory, at + 116)
        entries.setdefault(name, (start, length, directory[at + 66]))
    found = next((entries[name] for name in names if name in entries), None)
    if found is None:
        raise damaged("文件中没有工作簿内容", "there is no workbook in it")
    start, length, _ = found
    if length >= _SMALL:
        return _chain(start, table, sectors)[:length]
    root = next(entry for entry in entries.values() if entry[2] == 5)
    held = _chain(root[0], table, sectors)
    pieces = [held[at : at + 64] for at in range(0, len(held), 64)]
    return _chain(start, _numbers(_chain(mini_at, table, sectors)), pieces)[:length]


def _table_sectors(data: bytes, sectors: Sequence[bytes]) -> list[int]:
    """The sectors that the table of sectors itself lies in: 109 named in the head, the others in a chain of their own."""
    named = [n for n in struct.unpack_from("<109I", data, 76) if n < _NO_SECTOR]
    more = struct.unpack_from("<I", data, 68)[0]
    for _ in sectors:
        if more >= _NO_SECTOR:
            break
        numbers = _numbers(sectors[more])
        named += [n for n in numbers[:-1] if n < _NO_SECTOR]
        more = numbers[-1]
    return named


def _chain(start: int, table: Sequence[int], sectors: Sequence[bytes]) -> bytes:
    found, at = [], start
    while at < _NO_SECTOR:
        found.append(sectors[at])
        at = table[at]
        if len(found) > len(sectors):
            raise _cut_off()
    return b"".join(found)


def _numbers(data: bytes) -> tuple[int, ...]:
    return struct.unpack_from(f"<{len(data) // 4}I", data)


def _cut_off() -> RefusedError:
    return damaged("文件不完整", "the file is cut off")
