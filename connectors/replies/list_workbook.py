"""The problem list as a workbook of its own, for what cannot be annotated: it stands beside the untouched original."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

from xlsxwriter import Workbook

from connectors.replies.answer import Answer
from connectors.replies.listing import CONFIRM_COLUMN, HEADINGS, WIDTHS, listing_of
from connectors.replies.styles import COLOURS
from connectors.replies.texts import plain
from connectors.workbooks.layout import PROBLEM_SHEET
from connectors.workbooks.template import TEXT_STAYS_TEXT
from expectations.finding import Severity

_FONT = {"font_name": "Microsoft YaHei", "font_size": 10, "valign": "vcenter"}
_FRAME = {"border": 1, "border_color": "#BFBFBF"}


def list_workbook(answer: Answer) -> bytes:
    """The workbook of these problems; the same answer gives the same bytes."""
    listing = listing_of(answer, is_annotated=False)
    stream = io.BytesIO()
    workbook = Workbook(stream, {"in_memory": True, **TEXT_STAYS_TEXT})
    workbook.set_properties({"title": PROBLEM_SHEET, "created": datetime(2021, 1, 1, tzinfo=UTC)})

    def add(**properties: Any) -> Any:
        return workbook.add_format({**_FONT, "quote_prefix": True, **properties})

    title, line = add(font_size=16, bold=True, font_color="#1F4E79"), add()
    heading = add(bold=True, font_color="white", bg_color="#1F4E79", align="center", **_FRAME)
    text, number = add(text_wrap=True, **_FRAME), add(align="center", **_FRAME)
    results = {
        severity: add(align="center", bg_color=f"#{COLOURS[severity][2:].decode()}", **_FRAME)
        if severity in COLOURS
        else number
        for severity in Severity
    }
    sheet = workbook.add_worksheet(PROBLEM_SHEET)
    # What stands beside the original is not read back, so nothing can be confirmed in it.
    columns = {c: place for place, c in enumerate(c for c in range(len(HEADINGS)) if c != CONFIRM_COLUMN)}
    for row, said in enumerate(listing.headlines):
        sheet.write_string(row, 0, plain(said), title if row == 0 else line)
    for column, place in columns.items():
        sheet.set_column(place, place, WIDTHS[column])
        sheet.write_string(listing.heading_row, place, HEADINGS[column], heading)
    for row, problem in enumerate(listing.problems, start=listing.heading_row + 1):
        sheet.set_row(row, listing.height(problem))
        sheet.write_number(row, 0, problem.number, number)
        for column, said in list(enumerate(listing.texts(problem)))[1:]:
            if column in columns:
                style = results[problem.severity] if column == 1 else text
                sheet.write_string(row, columns[column], plain(said), style)
    sheet.freeze_panes(listing.heading_row + 1, 0)
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    workbook.close()
    return stream.getvalue()
