"""The cells of a workbook as text: what was typed, where it was typed, and nothing guessed."""

from __future__ import annotations

import io
from datetime import date, datetime, time
from math import isfinite
from typing import Any

from python_calamine import CalamineWorkbook, PasswordError, SheetVisibleEnum

from connectors.workbooks.biff import marks_of_xls
from connectors.workbooks.delimited import SHEET, read_delimited
from connectors.workbooks.digits import EXACT_BELOW
from connectors.workbooks.kinds import CSV, ODS, XLSB, XLSX
from connectors.workbooks.marks import SheetMarks
from connectors.workbooks.number_formats import date_of_serial
from connectors.workbooks.ods import read_ods
from connectors.workbooks.package import Package, check_grid
from connectors.workbooks.refusal import RefusedError, damaged, unsafe
from connectors.workbooks.sheet_xml import marks_of_xlsx
from connectors.workbooks.xlsb import marks_of_xlsb

Row = list[Any]
"""One row from column A on, as the reader gives it: '' is blank."""


class Cells:
    """The sheets of one workbook of any kind. Raises: RefusedError where it is locked or broken.

    Attributes:
        names: the names of its sheets in order.
        visible: those that people see.
        is_delimited: whether it is one of those text files whose rows need not be of one width.
    """

    def __init__(self, package: Package) -> None:
        self._package = package
        self.is_delimited = package.kind is CSV
        self._rows: dict[str, list[Row]] = {}
        self._marks: dict[str, SheetMarks] = {}
        if self.is_delimited:
            self.names = self.visible = [SHEET]
            self._rows[SHEET], self._marks[SHEET] = list(read_delimited(package.data)), SheetMarks()
        elif package.kind is ODS:
            sheets = read_ods(package.parts.get("content.xml", b""))
            self.names, self.visible = list(sheets), [name for name, sheet in sheets.items() if sheet.is_visible]
            self._rows = {name: sheet.rows for name, sheet in sheets.items()}
            self._marks = {name: sheet.marks for name, sheet in sheets.items()}
        else:
            self._open_native()

    def rows(self, sheet: str) -> list[Row]:
        """Every row of the sheet from A1 on, with the error values and the formulas that native readers pass over."""
        if sheet in self._rows:
            return self._rows[sheet]
        check_grid(sheet, self._package.xml_of(sheet))
        marks = self.marks(sheet)
        rows: list[Row] = _native(lambda: self._workbook.get_sheet_by_name(sheet).to_python(skip_empty_area=False))
        for row, column, text in marks.texts:
            if row < len(rows) and column < len(rows[row]):
                rows[row][column] = text
            else:
                _put(rows, row, column, text)
        for row, column in marks.dates:
            number = rows[row][column] if row < len(rows) and column < len(rows[row]) else None
            if isinstance(number, (int, float)) and not isinstance(number, bool):
                rows[row][column] = date_of_serial(number, is_1904=marks.is_1904)
        return rows

    def marks(self, sheet: str) -> SheetMarks:
        """What the sheet says beside its values."""
        if sheet not in self._marks:
            self._marks[sheet] = marks_of_xlsx(self._package, sheet) if sheet in self._package.sheets else SheetMarks()
        return self._marks[sheet]

    def _open_native(self) -> None:
        package = self._package
        if package.kind is XLSB:
            self._marks = marks_of_xlsb(package.parts)
        listed = marks_of_xls(package.data) if package.kind not in (XLSB, XLSX) else []
        self._workbook = _native(lambda: CalamineWorkbook.from_filelike(io.BytesIO(package.data)))
        metadata = self._workbook.sheets_metadata
        self.names = [m.name for m in metadata]
        self.visible = [m.name for m in metadata if m.visible is SheetVisibleEnum.Visible]
        if not self.names:
            raise damaged("没有工作表", "there is no sheet")
        if len(set(map(str.casefold, self.names))) < len(self.names):
            raise unsafe("有两张同名的工作表", "two sheets have one name")
        for name, marks in zip(self.names, listed, strict=False):
            self._marks[name] = marks
            marks.merged = self._merged(name)

    def _merged(self, sheet: str) -> list[tuple[int, int, int, int]]:
        ranges = _native(lambda: self._workbook.get_sheet_by_name(sheet).merged_cell_ranges)
        return [(*first, *last) for first, last in ranges or []]


def text_of(value: Any) -> str | None:
    """What was typed, as text; None where the cell is blank.

    Numbers are written without loss; one with more digits than Excel keeps is written as 1.2345E+17, so that nobody takes it for
    exact. Dates are ISO, with the time only where there is one.
    """
    if type(value) is str:
        text = value.replace("\x00", "\ufffd") if "\x00" in value else value
        return text if text and not text.isspace() else None
    if type(value) is float:
        if value.is_integer() and abs(value) < EXACT_BELOW:
            return str(int(value))
        return f"{value:.14E}" if isfinite(value) and abs(value) >= EXACT_BELOW else repr(value)
    match value:
        case None:
            return None
        case bool():
            return "TRUE" if value else "FALSE"
        case int():
            return str(value) if abs(value) < EXACT_BELOW else f"{value:.14E}"
        case datetime():
            return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
        case date() | time():
            return value.isoformat()
        case _:
            return str(value)


def _native(read: Any) -> Any:
    try:
        return read()
    except (MemoryError, KeyboardInterrupt, SystemExit):
        raise
    except PasswordError as error:
        raise RefusedError("file.password") from error
    except BaseException as error:
        # A panic of the native reader is a BaseException that is no Exception.
        raise damaged("表格内容无法读取", "the cells cannot be read") from error


def _put(rows: list[Row], row: int, column: int, text: str) -> None:
    rows.extend([] for _ in range(len(rows), row + 1))
    rows[row].extend([""] * (column + 1 - len(rows[row])))
    rows[row][column] = text
