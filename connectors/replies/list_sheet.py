"""The problem list as the XML of a sheet, to stand first in the submitter's own workbook: inline strings and links within the book."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.replies.listing import CONFIRM_COLUMN, HEADINGS, LINK_COLUMN, WIDTHS, Listing
from connectors.replies.problems import Problem
from connectors.replies.relations import RELATIONS
from connectors.replies.styles import StyleSheet
from connectors.replies.texts import xml_attribute, xml_text
from connectors.workbooks.layout import FINGERPRINT_HEADING, column_letters
from expectations.finding import Severity

FINGERPRINT_WIDTH = 10
"""Of a column that nobody sees."""

_FONT = '<name val="Microsoft YaHei"/><family val="2"/>'
_THIN = "".join(f'<{side} style="thin"><color rgb="FFBFBFBF"/></{side}>' for side in ("left", "right", "top", "bottom"))
_RESULT_COLOURS = {Severity.CRITICAL: "FFFFC7CE", Severity.ERROR: "FFFFC7CE", Severity.WARNING: "FFFFEB9C"}
"""Like the marks, yet not the very shades that stand for a mark."""


@dataclass(frozen=True, slots=True)
class ListStyles:
    """The numbers of the cell styles of the list."""

    title: int
    line: int
    heading: int
    number: int
    text: int
    link: int
    confirm: int
    results: dict[Severity, int]


def add_list_styles(sheet: StyleSheet) -> ListStyles:
    """The styles of the list, added to those of the workbook."""

    def add(name: bytes, element: str) -> int:
        return sheet.add(name, element.encode())

    def fill(colour: str) -> int:
        body = f'<patternFill patternType="solid"><fgColor rgb="{colour}"/><bgColor indexed="64"/></patternFill>'
        return add(b"fills", f"<fill>{body}</fill>")

    def style(font: int, fill: int = 0, border: int = 0, align: str = 'vertical="center"') -> int:
        # quotePrefix: what looks like a formula stays text even when somebody edits the cell.
        return add(
            b"cellXfs",
            f'<xf numFmtId="0" fontId="{font}" fillId="{fill}" borderId="{border}" xfId="0" quotePrefix="1" applyFont="1"'
            f' applyFill="1" applyBorder="1" applyAlignment="1"><alignment {align}/></xf>',
        )

    plain = add(b"fonts", f'<font><sz val="10"/><color rgb="FF262626"/>{_FONT}</font>')
    title = add(b"fonts", f'<font><b/><sz val="16"/><color rgb="FF1F4E79"/>{_FONT}</font>')
    white = add(b"fonts", f'<font><b/><sz val="10"/><color rgb="FFFFFFFF"/>{_FONT}</font>')
    blue = add(b"fonts", f'<font><u/><sz val="10"/><color rgb="FF0563C1"/>{_FONT}</font>')
    frame = add(b"borders", f"<border>{_THIN}<diagonal/></border>")
    wrapped, centred = 'vertical="center" wrapText="1"', 'horizontal="center" vertical="center"'
    colours = {colour: fill(colour) for colour in sorted(set(_RESULT_COLOURS.values()))}
    return ListStyles(
        title=style(title),
        line=style(plain),
        heading=style(white, fill("FF1F4E79"), frame, centred),
        number=style(plain, 0, frame, centred),
        text=style(plain, 0, frame, wrapped),
        link=style(blue, 0, frame, wrapped),
        confirm=style(plain, fill("FFFFF9E5"), frame, centred),
        results={
            severity: style(plain, colours.get(_RESULT_COLOURS.get(severity, ""), 0), frame, centred)
            for severity in Severity
        },
    )


def list_sheet_xml(listing: Listing, styles: ListStyles, *, is_active: bool) -> bytes:
    """The sheet's part. It is selected where `is_active`."""
    heading = listing.heading_row + 1
    rows = [_row(n, [_text(0, n, line, styles.line if n > 1 else styles.title)], 26 if n == 1 else 18)
            for n, line in enumerate(listing.headlines, start=1)]  # fmt: skip
    rows.append(
        _row(
            heading, [_text(c, heading, h, styles.heading) for c, h in enumerate((*HEADINGS, FINGERPRINT_HEADING))], 22
        )
    )
    links: list[bytes] = []
    for number, problem in enumerate(listing.problems, start=heading + 1):
        rows.append(_row(number, _cells(listing, problem, number, styles), listing.height(problem)))
        if problem.sheet and problem.target:
            place = "'" + problem.sheet.replace("'", "''") + "'!" + problem.target
            reference = f"{column_letters(LINK_COLUMN)}{number}".encode()
            links.append(b'<hyperlink ref="' + reference + b'" location="' + xml_attribute(place) + b'"/>')
    last = f"{column_letters(len(HEADINGS) - 1)}{heading + len(listing.problems)}"
    selected = ' tabSelected="1"' if is_active else ""
    view = (
        f'<sheetView showGridLines="0"{selected} workbookViewId="0">'
        f'<pane ySplit="{heading}" topLeftCell="A{heading + 1}" activePane="bottomLeft" state="frozen"/>'
        f'<selection pane="bottomLeft" activeCell="A{heading + 1}" sqref="A{heading + 1}"/></sheetView>'
    )
    hidden = {len(HEADINGS)} if listing.can_confirm else {CONFIRM_COLUMN, len(HEADINGS)}
    columns = "".join(
        f'<col min="{n + 1}" max="{n + 1}" width="{w}"' + (' hidden="1"' if n in hidden else "") + ' customWidth="1"/>'
        for n, w in enumerate((*WIDTHS, FINGERPRINT_WIDTH))
    )
    return b"".join(
        [
            b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
            b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="'
            + RELATIONS.encode()
            + b'">'
            b'<sheetPr><tabColor rgb="FFC00000"/><pageSetUpPr fitToPage="1"/></sheetPr>',
            f'<dimension ref="A1:{last}"/><sheetViews>{view}</sheetViews><sheetFormatPr defaultRowHeight="18"/>'.encode(),
            f"<cols>{columns}</cols><sheetData>".encode(),
            *rows,
            b"</sheetData>",
            b"<hyperlinks>" + b"".join(links) + b"</hyperlinks>" if links else b"",
            b'<pageMargins left="0.4" right="0.4" top="0.5" bottom="0.5" header="0.3" footer="0.3"/>'
            b'<pageSetup paperSize="9" orientation="landscape" fitToHeight="0"/></worksheet>',
        ]
    )


def _cells(listing: Listing, problem: Problem, row: int, styles: ListStyles) -> list[bytes]:
    texts = listing.texts(problem)
    by_column = {
        1: styles.results[problem.severity],
        LINK_COLUMN: styles.link if problem.target else styles.text,
        CONFIRM_COLUMN: styles.confirm if problem.fingerprints else styles.number,
    }
    fingerprints = (
        [_text(len(HEADINGS), row, " ".join(problem.fingerprints), styles.text)] if problem.fingerprints else []
    )
    number = f'<c r="A{row}" s="{styles.number}"><v>{problem.number}</v></c>'.encode()
    return [number, *(_text(c, row, t, by_column.get(c, styles.text)) for c, t in enumerate(texts) if c), *fingerprints]


def _row(number: int, cells: list[bytes], height: int) -> bytes:
    return f'<row r="{number}" ht="{height}" customHeight="1">'.encode() + b"".join(cells) + b"</row>"


def _text(column: int, row: int, text: str, style: int) -> bytes:
    place = f'<c r="{column_letters(column)}{row}" s="{style}" t="inlineStr"><is><t xml:space="preserve">'
    return place.encode() + xml_text(text) + b"</t></is></c>"
