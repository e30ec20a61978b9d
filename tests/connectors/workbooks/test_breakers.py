"""Files that break readers, line by line of table B in shared/INPUTS.md: each is answered, and what is beside it is read.

Lines held elsewhere: B3 and B15 (what is no file, what changes) and B14 (names) in `test_folder_source`, B1 (limits of the child) in
`test_pool`, B13 in `test_delimited`, and more of B1 to B8 in `test_refusals` and `test_formats`.
"""

from __future__ import annotations

import io
import os
import re
import time
import zipfile
from collections.abc import Callable
from datetime import date

import pytest

from tests.connectors.workbooks.filled import AID, RELIEF, codes, example, filled, only, read, read_one, with_part

CLEAN = filled(RELIEF, [example(RELIEF), example(RELIEF)])
SHEET, STRINGS, BOOK = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml"
END = b"</sheetData>"
WORKSHEET = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"


def with_rows(rows: bytes) -> bytes:
    """CLEAN with more XML at the end of its rows."""
    return with_part(CLEAN, SHEET, lambda xml: xml.replace(END, rows + END))


def with_cell(cell: str, written: str) -> bytes:
    """CLEAN with a cell written as this XML."""
    pattern = rb'<c r="%s"[^>]*>.*?</c>' % cell.encode()
    data = with_part(CLEAN, SHEET, lambda xml: re.sub(pattern, lambda _: written.encode(), xml, count=1))
    assert data != CLEAN
    return data


def dtd(text: str) -> Callable[[bytes], bytes]:
    return lambda xml: xml.replace(b"<sst", f"<!DOCTYPE sst [{text}]><sst".encode(), 1)


def b1_entities() -> bytes:
    return with_part(CLEAN, STRINGS, dtd('<!ENTITY a "哈"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'))


def b1_outside_entity() -> bytes:
    return with_part(CLEAN, STRINGS, dtd('<!ENTITY x SYSTEM "file:///etc/passwd">'))


def b1_white_space() -> bytes:
    return with_part(CLEAN, SHEET, lambda xml: xml.replace(END, b" " * 60_000_000 + END))


def b1_one_huge_string() -> bytes:
    return with_part(CLEAN, STRINGS, lambda xml: xml.replace(b"<si><t>", b"<si><t>" + b"x" * 60_000_000, 1))


def b1_many_rows() -> bytes:
    return with_rows(b"".join(b'<row r="%d"><c r="AZ%d"><v>1</v></c></row>' % (n, n) for n in range(20, 150_000)))


def b2_wrong_checksum() -> bytes:
    position = CLEAN.rfind(b"PK\x01\x02")
    return CLEAN[: position + 16] + b"\x01\x02\x03\x04" + CLEAN[position + 20 :]


def b2_part_twice() -> bytes:
    data = with_part(CLEAN, "xl/extra.xml", lambda _: b"<a/>")
    return with_part(data, "xl/extra.xmk", lambda _: b"<b/>").replace(b"extra.xmk", b"extra.xml")


def b6_sheets(count: int) -> bytes:
    """A workbook with so many sheets, each with a part of its own."""
    sheet = '<sheet name="表{n}" sheetId="{n}" r:id="rId1{n}"/>'
    relation = '<Relationship Id="rId1{n}" Target="worksheets/more{n}.xml" Type="{WORKSHEET}"/>'
    data = with_part(
        CLEAN,
        BOOK,
        lambda xml: xml.replace(
            b"</sheets>", "".join(sheet.format(n=n) for n in range(10, count)).encode() + b"</sheets>"
        ),
    )
    data = with_part(
        data,
        "xl/_rels/workbook.xml.rels",
        lambda xml: xml.replace(
            b"</Relationships>",
            "".join(relation.format(n=n, WORKSHEET=WORKSHEET) for n in range(10, count)).encode() + b"</Relationships>",
        ),
    )
    stream = io.BytesIO(data)
    with zipfile.ZipFile(stream, "a") as archive:
        for n in range(10, count):
            archive.writestr(f"xl/worksheets/more{n}.xml", "<worksheet><sheetData/></worksheet>")
    return stream.getvalue()


def b6_no_sheet() -> bytes:
    return with_part(CLEAN, BOOK, lambda xml: re.sub(rb"<sheets>.*</sheets>", b"<sheets/>", xml))


def refused(line: str, name: str, data: Callable[[], bytes], code: str, says: str = "") -> object:
    return pytest.param(data, code, says, id=f"{line} {name}", marks=pytest.mark.inputs(line))


@pytest.mark.parametrize(
    ("data", "code", "says"),
    [
        refused("B1", "billion laughs", b1_entities, "file.unsafe", "DTD"),
        refused("B1", "outside entity", b1_outside_entity, "file.unsafe", "DTD"),
        refused("B1", "white space", b1_white_space, "file.unsafe", "60 MB"),
        refused("B1", "one huge string", b1_one_huge_string, "file.unsafe", "60 MB"),
        refused("B1", "rows", b1_many_rows, "file.unsafe", "第 149999 行"),
        refused("B2", "path out", lambda: with_part(CLEAN, "../a.xml", lambda _: b""), "file.unsafe", "越出"),
        refused(
            "B2", "backslash out", lambda: with_part(CLEAN, "xl\\..\\..\\a.xml", lambda _: b""), "file.unsafe", "越出"
        ),
        refused("B2", "drive", lambda: with_part(CLEAN, "C:/a.xml", lambda _: b""), "file.unsafe", "越出"),
        refused("B2", "part twice", b2_part_twice, "file.unsafe", "两次"),
        refused("B2", "junk before", lambda: b"\x00\x01" * 50 + CLEAN, "file.not_a_workbook"),
        refused("B2", "checksum", b2_wrong_checksum, "file.damaged", "校验码"),
        refused("B3", "zero bytes", lambda: b"", "file.empty"),
        refused("B3", "truncated", lambda: CLEAN[:-30], "file.damaged"),
        refused(
            "B4",
            "last cell",
            lambda: with_rows(b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
            "file.unsafe",
            "1048576",
        ),
        refused(
            "B4",
            "row of 4e9",
            lambda: with_rows(b'<row r="4000000000"><c r="A4000000000"><v>1</v></c></row>'),
            "file.unsafe",
            "4000000000",
        ),
        refused(
            "B4",
            "no such column",
            lambda: with_rows(b'<row r="9999"><c r="ZZZZZZ9999"><v>1</v></c></row>'),
            "file.unsafe",
            "ZZZZZZ9999",
        ),
        refused(
            "B4", "row twice", lambda: with_rows(b'<row r="6"><c r="H6"><v>1</v></c></row>'), "file.unsafe", "第 6 行"
        ),
        refused(
            "B4",
            "cell without a place in a far row",
            lambda: with_rows(b'<row r="4000000000"><c><v>1</v></c></row>'),
            "file.unsafe",
            "4000000000",
        ),
        refused("B4", "rows out of order", lambda: with_rows(b'<row r="90"/><row r="80"/>'), "file.unsafe", "第 80 行"),
        refused(
            "B4",
            "cell twice",
            lambda: with_cell("H6", '<c r="H6"><v>1</v></c><c r="H6"><v>2</v></c>'),
            "file.unsafe",
            "H6",
        ),
        refused(
            "B4",
            "prefixed cell twice",
            lambda: with_rows(b'<x:row r="90"><x:c r="H90"/><x:c r="H90"/></x:row>'),
            "file.unsafe",
            "H90",
        ),
        refused(
            "B6",
            "two of one name",
            lambda: with_part(CLEAN, BOOK, lambda xml: xml.replace(b"_lists", b"_META")),
            "file.unsafe",
            "同名",
        ),
        refused("B6", "5000 sheets", lambda: b6_sheets(5_000), "file.unsafe", "部件"),
        refused("B6", "no sheet", b6_no_sheet, "file.damaged", "没有工作表"),
        refused(
            "B6",
            "sheet in UTF-16",
            lambda: with_part(CLEAN, SHEET, lambda xml: xml.decode().encode("utf-16")),
            "file.unsafe",
            "UTF-8",
        ),
    ],
)
def test_a_file_that_breaks_readers_is_refused_by_what_is_wrong_with_it(
    data: Callable[[], bytes], code: str, says: str
) -> None:
    reading = read_one(data())
    assert (reading.status, codes(reading)) == ("unreadable", [code])
    assert says in only(reading).params.get("reason_zh", "")


@pytest.mark.inputs("B6")
def test_many_sheets_are_read_for_the_one_that_counts() -> None:
    assert codes(read_one(b6_sheets(400))) == []


@pytest.mark.inputs("B5")
def test_a_million_formatted_blank_rows_are_ten_rows() -> None:
    rows = b"".join(b'<row r="%d" s="1" customFormat="1"/>' % n for n in range(20, 1_000_020))
    started = time.monotonic()
    batch = read(with_rows(rows))
    assert (codes(batch.readings[0]), batch.rows["relief"].height) == ([], 2)
    assert time.monotonic() - started < 20


@pytest.mark.inputs("B9")
@pytest.mark.parametrize("written", ["NaN", "INF", "-INF", "1e308", "1e309", "-1e309", "abc", "0x10"])
def test_a_number_that_is_none_is_an_error_of_its_cell(written: str) -> None:
    batch = read(with_cell("H6", f'<c r="H6" s="4"><v>{written}</v></c>'))
    finding = only(batch.readings[0])
    assert (finding.cell, finding.severity) == ("H6", "error")
    assert batch.rows["relief"]["cash_cny"].to_list() == [None, 20000]


@pytest.mark.inputs("B9")
@pytest.mark.parametrize(("written", "amount"), [("-0", 0), ("12,000", 12000), ("2E4", 20000), ("20000.00", 20000)])
def test_a_number_written_oddly_is_that_number(written: str, amount: int) -> None:
    batch = read(with_cell("H6", f'<c r="H6" s="4"><v>{written}</v></c>'))
    assert {f.cell for f in batch.readings[0].findings if f.code != "form.total_differs"} <= {"H6"}
    assert batch.rows["relief"]["cash_cny"].to_list() == [amount, 20000]


@pytest.mark.inputs("B10")
@pytest.mark.parametrize("serial", ["0", "0.5", "1", "59", "60", "-1", "17000", "2958465", "2958466", "1e10", "1e300"])
def test_a_day_out_of_all_bounds_is_an_error_of_its_cell(serial: str) -> None:
    batch = read(with_cell("J6", f'<c r="J6" s="5"><v>{serial}</v></c>'))
    finding = only(batch.readings[0])
    assert (finding.cell, finding.severity) == ("J6", "error")
    assert batch.rows["relief"]["given_on"].to_list() == [None, date(2021, 2, 5)]


@pytest.mark.inputs("B10")
def test_a_duration_is_no_day() -> None:
    data = with_part(CLEAN, "xl/styles.xml", lambda xml: xml.replace(b"yyyy-mm-dd", b"[h]:mm:ss"))
    batch = read(data)
    assert [(f.cell, f.severity) for f in batch.readings[0].findings] == [("J6", "error"), ("J7", "error")]
    assert batch.rows["relief"]["given_on"].to_list() == [None, None]


def named(name: str) -> bytes:
    return with_part(
        filled(AID, [example(AID, worker_name="张三丰")]),
        STRINGS,
        lambda xml: xml.replace("张三丰".encode(), name.encode()),
    )


@pytest.mark.inputs("B11")
@pytest.mark.parametrize("name", ["张_x0000_三", "张_xD800_三", "张_xDFFF_三", "张\ufffd三"])
def test_what_the_database_cannot_hold_is_an_error_of_its_row(name: str) -> None:
    finding = only(read_one(named(name)))
    assert (finding.code, finding.severity) == ("value.unreadable_characters", "error")


@pytest.mark.inputs("B11")
@pytest.mark.parametrize("mark", ["\u200f", "\u202e", "\u200b", "\ufeff", "\u00ad"])
def test_marks_that_nobody_sees_are_stripped_and_listed(mark: str) -> None:
    batch = read(named(f"张{mark}三"))
    assert codes(batch.readings[0]) == ["value.repaired"]
    assert batch.rows["hardship_aid"]["worker_name"].item() == "张三"


@pytest.mark.inputs("B11", "A47")
@pytest.mark.parametrize("name", ["𠮷㐂", "𬭎三", "张😀"])
def test_rare_characters_are_kept(name: str) -> None:
    batch = read(named(name))
    assert batch.rows["hardship_aid"]["worker_name"].item() == name


@pytest.mark.inputs("B12")
def test_ten_megabytes_in_a_cell_are_an_error_of_its_row() -> None:
    # Text that does not shrink, so that it is no bomb.
    long = os.urandom(5_000_000).hex()
    batch = read(named(long))
    finding = only(batch.readings[0])
    assert (finding.code, finding.severity, finding.row_number) == ("value.too_long", "error", 6)
    assert len(finding.value or "") < 300


@pytest.mark.inputs("A85")
@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "@SUM(1+9)", "+1+1", "-2+3"])
def test_a_text_that_looks_like_a_formula_stays_a_text(text: str) -> None:
    batch = read(named(text.replace("&", "&amp;")))
    assert batch.rows["hardship_aid"]["worker_name__text"].item() == text
