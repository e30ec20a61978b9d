"""How a template looks: the fonts, colours and number formats of its cells, made once per workbook."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format

from expectations.contract import Field

FONT = "Microsoft YaHei"
"""On every Chinese Windows and on macOS with Office; other systems fall back to their own Chinese font."""

NUMBER_FORMATS = {
    "text": "@",
    "code": "@",
    "integer": "#,##0",
    "money": "#,##0.00",
    "decimal": "#,##0.00",
    "date": "yyyy-mm-dd",
}
"""Text columns are formatted as text, so that an 18-digit citizen ID keeps its digits."""


ALIGNMENTS = {
    "text": "left",
    "code": "left",
    "integer": "right",
    "money": "right",
    "decimal": "right",
    "date": "center",
}

DARK, PALE, LINE, NOTE, FRAME = "#1F4E79", "#5B7FA6", "#DDEBF7", "#595959", "#BFBFBF"


@dataclass(frozen=True, slots=True)
class Styles:
    """The formats of one workbook. `data` and `total` go by the kind of a field."""

    title: Format
    note: Format
    question: Format
    answer: Format
    required_heading: Format
    optional_heading: Format
    star: Format
    plain: Format
    number: Format
    data: dict[str, Format]
    total: dict[str, Format]
    total_label: Format
    frame: Format
    help_heading: Format
    help_text: Format
    help_mark: Format

    def of(self, field: Field) -> Format:
        """The format of a field's data cells."""
        return self.data[field.kind]


def make_styles(workbook: Workbook) -> Styles:
    """The formats, added to the workbook in a fixed order (so that equal input gives equal bytes)."""

    def add(**properties: Any) -> Format:
        return workbook.add_format({"font_name": FONT, "font_size": 10, "valign": "vcenter", **properties})

    heading = {
        "bold": True,
        "font_color": "white",
        "align": "center",
        "text_wrap": True,
        "border": 1,
        "border_color": FRAME,
    }
    total = {"bold": True, "bg_color": LINE, "border": 1, "border_color": FRAME}
    return Styles(
        title=add(bold=True, font_size=16, font_color=DARK, align="center"),
        note=add(font_color=NOTE, align="left"),
        question=add(font_color=DARK, bold=True, align="right"),
        answer=add(align="center", bold=True, border=1, border_color=DARK, bg_color="#FFF9E5", locked=False),
        required_heading=add(bg_color=DARK, **heading),
        optional_heading=add(bg_color=PALE, **heading),
        star=add(bold=True, font_color="#FFC000"),
        plain=add(bold=True, font_color="white"),
        number=add(num_format="0", align="center", font_color=NOTE, locked=False),
        data={
            kind: add(
                num_format=NUMBER_FORMATS[kind], align=ALIGNMENTS[kind], locked=False, indent=0 if kind == "date" else 1
            )
            for kind in NUMBER_FORMATS
        },
        total={
            kind: add(
                num_format=NUMBER_FORMATS[kind], align=ALIGNMENTS[kind], indent=0 if kind == "date" else 1, **total
            )
            for kind in NUMBER_FORMATS
        },
        total_label=add(align="center", **total),
        frame=workbook.add_format({"border": 1, "border_color": FRAME}),
        help_heading=add(bg_color=DARK, **heading),
        help_text=add(text_wrap=True, border=1, border_color=FRAME, indent=1),
        help_mark=add(align="center", border=1, border_color=FRAME),
    )
