"""What python-docx has no call for: bookmarks and links to them, page numbers, heads that repeat, fixed widths."""

from __future__ import annotations

from collections.abc import Sequence

from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Cm
from docx.table import Table, _Row
from docx.text.paragraph import Paragraph
from docx.text.run import Run


def add_bookmark(run: Run, name: str, number: int) -> None:
    """Put a bookmark around the run; `number` must be unique in the document."""
    start, end = _element("w:bookmarkStart", id=str(number), name=name), _element("w:bookmarkEnd", id=str(number))
    run._r.addprevious(start)
    run._r.addnext(end)


def add_link(paragraph: Paragraph, text: str, bookmark: str, style: str) -> None:
    """Append text that leads to a bookmark."""
    run = paragraph.add_run(text, style)
    link = _element("w:hyperlink", anchor=bookmark, history="1")
    run._r.addprevious(link)
    link.append(run._r)


def add_page_number(paragraph: Paragraph) -> None:
    """Append the number of the page, `— 3 —`."""
    paragraph.add_run("— ")
    run = paragraph.add_run()
    instruction = _element("w:instrText")
    instruction.text = "PAGE"
    for part in (_element("w:fldChar", fldCharType="begin"), instruction, _element("w:fldChar", fldCharType="end")):
        run._r.append(part)
    paragraph.add_run(" —")


def repeat_header(row: _Row) -> None:
    """Show the row again at the top of each page that its table runs on to."""
    row._tr.get_or_add_trPr().append(_element("w:tblHeader", val="true"))


def set_widths(table: Table, centimetres: Sequence[float]) -> None:
    """Fix the widths of the columns, and keep rows from breaking across pages."""
    table.autofit = False
    for column, width in zip(table.columns, centimetres, strict=True):
        column.width = Cm(width)
    for row in table.rows:
        row._tr.get_or_add_trPr().append(_element("w:cantSplit", val="true"))
        for cell, width in zip(row.cells, centimetres, strict=True):
            cell.width = Cm(width)


def shade(paragraph: Paragraph, colour: str) -> None:
    """Give the paragraph a background, `RRGGBB`."""
    paragraph._p.get_or_add_pPr().append(_element("w:shd", val="clear", color="auto", fill=colour))


def _element(tag: str, **attributes: str) -> BaseOxmlElement:
    element = OxmlElement(tag)
    for name, value in attributes.items():
        element.set(qn(f"w:{name}"), value)
    return element
