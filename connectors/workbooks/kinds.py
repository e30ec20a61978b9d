"""What bytes are, told from the bytes alone: the sender's file name says nothing that can be trusted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileKind:
    """A kind of file: its id, the name that people know it by, and whether the reader reads it."""

    kind_id: str
    name: str
    is_read: bool = False


XLSX = FileKind("xlsx", "Excel (.xlsx)", is_read=True)
ENCRYPTED = FileKind("encrypted", "Excel (.xlsx)")
UNKNOWN = FileKind("unknown", "?")
EMPTY = FileKind("empty", "")

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PEEK = 4096


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-le")


_MAGIC: tuple[tuple[bytes, FileKind], ...] = (
    (b"%PDF", FileKind("pdf", "PDF")),
    (b"Rar!", FileKind("rar", "RAR")),
    (b"7z\xbc\xaf", FileKind("7z", "7z")),
    (b"\x1f\x8b", FileKind("gzip", "gzip")),
    (b"{\\rtf", FileKind("rtf", "RTF")),
    (b"\x89PNG", FileKind("png", "PNG")),
    (b"\xff\xd8\xff", FileKind("jpeg", "JPEG")),
    (b"\x09\x08\x10\x00", FileKind("xls", "Excel 97-2003 (.xls)")),
    (b"\x09\x04\x06\x00", FileKind("xls", "Excel 4 (.xls)")),
)

_OLE_STREAMS: tuple[tuple[bytes, FileKind], ...] = (
    (_utf16("EncryptedPackage"), ENCRYPTED),
    (_utf16("EncryptionInfo"), ENCRYPTED),
    (_utf16("WordDocument"), FileKind("doc", "Word (.doc)")),
    (_utf16("Workbook"), FileKind("xls", "Excel 97-2003 (.xls)")),
    (_utf16("Book"), FileKind("xls", "Excel 5 (.xls)")),
)

_PARTS: tuple[tuple[str, FileKind], ...] = (
    ("xl/workbook.xml", XLSX),
    ("xl/workbook.bin", FileKind("xlsb", "Excel (.xlsb)")),
    ("word/", FileKind("docx", "Word (.docx)")),
    ("ppt/", FileKind("pptx", "PowerPoint (.pptx)")),
    ("mimetype", FileKind("ods", "OpenDocument (.ods)")),
)
"""A zip is what its parts say; the first that matches, in this order."""

_TEXTS: tuple[tuple[Callable[[str], bool], FileKind], ...] = (
    (lambda text: "excel.sheet" in text and "<?xml" in text, FileKind("xml2003", "XML 2003 (.xml)")),
    (lambda text: "<html" in text or "<table" in text or "<!doctype html" in text, FileKind("html", "HTML")),
    (lambda text: text.lstrip().startswith("<?xml"), FileKind("xml", "XML")),
    (lambda text: "," in text or "\t" in text or ";" in text, FileKind("csv", "CSV")),
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
    return FileKind("zip", "ZIP")


def _text(head: bytes) -> str | None:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "replace")
    if b"\x00" in head:
        return None
    for encoding in ("utf-8-sig", "gb18030"):
        # The cut may fall inside a character.
        for cut in range(4):
            try:
                return head[: len(head) - cut].decode(encoding)
            except UnicodeDecodeError:
                continue
    return None
