"""What is inside of files: members of zips, also of torn ones and of those within other files, and streams of gzip and zlib."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

MOST_BYTES = 64 * 2**20
"""Of one stream; nothing that the product or the tests write is larger."""

DEEPEST = 4
"""A workbook in a zip in a mail in a zip."""

FEWEST_BYTES = 4
"""What comes out of two bytes that only look like the head of a stream."""

ZIP_MEMBER, GZIP, ZLIB = b"PK\x03\x04", b"\x1f\x8b\x08", rb"\x78[\x01\x5e\x9c\xda]"
NOT_OPENED = {"zstd": b"\x28\xb5\x2f\xfd", "lz4": b"\x04\x22\x4d\x18"}
"""Streams that nothing here can open, so that where they are has to be known."""

_LONG_VOID = re.compile(rb"\x00{512,}")
_LINE_ENDS = re.compile(rb"[\r\n]+[ \t]?")


def views(data: bytes, depth: int = 0) -> Iterator[tuple[str, bytes]]:
    """The bytes themselves, without their line ends where they are text, and all that is packed in them, each with what it was in."""
    yield "", _LONG_VOID.sub(bytes(64), data)
    if b"\n" in data and b"\x00" not in data:
        # Base64 in mails and certificates is broken into lines.
        yield "lines joined", _LINE_ENDS.sub(b"", data)
    if depth == DEEPEST:
        return
    for kind, inner in _unpacked(data):
        yield kind, b""
        for deeper, content in views(inner, depth + 1):
            yield f"{kind} {deeper}".strip(), content


def closed_streams(data: bytes) -> set[str]:
    """The kinds of streams that begin in the bytes and cannot be opened here."""
    return {kind for kind, magic in NOT_OPENED.items() if data.startswith(magic)}


def _unpacked(data: bytes) -> Iterator[tuple[str, bytes]]:
    at = data.find(ZIP_MEMBER)
    while at >= 0:
        member = data[at : at + 30]
        if len(member) == 30 and int.from_bytes(member[8:10], "little") == 8:
            begin = at + 30 + int.from_bytes(member[26:28], "little") + int.from_bytes(member[28:30], "little")
            if inner := _inflate(data, begin, -zlib.MAX_WBITS):
                yield "zip", inner
        at = data.find(ZIP_MEMBER, at + 4)
    at = data.find(GZIP)
    while at >= 0:
        if inner := _inflate(data, at, zlib.MAX_WBITS | 16):
            yield "gzip", inner
        at = data.find(GZIP, at + 3)
    for head in re.finditer(ZLIB, data):
        if inner := _inflate(data, head.start(), zlib.MAX_WBITS):
            yield "zlib", inner


def _inflate(data: bytes, begin: int, bits: int) -> bytes:
    """What the stream holds, as far as it goes: a torn one is read up to the tear."""
    stream = zlib.decompressobj(bits)
    out = bytearray()
    view = memoryview(data)
    piece = 4096
    try:
        while begin < len(data) and not stream.eof and len(out) < MOST_BYTES:
            out += stream.decompress(view[begin : begin + piece])
            begin, piece = begin + piece, 2**20
    except zlib.error:
        pass
    return bytes(out) if len(out) >= FEWEST_BYTES else b""
