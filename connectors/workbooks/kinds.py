"""What bytes are, told from the bytes alone: the sender's file name says nothing that can be trusted."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileKind:
    """A kind of file: its id, the name that people know it by, whether the reader reads it, and whether files are packed in it."""

    kind_id: str
    name: str
    is_read: bool = False
    is_archive: bool = False


XLSX = FileKind("xlsx", "Excel (.xlsx)", is_read=True)
XLSB = FileKind("xlsb", "Excel (.xlsb)", is_read=True)
XLS = FileKind("xls", "Excel 97-2003 (.xls)", is_read=True)
XLS_5 = FileKind("xls", "Excel 5 (.xls)", is_read=True)
ODS = FileKind("ods", "OpenDocument (.ods)", is_read=True)
CSV = FileKind("csv", "CSV", is_read=True)
OPEN_DOCUMENT = FileKind("opendocument", "OpenDocument")
ENCRYPTED = FileKind("encrypted", "Excel (.xlsx)")
ZIP = FileKind("zip", "ZIP", is_archive=True)
UNKNOWN = FileKind("unknown", "?")
EMPTY = FileKind("empty", "")

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PEEK = 4096
# A text may hold a few of them by mistake; other bytes are full of them.
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1f]")


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-le")


_MAGIC: tuple[tuple[bytes, FileKind], ...] = (
    (b"%PDF", FileKind("pdf", "PDF")),
    (b"Rar!", FileKind("rar", "RAR", is_archive=True)),
    (b"7z\xbc\xaf", FileKind("7z", "7z", is_archive=True)),
    (b"\x1f\x8b", FileKind("gzip", "gzip", is_archive=True)),
    (b"{\\rtf", FileKind("rtf", "RTF")),
    (b"\x89PNG", FileKind("png", "PNG")),
    (b"\xff\xd8\xff", FileKind("jpeg", "JPEG")),
    (b"\x09\x08\x10\x00", FileKind("biff", "Excel 97-2003 (.xls)")),
    (b"\x09\x04\x06\x00", FileKind("biff", "Excel 4 (.xls)")),
    # What 亿赛通 and 绿盾 make of every file that they guard.
    (b"\x62\x14\x23\x65", ENCRYPTED),
    (b"%TSD-Header-###%", ENCRYPTED),
)

_OLE_STREAMS: tuple[tuple[bytes, FileKind], ...] = (
    (_utf16("EncryptedPackage"), ENCRYPTED),
    (_utf16("EncryptionInfo"), ENCRYPTED),
    (_utf16("WordDocument"), FileKind("doc", "Word (.doc)")),
    (_utf16("Workbook"), XLS),
    (_utf16("Book"), XLS_5),
)

_PARTS: tuple[tuple[str, FileKind], ...] = (
    ("xl/workbook.xml", XLSX),
    ("xl/workbook.bin", XLSB),
    ("word/", FileKind("docx", "Word (.docx)")),
    ("ppt/", FileKind("pptx", "PowerPoint (.pptx)")),
    ("mimetype", ODS),
)
"""A zip is what its parts say; the first that matches, in this order."""

_TEXTS: tuple[tuple[Callable[[str], bool], FileKind], ...] = (
    (lambda text: "excel.sheet" in text and "<?xml" in text, FileKind("xml2003", "XML 2003 (.xml)")),
    (lambda text: "<html" in text or "<table" in text or "<!doctype html" in text, FileKind("html", "HTML")),
    (lambda text: text.lstrip().startswith("<?xml"), FileKind("xml", "XML")),
    (lambda text: "," in text or "\t" in text or ";" in text, CSV),
    (lambda text: True, FileKind("text", "TXT")),
)


def sniff(data: bytes) -> FileKind:
    """The kind of these bytes. A zip is called xlsx until `kind_of_parts` has seen what is in it."""
    if not data:
        return EMPTY
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return XLSX
    if data.startswith(_OLE):
        return next((kind for stream, kind in _OLE_STREAMS if stream in data), FileKind("ole", "OLE"))
    for magic, kind in _MAGIC:
        if data.startswith(magic):
            return kind
    text = _text(data[:_PEEK])
    if text is None:
        return UNKNOWN
    return next(kind for says, kind in _TEXTS if says(text.lower()))


def kind_of_parts(names: frozenset[str]) -> FileKind:
    """The kind of a zip with these parts."""
    for part, kind in _PARTS:
        if part in names or (part.endswith("/") and any(name.startswith(part) for name in names)):
            return kind
    return ZIP


def _text(head: bytes) -> str | None:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "replace")
    if len(_CONTROLS.findall(head)) * 50 > len(head):
        return None
    for encoding in ("utf-8-sig", "gb18030"):
        # The cut may fall inside a character.
        for cut in range(4):
            try:
                return head[: len(head) - cut].decode(encoding)
            except UnicodeDecodeError:
                continue
    # A text in some other encoding, or one whose letters were spoilt: it is then refused for that.
    return head.decode("latin-1")
