"""What people do to a sheet beside typing into it: merge, hide, cross out, comment. Little of it can be read, so it is asked about."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import groupby

from connectors.workbooks.cells import Cells, Row, text_of
from connectors.workbooks.harvest import Harvest
from connectors.workbooks.layout import HELP_SHEET, LISTS_SHEET, META_SHEET, column_letters
from connectors.workbooks.marks import Place, SheetMarks
from connectors.workbooks.reading import Reading
from connectors.workbooks.recognise import Headings
from expectations.contract import Form
from expectations.finding import Severity

NUMBERS = frozenset(("integer", "money", "decimal"))
"""Kinds of which one value cannot stand for several rows: it may be the sum of all, or the amount of each."""

PLACES_NAMED = 20
"""So many are named in words; that there are more is said."""


def fill_merged(reading: Reading, form: Form, rows: Sequence[Row], headings: Headings, marks: SheetMarks) -> None:
    """Fill what stands in merged cells down to each row of theirs, and nowhere else; a merged number is refused in each of its rows."""
    names = {column: name for name, column in headings.columns.items()}
    for top, column, bottom, _ in marks.merged:
        if top <= headings.row or bottom <= top or column not in names or top >= len(rows):
            continue
        field = form.field(names[column])
        anchor = rows[top][column] if column < len(rows[top]) else ""
        if text_of(anchor) is None:
            continue
        below = [n for n in range(top + 1, min(bottom + 1, len(rows))) if _is_filled(rows[n], names, column)]
        about = {
            "heading": field.heading,
            "cells": f"{column_letters(column)}{top + 1}:{column_letters(column)}{bottom + 1}",
        }
        if field.kind in NUMBERS:
            for number in (top, *below):
                _complain(reading, "form.merged_number", Severity.ERROR, (number, column), field=field.name, **about)
        elif below:
            for number in below:
                rows[number].extend([""] * (column + 1 - len(rows[number])))
                rows[number][column] = anchor
            _complain(reading, "form.merged_filled", Severity.INFO, (top, column), field=field.name, **about)


def tell_marks(reading: Reading, form: Form, cells: Cells, headings: Headings, crop: Harvest) -> None:
    """Ask about what is hidden, crossed out, red, commented, pictured or taken from another file among the data."""
    marks = cells.marks(reading.sheet or "")
    data = {number - 1 for number in crop.row_numbers}
    columns = {column: form.field(name) for name, column in headings.columns.items()}
    if hidden := sorted(marks.hidden_rows & data):
        spans = _shortened(str(a + 1) if a == b else f"{a + 1}–{b + 1}" for a, b in _spans(hidden))
        reading.complain("form.hidden_rows", Severity.WARNING, row_number=hidden[0] + 1, rows=spans)
    if unseen := [columns[column].heading for column in sorted(marks.hidden_columns & set(columns))]:
        reading.complain("form.hidden_columns", Severity.WARNING, headings="、".join(unseen))
    ours = (HELP_SHEET, META_SHEET, LISTS_SHEET)
    if sheets := [name for name in cells.names if name not in cells.visible and name not in ours]:
        reading.complain(
            "form.hidden_sheets", Severity.WARNING, sheets=_shortened(sheets), expected=reading.sheet or ""
        )
    for code, places in (
        ("form.linked_cells", marks.linked),
        ("form.crossed_out", marks.crossed_out),
        ("form.red_text", marks.red),
        ("form.comments", marks.comments),
    ):
        if found := sorted(p for p in set(places) if p[0] in data and p[1] in columns):
            _complain(reading, code, Severity.WARNING, found[0], cells=_named(found))
    if marks.pictures:
        reading.complain("form.pictures", Severity.WARNING, count=str(marks.pictures))


def check_widths(reading: Reading, rows: Sequence[Row], headings: Headings, crop: Harvest) -> None:
    """In a text file, complain of the rows that have more or fewer fields than the headings: a mark too many shifts all that follows."""
    width = _width(rows[headings.row])
    for number in crop.row_numbers:
        row = rows[number - 1]
        if len(row) < width or _width(row) > len(rows[headings.row]):
            reading.complain(
                "form.row_width",
                Severity.ERROR,
                row_number=number,
                fields=str(max(_width(row), len(row))),
                expected=str(width),
            )


def _complain(
    reading: Reading, code: str, severity: Severity, place: Place, field: str | None = None, **params: str
) -> None:
    row, column = place
    cell = f"{column_letters(column)}{row + 1}"
    reading.complain(code, severity, cell=cell, row_number=row + 1, field=field, **params)


def _is_filled(row: Row, columns: Collection[int], but: int) -> bool:
    """Whether the row says anything in another column of the form, and nothing in this one."""
    typed = {column for column in columns if column < len(row) and text_of(row[column]) is not None}
    return bool(typed) and but not in typed


def _width(row: Row) -> int:
    return max((n for n, value in enumerate(row, start=1) if text_of(value) is not None), default=0)


def _spans(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Ascending numbers as first and last of each unbroken run."""
    runs = [[n for _, n in run] for _, run in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0])]
    return [(run[0], run[-1]) for run in runs]


def _named(places: Sequence[Place]) -> str:
    """Cells as people write them, runs within a column together."""
    found = []
    for column in sorted({c for _, c in places}):
        letters = column_letters(column)
        for first, last in _spans([r for r, c in places if c == column]):
            found.append(f"{letters}{first + 1}" if first == last else f"{letters}{first + 1}:{letters}{last + 1}")
    return _shortened(found)


def _shortened(names: Iterable[str]) -> str:
    every = list(names)
    return "、".join(every[:PLACES_NAMED]) + (f"…（{len(every)}）" if len(every) > PLACES_NAMED else "")
