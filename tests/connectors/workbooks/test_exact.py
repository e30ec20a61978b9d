"""Numbers and dates are those that stand in the file, digit by digit."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.workbooks.cells import Cells, text_of
from connectors.workbooks.digits import exact
from connectors.workbooks.number_formats import date_of_serial, is_date_passed_over
from connectors.workbooks.package import open_package
from tests.connectors.workbooks.filled import RELIEF, codes, example, filled, read, with_part

CLEAN = filled(RELIEF, [example(RELIEF)])
SHEET = "xl/worksheets/sheet1.xml"


def with_value(cell: str, value: str, attributes: str = "") -> bytes:
    """CLEAN with another value written into a cell of it."""
    written = f'<c r="{cell}"{attributes}><v>{value}</v></c>'.encode()
    data = with_part(CLEAN, SHEET, lambda xml: re.sub(rb'<c r="%s"[^>]*>.*?</c>' % cell.encode(), written, xml))
    assert data != CLEAN
    return data


def text_at(data: bytes, row: int, column: int) -> str | None:
    return text_of(Cells(open_package(data)).rows(RELIEF.sheet)[row][column])


@pytest.mark.inputs("A16")
@pytest.mark.parametrize(
    ("written", "text"),
    [
        # What Excel writes for 1234.56 and for 0.1 + 0.2: the float is the same.
        ("1234.5599999999999", "1234.56"),
        ("0.30000000000000004", "0.30000000000000004"),
        ("12345678901234.567", "12345678901234.567"),
        ("999999999999999.99", "999999999999999.99"),
        ("0.1234567890123456789", "0.1234567890123456789"),
        ("1.2345678901234567E-5", "0.000012345678901234567"),
        ("2.0000000000000000001", "2.0000000000000000001"),
        ("110105194912310021", "1.10105194912310E+17"),
        ("20000", "20000"),
        ("-0", "0"),
    ],
)
def test_a_number_keeps_the_digits_of_the_file(written: str, text: str) -> None:
    assert text_at(with_value("H6", written), 5, 7) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**14), max_value=10**14, places=6))
def test_no_number_below_fifteen_digits_changes(number: Decimal) -> None:
    assert Decimal(str(text_of(exact(f"{number:f}")))) == number


@given(st.floats(min_value=-1e14, max_value=1e14))
def test_a_float_written_in_full_is_that_float(number: float) -> None:
    assert exact(f"{number:.17g}") == number


@pytest.mark.inputs("A24", "A54")
def test_a_long_number_in_a_text_cell_is_left_alone() -> None:
    data = with_value("H6", "123456789012345678901", ' t="str"')
    assert text_at(data, 5, 7) == "123456789012345678901"


@pytest.mark.parametrize("index", ["-1", "1.5", "abc", " 3 ", "9999", "99999999999999999999"])
def test_a_text_that_is_not_there_is_damage_and_never_another_text(index: str) -> None:
    reading = read(with_value("C6", index, ' t="s"')).readings[0]
    assert (reading.status, codes(reading)) == ("unreadable", ["file.damaged"])


def with_date(
    serial: str, *, number_format: int | None = None, code: str | None = None, is_1904: bool = False
) -> bytes:
    data = with_value("J6", serial, ' s="5"')
    if code is not None:
        data = with_part(data, "xl/styles.xml", lambda xml: xml.replace(b"yyyy-mm-dd", code.encode()))
    if number_format is not None:
        found = rb'(<xf numFmtId=")167(")'
        data = with_part(data, "xl/styles.xml", lambda xml: re.sub(found, rb"\g<1>%d\2" % number_format, xml))
    if is_1904:
        data = with_part(
            data, "xl/workbook.xml", lambda xml: xml.replace(b"<workbookPr ", b'<workbookPr date1904="1" ')
        )
    return data


@pytest.mark.inputs("A31")
@pytest.mark.parametrize("number_format", [*range(27, 37), *range(50, 59)])
def test_the_date_formats_of_chinese_programs_are_dates(number_format: int) -> None:
    assert text_at(with_date("44232", number_format=number_format), 5, 9) == "2021-02-05"


@pytest.mark.inputs("A31")
@pytest.mark.parametrize(
    "code", ["aaaa", "[$-804]aaaa;@", "e&quot;年&quot;", "[DBNum1][$-804]yyyy&quot;年&quot;m&quot;月&quot;"]
)
def test_custom_date_formats_are_dates(code: str) -> None:
    batch = read(with_date("44232", code=code))
    assert batch.readings[0].findings == []
    assert batch.rows["relief"]["given_on"].item() == date(2021, 2, 5)


@pytest.mark.parametrize("code", ["General", "0.00E+00", '0"e天"', "@", "[Red]0.00", '"aaa"0', None])
def test_other_formats_are_numbers(code: str | None) -> None:
    assert not is_date_passed_over(code)


@pytest.mark.inputs("A30", "B10")
@pytest.mark.parametrize("code", [None, "aaaa"])
def test_the_epoch_of_1904_is_honoured(code: str | None) -> None:
    assert text_at(with_date("42770", is_1904=True, code=code), 5, 9) == "2021-02-05"


def test_a_serial_number_is_a_day_a_moment_or_nothing() -> None:
    assert date_of_serial(44232, is_1904=False) == date(2021, 2, 5)
    assert date_of_serial(44232.5, is_1904=False) == datetime(2021, 2, 5, 12)  # noqa: DTZ001 - a cell has no time zone
    assert date_of_serial(0.25, is_1904=False) == time(6)
    assert [date_of_serial(n, is_1904=False) for n in (-1, 60, 2_958_466, 1e10)] == [-1, 60, 2_958_466, 1e10]


@pytest.mark.inputs("A30")
def test_an_ordinary_workbook_does_not_pay_for_the_odd_one() -> None:
    marks = Cells(open_package(CLEAN)).marks(RELIEF.sheet)
    assert (marks.texts, marks.dates) == ([], [])
    assert codes(read(CLEAN).readings[0]) == []
