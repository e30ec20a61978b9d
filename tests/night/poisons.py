"""Sixty files that nobody can read, as a night meets them: broken, disguised, locked, and made to end their reader."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable

SHEET, STRINGS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
EACH = 4
"""How many of each kind, every one with other bytes."""


def poisons(good: bytes) -> list[bytes]:
    """Sixty poisons, some of them made out of a good workbook."""
    chance = random.Random(1949)
    return [make(good, chance) for make in _KINDS for _ in range(EACH)]


def _torso(good: bytes, chance: random.Random) -> bytes:
    return good[: chance.randrange(50, len(good) - 50)]


def _flipped(good: bytes, chance: random.Random) -> bytes:
    """One byte of a deflated part is another: the checksum tells."""
    with zipfile.ZipFile(io.BytesIO(good)) as archive:
        info = archive.getinfo(SHEET)
    place = info.header_offset + 30 + len(SHEET) + info.compress_size // 2 + chance.randrange(20)
    return good[:place] + bytes([good[place] ^ 0xFF]) + good[place + 1 :]


def _noise(_good: bytes, chance: random.Random) -> bytes:
    return b"\x00\x01" + chance.randbytes(3_000)


def _zip_head(_good: bytes, chance: random.Random) -> bytes:
    return b"PK\x03\x04" + chance.randbytes(3_000)


def _pdf(_good: bytes, chance: random.Random) -> bytes:
    return b"%PDF-1.7\n" + chance.randbytes(500)


def _rar(_good: bytes, chance: random.Random) -> bytes:
    return b"Rar!\x1a\x07\x01\x00" + chance.randbytes(500)


def _page(_good: bytes, chance: random.Random) -> bytes:
    return f"<html><table><tr><td>{chance.random()}</td></tr></table></html>".encode()


def _locked(_good: bytes, chance: random.Random) -> bytes:
    return OLE + bytes(600) + "EncryptedPackage".encode("utf-16-le") + chance.randbytes(300)


def _bomb(good: bytes, chance: random.Random) -> bytes:
    return _with(good, SHEET, lambda xml: xml + b" " * (20_000_000 + chance.randrange(1_000)))


def _entities(good: bytes, chance: random.Random) -> bytes:
    said = b'<!DOCTYPE a [<!ENTITY b "%d">]>' % chance.randrange(10**9)
    return _with(good, SHEET, lambda xml: xml.replace(b"<worksheet", said + b"<worksheet", 1))


def _far_cell(good: bytes, chance: random.Random) -> bytes:
    cell = b'<row r="1048576"><c r="XFD1048576"><v>%d</v></c></row></sheetData>' % chance.randrange(10**9)
    return _with(good, SHEET, lambda xml: xml.replace(b"</sheetData>", cell))


def _no_such_cell(good: bytes, chance: random.Random) -> bytes:
    cell = b'<row r="4000000000"><c r="A4000000000"><v>%d</v></c></row></sheetData>' % chance.randrange(10**9)
    return _with(good, SHEET, lambda xml: xml.replace(b"</sheetData>", cell))


def _amplifier(good: bytes, chance: random.Random) -> bytes:
    """A small file in which a thousand cells hold the same megabyte of text: it eats the memory of its reader."""
    cells = b"".join(b'<row r="%d"><c r="B%d" t="s"><v>0</v></c></row>' % (n, n) for n in range(200, 1_200))
    text = b"<si><t>" + chance.randbytes(700_000).hex().encode()
    eaten = _with(good, SHEET, lambda xml: xml.replace(b"</sheetData>", cells + b"</sheetData>"))
    return _with(eaten, STRINGS, lambda xml: xml.replace(b"<si><t>", text, 1))


def _no_sheet(good: bytes, chance: random.Random) -> bytes:
    return _with(good, "xl/workbook.xml", lambda _xml: b"<workbook><!-- %d --></workbook>" % chance.randrange(10**9))


def _nobody(_good: bytes, chance: random.Random) -> bytes:
    """A sound zip that is no workbook."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("../../outside.txt", str(chance.random()))
    return stream.getvalue()


def _with(data: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            content = before.read(name)
            after.writestr(name, change(content) if name == part else content)
    return stream.getvalue()


_KINDS = (
    _torso, _flipped, _noise, _zip_head, _pdf, _rar, _page, _locked, _bomb, _entities, _far_cell, _no_such_cell, _amplifier,
    _no_sheet, _nobody,
)  # fmt: skip
