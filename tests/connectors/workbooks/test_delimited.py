"""Text files are decoded strictly, in a fixed order, and split where they say so."""

from __future__ import annotations

import pytest

from connectors.workbooks.cells import Cells
from connectors.workbooks.delimited import SHEET, find_delimiter, read_delimited
from connectors.workbooks.harvest import Harvest
from connectors.workbooks.package import open_package
from connectors.workbooks.reading import Reading
from connectors.workbooks.recognise import Headings
from connectors.workbooks.refusal import RefusedError
from connectors.workbooks.sheet_findings import check_widths
from expectations.finding import Severity
from tests.connectors.workbooks.filled import RELIEF, codes, example, filled, read, read_one
from tests.connectors.workbooks.foreign import as_csv, sheets_of

CLEAN = filled(RELIEF, [example(RELIEF), example(RELIEF)])


@pytest.mark.inputs("A79", "B13")
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "utf-16", "gb18030", "gbk"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r"])
def test_a_sheet_saved_as_text_has_the_cells_of_the_sheet(encoding: str, delimiter: str, line_end: str) -> None:
    cells = Cells(open_package(as_csv(CLEAN, encoding, delimiter, line_end)))
    assert (cells.names, cells.visible, cells.is_delimited) == ([SHEET], [SHEET], True)
    sheet = sheets_of(CLEAN)[0][RELIEF.sheet]
    rows = cells.rows(SHEET)
    assert len(rows) == len(sheet)
    for row, expected in zip(rows, sheet, strict=True):
        assert row[:9] == ["" if v is None else str(v) for v in expected[:9]]


@pytest.mark.inputs("A79", "A47")
def test_rare_characters_survive_every_encoding() -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "gb18030"):
        assert read_delimited("姓名,籍贯\n𠮷㐂,𬭎".encode(encoding))[1] == ["𠮷㐂", "𬭎"]


@pytest.mark.inputs("A79", "B13")
@pytest.mark.parametrize(
    "data",
    [
        "姓名,金额\n\ufffd三,1".encode(),
        "姓名,金额\n锟斤拷,1".encode(),
        "姓名,金额\n锟斤拷,1".encode("gb18030"),
        "姓名,金额\n张三,1".encode("gb18030") + b"\xff",
        b"\xef\xbb\xbf" + "姓名,金额".encode("gb18030"),
        b"\xff\xfe" + "姓名,金额".encode("utf-16-le") + b"\x00",
        b"\xff\xfe" + "姓名,".encode("utf-16-le") + b"\x00\xd8\x00\x00",
    ],
    ids=["U+FFFD", "锟斤拷 UTF-8", "锟斤拷 GB18030", "neither", "mark that lies", "half a unit", "lone surrogate"],
)
def test_garbled_text_is_refused_and_never_guessed(data: bytes) -> None:
    reading = read_one(data)
    assert (reading.status, codes(reading)) == ("unreadable", ["file.damaged"])


@pytest.mark.inputs("A79", "A85", "B13")
def test_quotes_may_hold_line_breaks_delimiters_and_quotes() -> None:
    assert read_delimited('甲,"乙\n丙,丁","说""好"""\r\n1,2,3\r\n'.encode()) == [
        ["甲", "乙\n丙,丁", '说"好"'],
        ["1", "2", "3"],
    ]


@pytest.mark.inputs("B13")
@pytest.mark.parametrize("data", ['甲,乙\n1,"2\n3,4\n', '甲,乙\n1,"2"3\n'])
def test_an_unbalanced_quote_is_refused_with_its_row(data: str) -> None:
    with pytest.raises(RefusedError) as refused:
        read_delimited(data.encode())
    assert (refused.value.code, refused.value.params["reason_zh"]) == ("file.damaged", "从第 2 行起引号不配对")


@pytest.mark.inputs("B13")
def test_a_nul_stays_in_its_cell() -> None:
    assert read_delimited("甲,乙\n1\x00,2\n".encode()) == [["甲", "乙"], ["1\x00", "2"]]
    data = as_csv(CLEAN).replace("困难职工".encode(), "困难\x00职工".encode())
    assert Cells(open_package(data)).rows(SHEET)[5][2] == "困难\x00职工"


@pytest.mark.inputs("B13")
def test_short_and_long_rows_are_errors_of_their_row() -> None:
    rows = read_delimited("甲,乙,丙\n1,2,3\n1,2\n1,2,3,4\n1,2,3,,\n".encode())
    reading = Reading(1, "read")
    check_widths(reading, rows, Headings(0), Harvest(row_numbers=[2, 3, 4, 5]))
    assert [(f.code, f.severity, f.row_number, f.params) for f in reading.findings] == [
        ("form.row_width", Severity.ERROR, 3, {"fields": "2", "expected": "3"}),
        ("form.row_width", Severity.ERROR, 4, {"fields": "4", "expected": "3"}),
    ]


@pytest.mark.inputs("A79")
@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("甲;乙\n1,5;2,5\n3,5;4,5", ";"),
        ("甲,乙\n1;2,3\n4,5", ","),
        ("标题\n甲\t乙\n1,000\t2,000", "\t"),
        ('甲,乙\n"a;b;c","d;e"', ","),
    ],
)
def test_the_delimiter_is_the_mark_that_stands_alike_in_most_lines(text: str, delimiter: str) -> None:
    assert find_delimiter(text) == delimiter


@pytest.mark.inputs("B1")
def test_a_text_of_nothing_but_delimiters_is_refused() -> None:
    assert codes(read_one(b"," * 8_000_000)) == ["file.unsafe"]
    assert codes(read_one(b",\n" * 4_000_000)) == ["file.unsafe"]


@pytest.mark.inputs("B12")
def test_a_cell_of_any_length_is_one_cell() -> None:
    assert [len(v) for v in read_delimited(b"a,b\n" + b"x" * 1_000_000 + b",2")[1]] == [1_000_000, 1]


@pytest.mark.inputs("A78", "A79", "B8")
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gb18030"])
def test_a_form_saved_as_text_says_what_the_workbook_says(encoding: str) -> None:
    batch = read(CLEAN, as_csv(CLEAN, encoding, "\t" if encoding == "utf-16" else ","))
    expected, found = batch.readings
    assert codes(found) == ["form.recognised"]
    assert found.content_sha256 == expected.content_sha256
