"""Who is erased, and who takes their place: an invented person without an area, of the same year of birth, with one token everywhere.

The year stays, because rules ask for a person's age; a copy of an original has to be judged as the original was.
"""

from __future__ import annotations

import io
import re
import secrets
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from connectors.workbooks.inflation import BROKEN_ZIP, MAX_INFLATED_BYTES, is_beyond_limits
from expectations.citizen_id import check_character

NAME = "已抹除"
"""Stands where the name stood."""

NO_AREA = "99"
"""No area of the country has a code that begins so: the invented ID is nobody's."""

DEEPEST = 3
"""A workbook in a zip in a zip."""

_MEMBER = re.compile(rb"PK\x03\x04")
_FULL_WIDTH = re.compile(rb"\xef\xbc[\x90-\x99]")
_BLANKS = b" \t\r\n\xa0'-"
_BETWEEN = r"[\s'‘’-]*"


@dataclass(frozen=True)
class Person:
    """The person to erase, by citizen ID and the names that rows give them, and the citizen ID that takes the place of theirs."""

    citizen_id: str
    substitute_id: str
    names: frozenset[str] = frozenset()

    def hidden(self, text: str) -> str:
        """The text with the person's citizen ID, however it is spaced, and names replaced."""
        plain = unicodedata.normalize("NFKC", text)
        for pattern, substitute in self._ids:
            if pattern.search(plain):
                text = plain = pattern.sub(substitute, plain)
        for name in sorted(self.names, key=len, reverse=True):
            text = text.replace(name, NAME)
        return text

    def has_id_in(self, text: str) -> bool:
        """Whether the text holds the citizen ID, of 18 or of 15 digits."""
        plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
        return any(pattern.search(plain) for pattern, _ in self._ids)

    def is_in(self, data: bytes, *, by_name: bool = False, depth: int = 0) -> bool:
        """Whether a file holds the citizen ID (or a name, if asked), in any part of a zip too, torn ones included; what is locked is shut."""
        if data.startswith(b"PK") and depth < DEEPEST:
            try:
                with zipfile.ZipFile(io.BytesIO(data)) as archive:
                    infos = [info for info in archive.infolist() if not info.is_dir()]
                    if not is_beyond_limits(infos):
                        parts = (archive.read(info) for info in infos)
                        return any(self.is_in(part, by_name=by_name, depth=depth + 1) for part in parts)
            except (*BROKEN_ZIP, RuntimeError):
                return any(self.is_in(part, by_name=by_name, depth=DEEPEST) for part in _torn_parts(data))
        marks = {self.citizen_id.encode("utf-16-le")}
        if by_name:
            marks |= {name.encode(charset) for name in self.names for charset in ("utf-8", "utf-16-le", "gb18030")}
        # A search for plain bytes is a hundred times as fast as one for digits with blanks between them.
        bare = data.translate(None, _BLANKS)
        return (
            any(mark in data for mark in marks)
            or (
                any(number[:15].encode() in bare for number in (self.citizen_id, _of_15(self.citizen_id)))
                and self.has_id_in(data.decode("latin-1"))
            )
            or (_FULL_WIDTH.search(data) is not None and self.has_id_in(data.decode("utf-8", "ignore")))
        )

    @cached_property
    def _ids(self) -> list[tuple[re.Pattern[str], str]]:
        forms = [(self.citizen_id, self.substitute_id)]
        if self.citizen_id[6:8] == "19":
            forms.append((_of_15(self.citizen_id), _of_15(self.substitute_id)))
        return [
            (re.compile(rf"(?<![0-9]){_BETWEEN.join(number)}(?![0-9])", re.IGNORECASE), substitute)
            for number, substitute in forms
        ]


def _of_15(citizen_id: str) -> str:
    """The ID as it was written until 1999: without the century and the check character."""
    return f"{citizen_id[:6]}{citizen_id[8:17]}"


def _torn_parts(data: bytes) -> Iterator[bytes]:
    """What can be inflated of a zip that is cut off or damaged, each part as far as it goes."""
    for head in _MEMBER.finditer(data):
        lengths = data[head.start() + 26 : head.start() + 30]
        begin = head.start() + 30 + int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little")
        with suppress(zlib.error):
            yield zlib.decompressobj(-zlib.MAX_WBITS).decompress(data[begin:], MAX_INFLATED_BYTES)


def invented_id(citizen_id: str) -> str:
    """A citizen ID that is nobody's, drawn at random but for the year of birth."""
    year = int(citizen_id[6:10])
    born = date(year, 1, 1) + timedelta(secrets.randbelow(365))
    first_17 = f"{NO_AREA}{secrets.randbelow(10_000):04}{born:%Y%m%d}{secrets.randbelow(1_000):03}"
    return first_17 + check_character(first_17)


def names_of(texts: Iterable[object]) -> frozenset[str]:
    """Which of these are names that can be told from other words: one character alone is none."""
    return frozenset(text for text in map(str, texts) if len(text) > 1 and text != NAME)
