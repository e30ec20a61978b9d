"""What is searched for: every mark in every way in which a program may have written it, found in one pass over the bytes."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import polars as pl

RAW = ("utf-8", "utf-16-le", "utf-16-be", "gb18030")

SHORTEST_CORE = 8
"""Fewer characters of Base64 than this would be found by chance in a gigabyte."""

CONTEXT_BYTES = 40


@dataclass(frozen=True, slots=True)
class Found:
    """A mark that was found: whose or which, written how, and the bytes around the first place."""

    mark: str
    way: str
    context: bytes


class Needles:
    """Marks by their names, ready to be searched for."""

    def __init__(self, marks: Mapping[str, str | bytes]) -> None:
        self.patterns: dict[bytes, tuple[str, str]] = {}
        for name, text in marks.items():
            for way, pattern in ways_to_write(text) if isinstance(text, str) else ways_to_write_bytes(text):
                self.patterns.setdefault(pattern, (name, way))
        # Aho-Corasick over text: bytes as the characters of the same number.
        self._asked = pl.Series([pattern.decode("latin-1") for pattern in self.patterns]).implode()

    def find(self, data: bytes) -> Iterator[Found]:
        """Each pattern that the bytes hold, once, with its first place."""
        return (found for _, found in self.find_in([data]))

    def find_in(self, pieces: Sequence[bytes]) -> Iterator[tuple[int, Found]]:
        """The same for many pieces at once, with the number of each: to make ready costs a tenth of a second."""
        text = pl.Series([data.decode("latin-1") for data in pieces], dtype=pl.String)
        for number, hits in enumerate(text.str.extract_many(self._asked, overlapping=True)):
            for hit in hits.unique():
                pattern, data = hit.encode("latin-1"), pieces[number]
                at = data.index(pattern)
                around = data[max(at - CONTEXT_BYTES, 0) : at + len(pattern) + CONTEXT_BYTES]
                yield number, Found(*self.patterns[pattern], around)


def ways_to_write(text: str) -> Iterator[tuple[str, bytes]]:
    """Every way to write a text that a log, a database, a page or a mail may have used."""
    for charset in RAW:
        raw = text.encode(charset)
        yield charset, raw
        for alignment in range(3):
            core = _base64_core(raw, alignment)
            if len(core) >= SHORTEST_CORE:
                yield f"base64 of {charset}, {alignment}", core
                yield f"base64 for URLs of {charset}, {alignment}", core.translate(bytes.maketrans(b"+/", b"-_"))
    for charset in ("utf-8", "gb18030"):
        raw = text.encode(charset)
        yield f"percent of {charset}", _percent(raw, "%{:02X}")
        yield f"percent of {charset}, small", _percent(raw, "%{:02x}")
        yield f"bytes of {charset} as Python shows them", _percent(raw, "\\x{:02x}")
        yield f"hex of {charset}", raw.hex().encode()
        yield f"hex of {charset}, capitals", raw.hex().upper().encode()
        if quote(raw, safe="") != text:
            yield f"percent of all in {charset}", quote(raw, safe="").encode()
            yield (
                f"percent of all in {charset}, small",
                re.sub(r"%..", lambda code: code[0].lower(), quote(raw, safe="")).encode(),
            )
    yield "JSON of PHP", text.replace("/", "\\/").encode()
    for name, form in (
        ("JSON", "\\u{:04x}"),
        ("JSON, capitals", "\\u{:04X}"),
        ("JSON in JSON", "\\\\u{:04x}"),
        ("XML", "&#{};"),
        ("XML, hex", "&#x{:x};"),
        ("XML, hex in capitals", "&#x{:X};"),
    ):
        units = text.encode("utf-16-be") if name.startswith("JSON") else None
        numbers = [int.from_bytes(units[i : i + 2]) for i in range(0, len(units), 2)] if units else [*map(ord, text)]
        yield name, "".join(chr(n) if n < 128 else form.format(n) for n in numbers).encode()


def ways_to_write_bytes(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """Every way to write bytes that are no text: a key."""
    yield "raw", raw
    for alignment in range(3):
        core = _base64_core(raw, alignment)
        yield f"base64, {alignment}", core
        yield f"base64 for URLs, {alignment}", core.translate(bytes.maketrans(b"+/", b"-_"))
    yield "hex", raw.hex().encode()
    yield "hex, capitals", raw.hex().upper().encode()
    yield "bytes as Python shows them", repr(raw)[2:-1].encode()


def _base64_core(raw: bytes, alignment: int) -> bytes:
    """The characters that are the same whatever stands before and after."""
    whole = base64.b64encode(bytes(alignment) + raw)
    return whole[-(-alignment * 8 // 6) : (alignment + len(raw)) * 8 // 6]


def _percent(raw: bytes, form: str) -> bytes:
    return "".join(chr(b) if 32 < b < 127 else form.format(b) for b in raw).encode()
