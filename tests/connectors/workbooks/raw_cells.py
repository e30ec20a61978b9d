"""Which cells of a workbook hold something, from the raw bytes: a second opinion that shares no line with the reader.

It walks XML with lxml and binary records with struct, trusts what it is given, and knows nothing of limits.
"""

from __future__ import annotations

import csv
import io
import posixpath
import re
import struct
import zipfile
from collections.abc import Iterator

from lxml import etree

Place = tuple[int, int]
Filled = dict[str, set[Place]]
"""By sheet, the 0-based row and column of each cell that holds more than blanks."""


def local(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def has_text(text: str | None) -> bool:
    return bool(text and text.strip())


def filled_xlsx(data: bytes) -> Filled:
    archive = zipfile.ZipFile(io.BytesIO(data))
    parts = {name.replace("\\", "/").lower(): name for name in archive.namelist()}

    def tree(path: str) -> etree._Element:
        return etree.fromstring(
            archive.read(parts[path.lower()]), etree.XMLParser(resolve_entities=False, huge_tree=True)
        )

    relations = {r.get("Id"): r for r in tree("xl/_rels/workbook.xml.rels")}
    strings = next(
        (
            posixpath.normpath(posixpath.join("xl", r.get("Target")))
            for r in relations.values()
            if r.get("Type").endswith("/sharedStrings")
        ),
        "",
    )
    strings = strings.lstrip("/").lower()
    texts = [shared_text(item) for item in tree(strings)] if strings in parts else []
    found: Filled = {}
    for sheet in (e for e in tree("xl/workbook.xml").iter() if local(e) == "sheet"):
        relation = relations[next(v for k, v in sheet.items() if k.endswith("}id"))]
        if not relation.get("Type").endswith("/worksheet"):
            continue
        path = posixpath.normpath(posixpath.join("/xl", relation.get("Target"))).lstrip("/")
        found[sheet.get("name")] = set(xlsx_places(tree(path), texts))
    return found


def shared_text(item: etree._Element) -> str:
    """The text of a string without its phonetic reading."""
    return "".join(
        e.text or "" for e in item.iter() if local(e) == "t" and not any(local(up) == "rPh" for up in e.iterancestors())
    )


def xlsx_places(sheet: etree._Element, texts: list[str]) -> Iterator[Place]:
    row = -1
    for line in (e for e in sheet.iter() if local(e) == "row"):
        row = int(line.get("r")) - 1 if line.get("r") else row + 1
        column = -1
        for cell in (e for e in line if local(e) == "c"):
            place = cell.get("r")
            row, column = (place_of(place)) if place else (row, column + 1)
            inner = {local(e): e for e in cell}
            value = inner["v"].text if "v" in inner else None
            match cell.get("t"):
                case "s":
                    is_filled = value is not None and has_text(texts[int(value)])
                case "inlineStr":
                    is_filled = "is" in inner and has_text(shared_text(inner["is"]))
                case _:
                    is_filled = has_text(value)
            # A formula that nobody worked out holds its text; one that gives an empty text holds nothing.
            if is_filled or ("f" in inner and not has_text(value) and not ("v" in inner and cell.get("t") == "str")):
                yield row, column


def place_of(reference: str) -> Place:
    letters, digits = re.fullmatch(r"([A-Za-z]+)(\d+)", reference).groups()  # type: ignore[union-attr]  # a wrong one fails the test
    column = 0
    for letter in letters.upper():
        column = column * 26 + ord(letter) - 64
    return int(digits) - 1, column - 1


def filled_ods(data: bytes) -> Filled:
    root = etree.fromstring(zipfile.ZipFile(io.BytesIO(data)).read("content.xml"), etree.XMLParser(huge_tree=True))
    table = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
    office = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
    found: Filled = {}
    for sheet in root.iter(f"{table}table"):
        places = found.setdefault(sheet.get(f"{table}name"), set())
        row = 0
        for line in sheet.iter(f"{table}table-row"):
            column = 0
            times = int(line.get(f"{table}number-rows-repeated", "1"))
            for cell in (e for e in line if local(e) in ("table-cell", "covered-table-cell")):
                width = int(cell.get(f"{table}number-columns-repeated", "1"))
                paragraphs = [e for e in cell if local(e) == "p"]
                values = [v for k, v in cell.items() if k.startswith(office) and k.endswith("value")]
                if (
                    any(has_text("".join(p.itertext())) for p in paragraphs)
                    or any(map(has_text, values))
                    or (cell.get(f"{table}formula") and not cell.get(f"{office}value-type"))
                ):
                    places.update((row + r, column + c) for r in range(times) for c in range(width))
                column += width
            row += times
    return found


def filled_xlsb(data: bytes) -> Filled:
    archive = zipfile.ZipFile(io.BytesIO(data))
    names = {name.lower(): name for name in archive.namelist()}
    targets = {
        r.get("Id"): posixpath.normpath(posixpath.join("/xl", r.get("Target"))).lstrip("/")
        for r in etree.fromstring(archive.read("xl/_rels/workbook.bin.rels"))
    }
    texts = []
    if strings := names.get("xl/sharedstrings.bin"):
        texts = [xlsb_text(c, 1) for kind, c in xlsb_records(archive.read(strings)) if kind == 19]
    found: Filled = {}
    for kind, content in xlsb_records(archive.read("xl/workbook.bin")):
        if kind == 156:
            relation = xlsb_text(content, 8)
            name = xlsb_text(content, 12 + 2 * len(relation))
            if "worksheets/" in targets[relation]:
                found[name] = set(xlsb_places(archive.read(targets[relation]), texts))
    return found


def xlsb_places(part: bytes, texts: list[str]) -> Iterator[Place]:
    row = 0
    for kind, content in xlsb_records(part):
        if kind == 0:
            row = struct.unpack_from("<I", content)[0]
        elif kind in (2, 3, 4, 5, 9, 10, 11):
            yield row, struct.unpack_from("<I", content)[0]
        elif kind in (6, 7, 8):
            text = texts[struct.unpack_from("<I", content, 8)[0]] if kind == 7 else xlsb_text(content, 8)
            if has_text(text):
                yield row, struct.unpack_from("<I", content)[0]


def xlsb_text(content: bytes, at: int) -> str:
    length = struct.unpack_from("<I", content, at)[0]
    return content[at + 4 : at + 4 + 2 * length].decode("utf-16-le")


def xlsb_records(part: bytes) -> Iterator[tuple[int, bytes]]:
    stream = io.BytesIO(part)
    while head := stream.read(1):
        kind = head[0]
        if kind > 0x7F:
            kind = kind - 0x80 + stream.read(1)[0] * 0x80
        length = place = 0
        while True:
            byte = stream.read(1)[0]
            length += byte % 0x80 << place
            place += 7
            if byte < 0x80:
                break
        yield kind, stream.read(length)


def filled_csv(data: bytes) -> Filled:
    """Text in UTF-8 or GB18030."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("gb18030")
    delimiter = max(",;\t", key=text.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    return {"CSV": {(r, c) for r, row in enumerate(rows) for c, value in enumerate(row) if has_text(value)}}


def filled_xls(data: bytes) -> list[set[Place]]:
    """By the order of the sheets, for their names' encoding is a matter of its own."""
    book = compound_stream(data)
    texts: list[bool] = []
    starts: list[int] = []
    records = list(xls_records(book))
    for at, (_, kind, content) in enumerate(records):
        if kind == 0x85:
            starts.append(struct.unpack_from("<I", content)[0])
        if kind == 0xFC:
            rest = []
            for _, more, piece in records[at + 1 :]:
                if more != 0x3C:
                    break
                rest.append(piece)
            texts = list(shared_xls_texts([content, *rest]))
    return [set(xls_places([r for r in records if r[0] >= start], texts)) for start in starts]


def xls_places(records: list[tuple[int, int, bytes]], texts: list[bool]) -> Iterator[Place]:
    """Of one sheet, whose records begin the list; charts within it have a beginning and an end of their own."""
    depth = 0
    is_biff8 = records[0][2][:2] == b"\x00\x06"
    waiting: Place = (0, 0)
    for _, kind, content in records:
        depth += (kind == 0x809) - (kind == 0x0A)
        if not depth:
            return
        if depth > 1:
            continue
        if kind == 0x06:
            waiting = place_in(content)
        if kind == 0xBD:
            row, first = place_in(content)
            yield from ((row, first + n) for n in range((len(content) - 6) // 6))
        elif kind == 0x207:
            if has_xls_text(content, is_biff8=is_biff8):
                yield waiting
        elif is_filled_xls_cell(kind, content, texts, is_biff8=is_biff8):
            yield place_in(content)


def is_filled_xls_cell(kind: int, content: bytes, texts: list[bool], *, is_biff8: bool) -> bool:
    match kind:
        case 0x203 | 0x27E | 0x205:
            return True
        case 0xFD:
            return texts[struct.unpack_from("<I", content, 6)[0]]
        case 0x204 | 0xD6:
            return has_xls_text(content[6:], is_biff8=is_biff8)
        case 0x06:
            # A text that the formula gives stands in the next record; an empty one is told here.
            return not (content[12:14] == b"\xff\xff" and content[6] in (0, 3))
    return False


def place_in(content: bytes) -> Place:
    row, column = struct.unpack_from("<HH", content)
    return row, column


def has_xls_text(content: bytes, *, is_biff8: bool) -> bool:
    (length,) = struct.unpack_from("<H", content)
    if not is_biff8:
        return bool(content[2 : 2 + length].strip())
    if content[2:3] == b"\x01":
        return has_text(content[3 : 3 + 2 * length].decode("utf-16-le", "replace"))
    return has_text(content[3 : 3 + length].decode("latin-1"))


def shared_xls_texts(pieces: list[bytes]) -> Iterator[bool]:
    """Whether each shared string says anything; a string that goes on in the next record starts there with its flags again."""
    piece, at = 0, 8

    def more() -> None:
        nonlocal piece, at
        if at >= len(pieces[piece]):
            piece, at = piece + 1, at - len(pieces[piece])

    for _ in range(struct.unpack_from("<I", pieces[0], 4)[0]):
        more()
        length, flags = struct.unpack_from("<HB", pieces[piece], at)
        at += 3
        runs = struct.unpack_from("<H", pieces[piece], at)[0] if flags & 8 else 0
        at += 2 if flags & 8 else 0
        extra = struct.unpack_from("<I", pieces[piece], at)[0] if flags & 4 else 0
        at += 4 if flags & 4 else 0
        text = ""
        while length:
            if at >= len(pieces[piece]):
                piece, at = piece + 1, 1
                flags = pieces[piece][0]
            width = 1 + (flags & 1)
            taken = min(length, (len(pieces[piece]) - at) // width)
            raw = pieces[piece][at : at + taken * width]
            text += raw.decode("utf-16-le" if width == 2 else "latin-1", "replace")
            at, length = at + taken * width, length - taken
        at += 4 * runs + extra
        while piece < len(pieces) and at > len(pieces[piece]):
            piece, at = piece + 1, at - len(pieces[piece])
        yield has_text(text)


def xls_records(book: bytes) -> Iterator[tuple[int, int, bytes]]:
    at = 0
    while at + 4 <= len(book):
        kind, length = struct.unpack_from("<HH", book, at)
        yield at, kind, book[at + 4 : at + 4 + length]
        at += 4 + length


def compound_stream(data: bytes) -> bytes:
    """The workbook's stream of an OLE file."""
    size = 1 << data[30]
    (first_directory,) = struct.unpack_from("<I", data, 48)
    fat_sectors = list(struct.unpack_from("<109I", data, 76))
    (more, count) = struct.unpack_from("<II", data, 68)
    for _ in range(count):
        numbers = struct.unpack_from(f"<{size // 4}I", data, (more + 1) * size)
        fat_sectors += numbers[:-1]
        more = numbers[-1]
    fat: list[int] = []
    for sector in fat_sectors:
        if sector < 0xFFFFFFFA:
            fat += struct.unpack(f"<{size // 4}I", data[(sector + 1) * size : (sector + 2) * size].ljust(size, b"\xff"))

    def follow(sector: int) -> bytes:
        pieces = []
        while sector < 0xFFFFFFFA:
            pieces.append(data[(sector + 1) * size : (sector + 2) * size])
            sector = fat[sector]
        return b"".join(pieces)

    directory = follow(first_directory)
    entries = {}
    for at in range(0, len(directory), 128):
        (letters,) = struct.unpack_from("<H", directory, at + 64)
        name = directory[at : at + max(0, letters - 2)].decode("utf-16-le", "replace")
        entries.setdefault(name.lower(), struct.unpack_from("<II", directory, at + 116))
    start, length = entries["workbook"] if "workbook" in entries else entries["book"]
    if length >= 4096:
        return follow(start)[:length]
    small = follow(entries["root entry"][0] if "root entry" in entries else entries["r"][0])
    (mini_start,) = struct.unpack_from("<I", data, 60)
    mini = follow(mini_start)
    pieces = []
    while start < 0xFFFFFFFA:
        pieces.append(small[start * 64 : start * 64 + 64])
        (start,) = struct.unpack_from("<I", mini, start * 4)
    return b"".join(pieces)[:length]
