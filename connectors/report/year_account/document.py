"""The account as a Word document, in the look of a Chinese official paper."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO

from docx import Document
from docx.document import Document as Paper
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Cm, Pt

from connectors.report.year_account.account import Account
from connectors.report.year_account.appendix import HEADINGS
from connectors.report.year_account.document_parts import (
    add_bookmark,
    add_link,
    add_page_number,
    repeat_header,
    set_widths,
    shade,
)
from connectors.report.year_account.document_styles import define_styles
from connectors.report.year_account.prose import Chapter, Part
from connectors.report.year_account.stable_zip import pack_stably

_SOURCE_WIDTHS = (1.0, 4.4, 1.2, 3.3, 2.5, 2.5, 1.4, 3.4, 1.6, 4.4)
"""Centimetres of the columns of the table of sources; together the width of a landscape A4 page between its margins."""


def draw_document(account: Account, written_at: datetime) -> bytes:
    """The DOCX of an account. `written_at` goes into its properties, so that the same release gives the same bytes."""
    paper = Document()
    define_styles(paper)
    _set_properties(paper, account, written_at)
    _set_page(paper)
    paper.add_paragraph(account.union, "Union")
    paper.add_paragraph(account.title, "Title")
    paper.add_paragraph("　".join(account.facts), "Facts")
    for notice in account.notices:
        shade(paper.add_paragraph(notice, "Notice"), "FDF1DC")
    cited: set[int] = set()
    _add_chapter(paper, account.opening, cited)
    for chapter in account.chapters:
        paper.add_heading(chapter.title, level=1)
        _add_chapter(paper, chapter, cited)
        if not chapter.blocks:
            paper.add_paragraph("本章暂无数据。", "Body Text")
    _add_appendix(paper, account)
    plain = BytesIO()
    paper.save(plain)
    return pack_stably(plain.getvalue())


def _add_chapter(paper: Paper, chapter: Chapter, cited: set[int]) -> None:
    for block in chapter.blocks:
        if block.is_heading:
            paper.add_heading("".join(part.text for part in block.parts), level=2)
        else:
            _add_paragraph(paper, block.parts, cited)


def _add_paragraph(paper: Paper, parts: Sequence[Part], cited: set[int]) -> None:
    paragraph = paper.add_paragraph(style="Body Text")
    for part in parts:
        if part.citation is None:
            paragraph.add_run(part.text)
            continue
        first = part.citation not in cited
        cited.add(part.citation)
        run = paragraph.add_run(part.text)
        if first:
            add_bookmark(run, f"c{part.citation}", 10_000 + part.citation)
        add_link(paragraph, f"[{part.citation}]", f"s{part.citation}", "Citation")


def _add_appendix(paper: Paper, account: Account) -> None:
    section = paper.add_section(WD_SECTION.NEW_PAGE)
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Cm(29.7), Cm(21.0)
    section.left_margin = section.right_margin = Cm(2.0)
    section.top_margin = section.bottom_margin = Cm(2.0)
    paper.add_heading("附录：数据来源", level=1)
    paper.add_paragraph(
        "序号即文中方括号内的编号。“源数据行”为计入的报表行数（以整份报表计的，一份计一行），有分子分母的依次列出；"
        "在数据仓库中运行所列命令，可追溯到文件、工作表和单元格。",
        "Note",
    )
    rows = [(str(row.number), *row.cells) for row in account.sources]
    _add_table(paper, HEADINGS, rows, _SOURCE_WIDTHS, [row.number for row in account.sources])
    if account.absences:
        paper.add_heading("附录：暂无数据的指标", level=1)
        absent = [(f"{a.name}\n{a.indicator_id}", a.reason) for a in account.absences]
        _add_table(paper, ("指标", "原因"), absent, (9.0, 16.7))


def _add_table(
    paper: Paper,
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    widths: Sequence[float],
    numbers: Sequence[int] = (),
) -> None:
    """A table whose head is repeated on each page; `numbers` are the citations that its rows answer."""
    table = paper.add_table(rows=0, cols=len(headings), style="Table Grid")
    # By id, and by rows: to look up a style by name, or a cell by its place, python-docx walks all of them each time.
    head, text_style = paper.styles["Table Head"].style_id, paper.styles["Table Text"].style_id
    for place, line in enumerate([headings, *rows]):
        cells = table.add_row().cells
        for cell, text in zip(cells, line, strict=True):
            cell.paragraphs[0]._p.style = text_style if place else head
            cell.paragraphs[0].add_run(text)
        if place and numbers:
            number = numbers[place - 1]
            add_bookmark(cells[0].paragraphs[0].runs[0], f"s{number}", number)
    repeat_header(table.rows[0])
    set_widths(table, widths)


def _set_page(paper: Paper) -> None:
    section = paper.sections[0]
    section.page_width, section.page_height = Cm(21.0), Cm(29.7)
    # The margins of GB/T 9704-2012, the format of official papers.
    section.top_margin, section.bottom_margin = Cm(3.7), Cm(3.5)
    section.left_margin, section.right_margin = Cm(2.8), Cm(2.6)
    footer = section.footer.paragraphs[0]
    footer.alignment = WD_ALIGN_PARAGRAPH.CENTER
    add_page_number(footer)
    for run in footer.runs:
        run.font.size = Pt(12)


def _set_properties(paper: Paper, account: Account, written_at: datetime) -> None:
    properties = paper.core_properties
    properties.author = properties.last_modified_by = account.union
    properties.title, properties.language = account.title, "zh-CN"
    properties.comments = "".join(account.notices)
    properties.created = properties.modified = written_at.replace(tzinfo=None)
    properties.revision = 1
