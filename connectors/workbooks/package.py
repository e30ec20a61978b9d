"""The bytes of a workbook, known for what they are; a zip package is looked through, within limits, before any native reader sees it.

Native readers check no CRC, follow entity bombs and abort the whole process on cells at the far corner of a sheet; so every part
is really inflated here, once, and what no office program writes is refused with its reason.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import PurePosixPath
from xml.etree import ElementTree

from connectors.workbooks.inflation import BROKEN_ZIP, inflated_bytes, is_beyond_limits
from connectors.workbooks.kinds import (
    CSV,
    EMPTY,
    ENCRYPTED,
    ODS,
    OPEN_DOCUMENT,
    XLS,
    XLS_5,
    XLSX,
    ZIP,
    FileKind,
    kind_of_parts,
    sniff,
)
from connectors.workbooks.layout import column_number
from connectors.workbooks.packed import check_members, plain
from connectors.workbooks.refusal import RefusedError, damaged, unsafe

MAX_PARTS = 1_000
"""A workbook of ours has about fifteen; with a picture in each row, a few hundred."""

MAX_GRID_CELLS = 7_200_000
"""Native readers hold the whole rectangle of used cells, and nobody types this many; 9 999 rows of 702 columns still fit."""

_DOCTYPE = (b"<!DOCTYPE", b"<!ENTITY", "<!DOCTYPE".encode("utf-16-le"), "<!DOCTYPE".encode("utf-16-be"))
# A cell that holds something: not closed in itself. Formatted blanks may go on for a million rows and cost nothing.
_FILLED = re.compile(rb"<(?:\w+:)?c\s(?:[^<>]*?\s)?r=[\"']([A-Za-z]+)(\d+)[\"'][^<>/]*>")
_UNPLACED = re.compile(rb"<(?:\w+:)?c(?:>|\s(?![^<>]*\br=)[^<>]*>)")
_ROW = re.compile(rb"<(?:\w+:)?row\s[^<>]*?\br=[\"'](\d+)[\"']")
_CELL = re.compile(rb"<(?:\w+:)?c\s(?:[^<>]*?\s)?r=[\"']([A-Za-z]+\d+)[\"']")
_PLAIN_ROW = re.compile(rb"<row r=\"(\d+)\"")
_PLAIN_CELL = re.compile(rb"<c r=\"([A-Z]+\d+)\"")
# A row from 10 000 on or a column beyond ZZ: without one the rectangle is small enough.
_FAR = re.compile(rb"[A-Z]{3}|[A-Z]+\d{5}")
_UNUSUAL = (b":row", b"<c>")
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


@dataclass(frozen=True, slots=True)
class Package:
    """A workbook's bytes, found sound: their kind, the parts of the zip if they are one, and for `.xlsx` the part of each sheet by its name.

    Of a zip of many files, which is no workbook, it has nothing but how many `members` are to be read as files of their own.
    """

    data: bytes
    kind: FileKind
    parts: dict[str, bytes] = field(default_factory=dict)
    sheets: dict[str, str] = field(default_factory=dict)
    members: int = 0

    @property
    def custom_xml(self) -> bytes:
        """The custom document properties."""
        return self.parts.get("docProps/custom.xml", b"")

    def xml_of(self, sheet: str) -> bytes:
        """The XML of a sheet of an `.xlsx`."""
        return self.parts[self.sheets[sheet]] if sheet in self.sheets else b""


def open_package(data: bytes) -> Package:
    """The package of these bytes. Raises: RefusedError if they are not a workbook, broken, locked, or beyond the limits."""
    kind = sniff(data)
    if kind is EMPTY:
        raise RefusedError("file.empty")
    if kind is ENCRYPTED:
        raise RefusedError("file.password")
    if not kind.is_read:
        raise _not_read(kind)
    if kind in (XLS, XLS_5, CSV):
        return Package(data, kind)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if kind_of_parts(_names(archive)) is ZIP:
                return Package(data, ZIP, members=len(check_members(archive)))
            kind = _check_directory(archive)
            parts = {plain(info.filename): _inflate(archive, info) for info in archive.infolist() if not info.is_dir()}
    except BROKEN_ZIP as error:
        raise damaged("压缩包不完整或校验码不符", "the zip is cut off or a checksum is wrong") from error
    if kind is ODS:
        _check_open_document(parts)
    try:
        sheets = _sheet_parts(parts) if kind is XLSX else {}
    except ElementTree.ParseError as error:
        raise damaged("工作簿目录不是有效的 XML", "the workbook's directory is not valid XML") from error
    return Package(data, kind, parts, sheets)


def custom_properties(xml: bytes) -> dict[str, str]:
    """The custom document properties that `docProps/custom.xml` holds, as texts. Raises: ElementTree.ParseError."""
    if not xml or any(mark in xml for mark in _DOCTYPE):
        return {}
    return {p.get("name", ""): "".join(p.itertext()) for p in parse_xml(xml)}


def _check_directory(archive: zipfile.ZipFile) -> FileKind:
    infos = archive.infolist()
    if len(infos) > MAX_PARTS:
        raise unsafe(f"压缩包内有 {len(infos)} 个部件", f"the zip has {len(infos)} parts")
    seen: set[str] = set()
    for info in infos:
        name = info.filename
        if name.startswith(("/", "\\")) or ".." in PurePosixPath(plain(name)).parts or ":" in name or "\x00" in name:
            raise unsafe("压缩包内有越出文件夹的部件名", "a part's name leads out of its folder")
        if plain(name).lower() in seen:
            raise unsafe("压缩包内同一部件出现两次", "a part is there twice")
        seen.add(plain(name).lower())
        if info.flag_bits & 0x1:
            raise RefusedError("file.password")
    kind = kind_of_parts(_names(archive))
    if not kind.is_read:
        raise _not_read(kind)
    if is_beyond_limits(infos):
        size = inflated_bytes(infos) // 1_000_000
        raise unsafe(f"解压后有 {size} MB", f"it inflates to {size} MB")
    return kind


def _names(archive: zipfile.ZipFile) -> frozenset[str]:
    return frozenset(map(plain, archive.namelist()))


def _not_read(kind: FileKind) -> RefusedError:
    return RefusedError("file.packed" if kind.is_archive else "file.not_a_workbook", kind=kind.name)


def _check_open_document(parts: dict[str, bytes]) -> None:
    if b"encryption-data" in parts.get("META-INF/manifest.xml", b""):
        raise RefusedError("file.password")
    if b"spreadsheet" not in parts["mimetype"]:
        raise _not_read(OPEN_DOCUMENT)


def parse_xml(xml: bytes) -> ElementTree.Element:
    """The tree of a part that was looked through before. Raises: ElementTree.ParseError."""
    return ElementTree.fromstring(xml)  # noqa: S314  # whatever declares a DTD or an entity was refused before


def _inflate(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    # Never more than the size that the directory declares; the CRC is checked on the way.
    content = archive.read(info)
    if len(content) != info.file_size:
        raise zipfile.BadZipFile
    if info.filename.endswith((".xml", ".rels", ".vml")):
        if any(mark in content for mark in _DOCTYPE):
            raise unsafe("文件内有 DTD 或实体声明", "it declares a DTD or entities")
        return content
    return content if info.filename.endswith((".bin", "mimetype")) else b""


def _sheet_parts(parts: dict[str, bytes]) -> dict[str, str]:
    """The part of each worksheet, by the sheet's name, in the order of the workbook."""
    relations = {r.get("Id", ""): r.get("Target", "") for r in parse_xml(parts.get("xl/_rels/workbook.xml.rels", b""))}
    sheets: dict[str, str] = {}
    names: set[str] = set()
    for element in parse_xml(parts["xl/workbook.xml"]).iter():
        if element.tag.rpartition("}")[2] != "sheet":
            continue
        name = element.get("name", "")
        if name.casefold() in names:
            raise unsafe("有两张同名的工作表", "two sheets have one name")
        names.add(name.casefold())
        # Strict OOXML has another namespace for the same attribute.
        relation = element.get(_RELATION) or next((v for k, v in element.items() if k.endswith("}id")), "")
        target = relations.get(relation, "")
        path = target.lstrip("/") if target.startswith("/") else f"xl/{target.removeprefix('./')}"
        if path not in parts:
            raise damaged(f"缺少工作表“{name}”的部件", f"the part of sheet '{name}' is missing")
        if "chartsheets/" not in path:
            if parts[path].startswith((b"\xff\xfe", b"\xfe\xff")):
                raise unsafe(f"工作表“{name}”不是 UTF-8 编码", f"sheet '{name}' is not in UTF-8")
            sheets[name] = path
    if not sheets:
        raise damaged("没有工作表", "there is no sheet")
    return sheets


def check_grid(name: str, xml: bytes) -> None:
    """Hold a sheet to what an office program writes: each row and cell once and in order, within the rectangle that a native reader holds.

    Raises: RefusedError naming the place.
    """
    # As Excel writes them; whatever is written in another way is looked for more slowly.
    rows_seen, cells = _PLAIN_ROW.findall(xml), _PLAIN_CELL.findall(xml)
    is_plain = (
        xml.count(b"<row ") == len(rows_seen)
        and xml.count(b"<c ") == len(cells)
        and not any(mark in xml for mark in _UNUSUAL)
    )
    if not is_plain:
        rows_seen, cells = _ROW.findall(xml), _CELL.findall(xml)
    _check_order(name, [int(digits[:10]) for digits in rows_seen], cells)
    if is_plain and not any(_FAR.match(cell) for cell in cells if len(cell) > 3):
        return
    rows = columns = 1
    for letters, digits in _FILLED.findall(xml):
        row = int(digits[:10])
        rows = row if row > rows else rows
        if len(letters) > 3:
            cell = (letters + digits)[:20].decode("ascii", "replace")
            raise unsafe(f"工作表“{name}”有不存在的单元格 {cell}", f"sheet '{name}' has a cell {cell} that cannot be")
        column = column_number(letters.decode().upper())
        columns = column if column > columns else columns
    if _UNPLACED.search(xml):
        rows = max([rows, *(int(digits[:10]) for digits in _ROW.findall(xml))])
    check_rectangle(name, rows, columns)


def _check_order(name: str, rows: Sequence[int], cells: Sequence[bytes]) -> None:
    row = next((row for last, row in pairwise(rows) if row <= last), None)
    if row is not None:
        raise unsafe(
            f"工作表“{name}”的第 {row} 行重复或次序颠倒", f"row {row} of sheet '{name}' is there twice or out of order"
        )
    if len(set(cells)) < len(cells):
        cell = Counter(cells).most_common(1)[0][0].decode("ascii", "replace")
        raise unsafe(f"工作表“{name}”的单元格 {cell} 出现两次", f"cell {cell} of sheet '{name}' is there twice")


def check_rectangle(name: str, rows: int, columns: int) -> None:
    """Refuse a sheet that reaches too far. Raises: RefusedError naming the place."""
    if rows * columns > MAX_GRID_CELLS or rows > 1_048_576 or columns > 16_384:
        zh = f"工作表“{name}”的数据延伸到第 {rows} 行、第 {columns} 列"
        raise unsafe(zh, f"sheet '{name}' goes as far as row {rows}, column {columns}")
