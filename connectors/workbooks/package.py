"""The zip package of a workbook: looked through, within limits, before any native reader sees it.

Native readers check no CRC, follow entity bombs and abort the whole process on cells at the far corner of a sheet; so every part
is really inflated here, once, and what no office program writes is refused with its reason.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import PurePosixPath
from xml.etree import ElementTree

from connectors.workbooks.kinds import EMPTY, ENCRYPTED, XLSX, kind_of_parts, sniff
from connectors.workbooks.layout import column_number
from connectors.workbooks.refusal import RefusedError, damaged, unsafe

MAX_PARTS = 1_000
"""A workbook of ours has about fifteen; with a picture in each row, a few hundred."""

MAX_INFLATED_BYTES = 200_000_000
"""A million formatted rows come to about a third of this."""

MAX_RATIO, RATIO_FROM_BYTES = 400, 5_000_000
"""Rows of the same cells shrink about a hundredfold, a bomb a thousandfold."""

MAX_GRID_CELLS = 7_200_000
"""Native readers hold the whole rectangle of used cells, and nobody types this many; 9 999 rows of 702 columns still fit."""

_DOCTYPE = (b"<!DOCTYPE", b"<!ENTITY", "<!DOCTYPE".encode("utf-16-le"), "<!DOCTYPE".encode("utf-16-be"))
# A row from 10 000 on or a column beyond ZZ: without one the rectangle is small enough, and no cell need be looked at.
_FAR = re.compile(rb"\sr=[\"'](?:[A-Za-z]{3,}\d|[A-Za-z]*\d{5})")
# A cell that holds something: not closed in itself. Formatted blanks may go on for a million rows and cost nothing.
_FILLED = re.compile(rb"<(?:\w+:)?c\s(?:[^<>]*?\s)?r=[\"']([A-Za-z]+)(\d+)[\"'][^<>/]*>")
_UNPLACED = re.compile(rb"<(?:\w+:)?c(?:>|\s(?![^<>]*\br=)[^<>]*>)")
_ROW = re.compile(rb"<(?:\w+:)?row\s[^<>]*?\br=[\"'](\d+)[\"']")
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


@dataclass(frozen=True, slots=True)
class Package:
    """A workbook's bytes, found sound, with the XML of its sheets by their names and that of its custom document properties."""

    data: bytes
    sheets: dict[str, bytes]
    custom_xml: bytes


def open_package(data: bytes) -> Package:
    """The package of these bytes. Raises: RefusedError if they are not a workbook, broken, locked, or beyond the limits."""
    kind = sniff(data)
    if kind is EMPTY:
        raise RefusedError("file.empty")
    if kind is ENCRYPTED:
        raise RefusedError("file.password")
    if not kind.is_read:
        raise RefusedError("file.not_a_workbook", kind=kind.name)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_directory(archive)
            parts = {info.filename: _inflate(archive, info) for info in archive.infolist() if not info.is_dir()}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError) as error:
        raise damaged("压缩包不完整或校验码不符", "the zip is cut off or a checksum is wrong") from error
    try:
        sheets = _sheets(parts)
    except ElementTree.ParseError as error:
        raise damaged("工作簿目录不是有效的 XML", "the workbook's directory is not valid XML") from error
    return Package(data, sheets, parts.get("docProps/custom.xml", b""))


def custom_properties(xml: bytes) -> dict[str, str]:
    """The custom document properties that `docProps/custom.xml` holds, as texts. Raises: ElementTree.ParseError."""
    if not xml or any(mark in xml for mark in _DOCTYPE):
        return {}
    return {p.get("name", ""): "".join(p.itertext()) for p in parse_xml(xml)}


def _check_directory(archive: zipfile.ZipFile) -> None:
    infos = archive.infolist()
    if len(infos) > MAX_PARTS:
        raise unsafe(f"压缩包内有 {len(infos)} 个部件", f"the zip has {len(infos)} parts")
    seen: set[str] = set()
    for info in infos:
        name = info.filename
        if (
            name.startswith(("/", "\\"))
            or ".." in PurePosixPath(name.replace("\\", "/")).parts
            or ":" in name
            or "\x00" in name
        ):
            raise unsafe("压缩包内有越出文件夹的部件名", "a part's name leads out of its folder")
        if name.lower() in seen:
            raise unsafe("压缩包内同一部件出现两次", "a part is there twice")
        seen.add(name.lower())
        if info.flag_bits & 0x1:
            raise RefusedError("file.password")
    kind = kind_of_parts(frozenset(archive.namelist()))
    if kind is not XLSX:
        raise RefusedError("file.not_a_workbook", kind=kind.name)
    inflated = sum(info.file_size for info in infos)
    deflated = sum(info.compress_size for info in infos)
    if inflated > MAX_INFLATED_BYTES or (inflated > RATIO_FROM_BYTES and inflated > MAX_RATIO * max(deflated, 1)):
        raise unsafe(f"解压后有 {inflated // 1_000_000} MB", f"it inflates to {inflated // 1_000_000} MB")


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
    return b""


def _sheets(parts: dict[str, bytes]) -> dict[str, bytes]:
    """The XML of each worksheet, by the sheet's name, in the order of the workbook."""
    relations = {r.get("Id", ""): r.get("Target", "") for r in parse_xml(parts.get("xl/_rels/workbook.xml.rels", b""))}
    sheets: dict[str, bytes] = {}
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
            sheets[name] = parts[path]
    if not sheets:
        raise damaged("没有工作表", "there is no sheet")
    return sheets


def check_grid(name: str, xml: bytes) -> None:
    """Hold a sheet to the rectangle that a native reader may hold in memory. Raises: RefusedError naming the place."""
    if not _FAR.search(xml):
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
    if rows * columns > MAX_GRID_CELLS or rows > 1_048_576 or columns > 16_384:
        zh = f"工作表“{name}”的数据延伸到第 {rows} 行、第 {columns} 列"
        raise unsafe(zh, f"sheet '{name}' goes as far as row {rows}, column {columns}")
