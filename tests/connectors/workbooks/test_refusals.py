"""Files that are no workbook, broke on their way, or were made to break readers: each refused once, with its reason."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest

from connectors.workbooks import package
from tests.connectors.workbooks.filled import RELIEF, codes, example, filled, only, read, read_one, with_part

CLEAN = filled(RELIEF, [example(RELIEF)])
SHEET = "xl/worksheets/sheet1.xml"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def utf16(text: str) -> bytes:
    return text.encode("utf-16-le")


def zipped(**parts: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return stream.getvalue()


def with_cell(reference: str) -> bytes:
    """A workbook with one more cell, at that address."""
    row = "".join(c for c in reference if c.isdigit())
    cell = f'<row r="{row}"><c r="{reference}"><v>1</v></c></row></sheetData>'
    return with_part(CLEAN, SHEET, lambda xml: xml.replace(b"</sheetData>", cell.encode()))


def flipped(data: bytes) -> bytes:
    """The workbook with one digit of its first sheet changed on the way: the checksum still tells the truth."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as after:
        for name in before.namelist():
            after.writestr(name, before.read(name))
    changed = stream.getvalue().replace(b"<v>20000</v>", b"<v>90000</v>", 1)
    assert changed != stream.getvalue()
    return changed


@pytest.mark.inputs("A78", "B8")
@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"%PDF-1.7 ...", "PDF"),
        ("姓名，金额".encode(), "TXT"),
        (b"<html><table><tr><td>1</td></tr></table>", "HTML"),
        (b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>', "XML 2003 (.xml)"),
        (b"\x09\x08\x10\x00\x00\x06\x05\x00", "Excel 97-2003 (.xls)"),
        (b"{\\rtf1\\ansi}", "RTF"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (OLE + b"\x00" * 600 + utf16("WordDocument"), "Word (.doc)"),
        (zipped(mimetype=b"application/vnd.oasis.opendocument.text"), "OpenDocument"),
        (zipped(**{"word/document.xml": b""}), "Word (.docx)"),
        (b"\x01\x14\x23\x65\x00\x07\x00\x99", "?"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_file_is_named_for_what_it_is(data: bytes, kind: str) -> None:
    reading = read_one(data)
    assert (reading.status, only(reading).code, only(reading).params) == (
        "unreadable",
        "file.not_a_workbook",
        {"kind": kind},
    )


@pytest.mark.inputs("A78", "B8")
@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"Rar!\x1a\x07\x01\x00", "RAR"),
        (b"7z\xbc\xaf\x27\x1c", "7z"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (zipped(**{"empty/": b""}), "ZIP"),
        (zipped(**{"[Content_Types].xml": b"", "visio/document.xml": b""}), "ZIP"),
    ],
    ids=["RAR", "7z", "gzip", "zip of nothing", "Visio"],
)
def test_a_packed_file_is_to_be_unpacked_by_those_who_send_it(data: bytes, kind: str) -> None:
    finding = only(read_one(data))
    assert (finding.code, finding.params["kind"]) == ("file.packed", kind)


@pytest.mark.inputs("B3", "A81")
def test_an_empty_file_is_called_empty() -> None:
    assert codes(read_one(b"")) == ["file.empty"]


@pytest.mark.inputs("A80", "B7")
@pytest.mark.parametrize(
    "locked",
    [
        OLE + b"\x00" * 600 + utf16("EncryptionInfo") + utf16("EncryptedPackage"),
        b"\x62\x14\x23\x65\x00\x07\x00\x99",
        b"%TSD-Header-###%" + bytes(range(256)),
        zipped(
            **{
                "mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
                "META-INF/manifest.xml": b"<manifest:encryption-data/>",
            }
        ),
    ],
    ids=["Excel", "亿赛通", "绿盾", "OpenDocument"],
)
def test_a_password_is_called_a_password(locked: bytes) -> None:
    assert codes(read_one(locked)) == ["file.password"]


@pytest.mark.inputs("B3")
@pytest.mark.parametrize("cut", [0.2, 0.5, 0.9, 0.999])
def test_a_truncated_workbook_is_damaged(cut: float) -> None:
    assert codes(read_one(CLEAN[: int(len(CLEAN) * cut)])) == ["file.damaged"]


@pytest.mark.inputs("B2")
def test_one_flipped_digit_is_damage_and_never_another_amount() -> None:
    assert codes(read_one(flipped(CLEAN))) == ["file.damaged"]


def test_a_part_that_inflates_to_more_than_it_declares_is_damaged() -> None:
    position = CLEAN.find(b"PK\x01\x02")
    size = struct.unpack_from("<I", CLEAN, position + 24)[0]
    lying = CLEAN[: position + 24] + struct.pack("<I", size - 1) + CLEAN[position + 28 :]
    assert codes(read_one(lying)) == ["file.damaged"]


@pytest.mark.inputs("B6")
def test_a_missing_sheet_part_is_damage() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(CLEAN)) as before, zipfile.ZipFile(stream, "w") as after:
        for name in before.namelist():
            if name != SHEET:
                after.writestr(name, before.read(name))
    assert codes(read_one(stream.getvalue())) == ["file.damaged"]


@pytest.mark.inputs("B1", "B2", "B6")
@pytest.mark.parametrize(
    "attack",
    [
        with_part(CLEAN, SHEET, lambda _: b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><worksheet/>'),
        with_part(
            CLEAN, "docProps/custom.xml", lambda _: '<!DOCTYPE x [<!ENTITY a "ha">]><Properties/>'.encode("utf-16")
        ),
        with_part(CLEAN, "../../etc/passwd", lambda _: b"x"),
        with_part(CLEAN, "/etc/passwd", lambda _: b"x"),
        with_part(CLEAN, SHEET.upper(), lambda _: b"<worksheet/>"),
        with_part(CLEAN, "xl/media/image1.bmp", lambda _: bytes(20_000_000)),
        with_part(
            CLEAN,
            "xl/workbook.xml",
            lambda xml: xml.replace('name="填报说明"'.encode(), 'name="慰问救助台账"'.encode()),
        ),
    ],
    ids=["entities", "utf-16 doctype", "path out", "absolute path", "part twice", "bomb", "sheet twice"],
)
def test_what_no_office_program_writes_is_refused(attack: bytes) -> None:
    reading = read_one(attack)
    assert (reading.status, codes(reading)) == ("unreadable", ["file.unsafe"])
    assert only(reading).params["reason_zh"]


@pytest.mark.inputs("B6")
def test_a_workbook_of_too_many_parts_is_refused() -> None:
    parts = {f"xl/worksheets/extra{n}.xml": b"" for n in range(package.MAX_PARTS)}
    assert codes(read_one(zipped(**{"xl/workbook.xml": b""}, **parts))) == ["file.unsafe"]


@pytest.mark.inputs("B4")
@pytest.mark.parametrize("reference", ["XFD1048576", "A4000000000", "ZZZZZZ9999", "ABC99999"])
def test_a_cell_at_the_far_corner_is_refused_before_a_native_reader_sees_it(reference: str) -> None:
    assert codes(read_one(with_cell(reference))) == ["file.unsafe"]


def test_a_far_row_alone_is_read() -> None:
    reading = read_one(with_cell("A50000"))
    assert codes(reading) == []
    assert reading.rows_read == 2


@pytest.mark.inputs("B5", "A69")
def test_a_hundred_thousand_formatted_blank_rows_are_read_as_none() -> None:
    blanks = b"".join(b'<row r="%d"><c r="A%d" s="1"/><c r="B%d" s="1"/></row>' % (n, n, n) for n in range(12, 100_000))
    data = with_part(CLEAN, SHEET, lambda xml: xml.replace(b"</sheetData>", blanks + b"</sheetData>"))
    batch = read(data)
    assert batch.readings[0].findings == []
    assert batch.rows["relief"].height == 1


@pytest.mark.inputs("B5")
def test_a_dimension_that_lies_is_not_believed() -> None:
    data = with_part(
        CLEAN, SHEET, lambda xml: xml.replace(b'<dimension ref="A1:J11"/>', b'<dimension ref="A1:XFD1048576"/>')
    )
    assert data != CLEAN
    assert read_one(data).findings == []


@pytest.mark.inputs("B2")
def test_junk_before_the_zip_is_refused() -> None:
    assert codes(read_one(b"MZ junk" + CLEAN)) == ["file.not_a_workbook"]


def test_xml_that_is_cut_off_with_a_right_checksum_is_damaged() -> None:
    data = with_part(CLEAN, SHEET, lambda xml: xml[: len(xml) // 2])
    assert codes(read_one(data)) == ["file.damaged"]
