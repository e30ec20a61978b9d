"""A workbook without one person: every cell and part that tells of them replaced, all others handed on as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, unescape

from connectors.replies.parcel import Parcel
from connectors.replies.refusal import CannotAnnotateError
from connectors.replies.tags import Edit, attribute, check_xml, edited, tags, unescaped
from connectors.warehouse.erasing.person import Person
from connectors.workbooks.package import open_package
from expectations.personal_numbers import without_personal_numbers

SHARED = "xl/sharedStrings.xml"
_TEXT = re.compile(rb"<(?:\w+:)?t(?:\s[^>]*)?>([^<]*)</(?:\w+:)?t>")
_VALUE = re.compile(rb"<(?:\w+:)?v(?:\s[^>]*)?>([^<]*)</(?:\w+:)?v>")
_PHONETIC = re.compile(rb"<(?:\w+:)?rPh\b.*?</(?:\w+:)?rPh>", re.DOTALL)
_PLACE = re.compile(r"([A-Z]+)([0-9]+)")
_WORDS = re.compile(r">[^<>]+<")
_ESCAPED = re.compile(r"&#")


class CannotRedactError(Exception):
    """The person cannot be taken out of these bytes so that nothing of them is left."""


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a form in a sheet: which rows (1-based) they are, the letters of the form's columns, and the new cells of the person's rows."""

    sheet: str
    rows: frozenset[int]
    columns: frozenset[str]
    mine: Mapping[int, Mapping[str, str]] = field(default_factory=dict)

    def new_text(self, row: int, column: str, text: str) -> str | None:
        """What a cell of the rows is to say: of the person's, what is not of the form is emptied, for nobody reads it."""
        if row not in self.mine:
            return text
        return self.mine[row].get(column, text if column in self.columns else None)


@dataclass(frozen=True, slots=True)
class _Cell:
    start: int
    end: int
    tag: bytes
    prefix: bytes
    row: int
    column: str
    text: str
    number: int | None


def redacted(data: bytes, person: Person, table: Table | None) -> bytes:
    """The workbook without the person. `table` is None where nothing could be read of it. Raises: CannotRedactError."""
    try:
        parcel, sheets = Parcel(data), open_package(data).sheets
        shared = _shared_texts(parcel.part(SHARED)) if SHARED in parcel.names else []
        changed = dict[str, bytes]()
        for name, path in sheets.items():
            xml = parcel.part(path)
            check_xml(xml)
            mine = table if table and table.sheet == name else None
            changed[path] = _sheet(xml, shared, person, mine)
        if shared:
            changed[SHARED] = _without_unused(parcel.part(SHARED), list(changed.values()), shared)
        for name in set(parcel.names) - set(changed):
            changed[name] = _other_part(parcel.part(name), person)
        changed = {name: part for name, part in changed.items() if part != parcel.part(name)}
        result = parcel.with_parts(changed) if changed else data
    except (CannotAnnotateError, ValueError, IndexError) as error:
        raise CannotRedactError from error
    if any(map(person.has_id_in, parcel.names)) or person.is_in(result):
        raise CannotRedactError
    return result


def _sheet(xml: bytes, shared: list[str], person: Person, table: Table | None) -> bytes:
    cells = list(_cells(xml, shared))
    theirs = {cell.row for cell in cells if person.has_id_in(cell.text)}
    edits = []
    for cell in cells:
        new: str | None
        if table and cell.row in table.rows:
            new = table.new_text(cell.row, cell.column, cell.text)
        else:
            new = person.hidden(cell.text)
            if cell.row in theirs and new == cell.text:
                # Beside an ID may stand a phone or a card; above and below the rows of the form, also words that are read.
                new = without_personal_numbers(new) if table else None
        if new != cell.text:
            edits.append(Edit(cell.start, cell.end, _written(cell, new)))
    return edited(xml, edits)


def _cells(xml: bytes, shared: list[str]) -> Iterator[_Cell]:
    """The cells of a sheet that hold something. Raises: ValueError for one without an address."""
    opened = None
    for tag in tags(xml):
        if tag.name != b"c":
            continue
        if not tag.is_close:
            opened = None if tag.is_empty else tag
            continue
        if opened is None:
            raise ValueError
        head = opened.of(xml)
        place = _PLACE.fullmatch((attribute(head, b"r") or b"").decode().upper())
        if place is None:
            raise ValueError
        inner, kind = xml[opened.end : tag.start], attribute(head, b"t")
        value = _VALUE.search(inner)
        text = _joined(inner) if kind == b"inlineStr" else unescaped(value[1]) if value else ""
        number = int(text) if kind == b"s" and value else None
        text = text if number is None else shared[number]
        prefix = opened.prefix + b":" if opened.prefix else b""
        yield _Cell(opened.start, tag.end, head, prefix, int(place[2]), place[1], text, number)


def _written(cell: _Cell, text: str | None) -> bytes:
    said = "".join(f" {name}={value}" for name, value in re.findall(r"\b(r|s)=(\"[^\"]*\"|'[^']*')", cell.tag.decode()))
    c = cell.prefix.decode()
    if not text:
        return f"<{c}c{said}/>".encode()
    return f'<{c}c{said} t="inlineStr"><{c}is><{c}t xml:space="preserve">{escape(text)}</{c}t></{c}is></{c}c>'.encode()


def _shared_texts(xml: bytes) -> list[str]:
    check_xml(xml)
    return [_joined(xml[start:end]) for start, end, _ in _items(xml)]


def _items(xml: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Where each shared text starts and ends, and its prefix."""
    start = 0
    for tag in tags(xml):
        if tag.name == b"si":
            start = start if tag.is_close else tag.start
            if tag.is_close or tag.is_empty:
                yield start, tag.end, tag.prefix + b":" if tag.prefix else b""


def _joined(xml: bytes) -> str:
    return "".join(
        unescape(text.decode(), {"&quot;": '"', "&apos;": "'"}) for text in _TEXT.findall(_PHONETIC.sub(b"", xml))
    )


def _without_unused(xml: bytes, sheets: Sequence[bytes], shared: list[str]) -> bytes:
    """The shared texts with those emptied that no cell shows."""
    used = {cell.number for sheet in sheets for cell in _cells(sheet, shared)}
    return edited(
        xml,
        [
            Edit(start, end, b"<" + prefix + b"si><" + prefix + b"t/></" + prefix + b"si>")
            for number, (start, end, prefix) in enumerate(_items(xml))
            if number not in used
        ],
    )


def _other_part(part: bytes, person: Person) -> bytes:
    """A part that is no sheet: of notes or properties that hold the ID no word is kept, for beside it may stand what only people know.

    Raises: CannotRedactError where it tells of the person in bytes that are no plain text.
    """
    if not person.is_in(part, by_name=True):
        return part
    try:
        text = part.decode()
    except UnicodeDecodeError:
        raise CannotRedactError from None
    if b"\x00" in part or _ESCAPED.search(text):
        raise CannotRedactError
    if person.has_id_in(text):
        text = _WORDS.sub("><", text)
    return person.hidden(text).encode()
