"""The part that names the sheets of a workbook: read, held to what can be annotated, and given a sheet more in front."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from connectors.replies.refusal import CannotAnnotateError
from connectors.replies.relations import RELATIONS, Relations
from connectors.replies.tags import Edit, Tag, attribute, check_xml, edited, tags, unescaped, with_attribute
from connectors.workbooks.layout import PROBLEM_SHEET

_PLAIN_WORKBOOK = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
_RELATION = re.compile(rb"\s[\w.-]+:id\s*=\s*[\"']([^\"']*)")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of the workbook: its name and its part."""

    name: str
    path: str


def refuse_what_is_not_plain(names: Sequence[str], types: bytes, workbook: bytes) -> None:
    """Raises: CannotAnnotateError for macros, signatures, strict Open XML and a structure that is locked."""
    check_xml(types)
    check_xml(workbook)
    if _PLAIN_WORKBOOK not in types:
        raise CannotAnnotateError("不是普通的 .xlsx 工作簿", "it is not a plain .xlsx workbook")
    if any("_xmlsignatures" in name for name in names):
        raise CannotAnnotateError("文件带有数字签名", "the file is signed")
    if b"purl.oclc.org/ooxml" in workbook:
        raise CannotAnnotateError("文件为“严格 Open XML”格式", "the file is strict Open XML")
    protection = next((t.of(workbook) for t in tags(workbook) if t.name == b"workbookProtection"), b"")
    if attribute(protection, b"lockStructure") in (b"1", b"true"):
        raise CannotAnnotateError("工作簿的结构受保护", "the workbook's structure is protected")


def list_sheets(workbook: bytes, relations: Relations) -> list[Sheet]:
    """The sheets in their order."""
    sheets: list[Sheet] = []
    for tag in _sheet_tags(workbook):
        relation = _RELATION.search(tag)
        _, path = relations.targets.get(relation[1].decode() if relation else "", ("", ""))
        sheets.append(Sheet(unescaped(attribute(tag, b"name") or b""), path))
    return sheets


def with_list_in_front(workbook: bytes, relation: bytes, *, activates: bool) -> bytes:
    """The part with our sheet as the first, shown first where it `activates`; what is tied to places of sheets moves on by one."""
    last_id = max((int(attribute(tag, b"sheetId") or 0) for tag in _sheet_tags(workbook)), default=0)
    edits: list[Edit] = []
    for tag in tags(workbook):
        raw = tag.of(workbook)
        if tag.name == b"sheets" and not tag.is_close:
            edits.append(Edit(tag.end, tag.end, _sheet(tag, last_id + 1, relation)))
        elif tag.name == b"definedName" and (place := attribute(raw, b"localSheetId")) is not None:
            moved = with_attribute(raw, b"localSheetId", b"%d" % (int(place) + 1))
            edits.append(Edit(tag.start, tag.end, moved))
        elif tag.name == b"workbookView":
            active = 0 if activates else int(attribute(raw, b"activeTab") or 0) + 1
            shown = with_attribute(raw, b"activeTab", b"%d" % active)
            edits.append(Edit(tag.start, tag.end, with_attribute(shown, b"firstSheet", None)))
    return edited(workbook, edits)


def _sheet_tags(workbook: bytes) -> Iterable[bytes]:
    return (tag.of(workbook) for tag in tags(workbook) if tag.name == b"sheet" and not tag.is_close)


def _sheet(sheets: Tag, sheet_id: int, relation: bytes) -> bytes:
    prefix = sheets.prefix + b":" if sheets.prefix else b""
    named = f'sheet name="{PROBLEM_SHEET}" sheetId="{sheet_id}" xmlns:r="{RELATIONS}" r:id="'.encode()
    return b"<" + prefix + named + relation + b'"/>'
