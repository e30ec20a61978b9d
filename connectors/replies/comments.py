"""Comments on cells: the texts, and the drawing that Excel wants for their boxes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree import ElementTree

from connectors.replies.problems import Problem
from connectors.replies.texts import xml_text
from connectors.workbooks.layout import column_number

AUTHOR = "报表仓库"
"""Who says it. LibreOffice forgets it when it saves, so a comment of ours is known again by its words."""

MOST_COMMENTS = 2_000
"""Excel grows slow with more of them; every problem stands in the list, and every cell has its colour."""

_OURS = re.compile("【(?:必须改|请核对)】.*（[a-z_]+\\.[a-z_0-9]+）", re.DOTALL)
_SHAPES_A_BLOCK = 1_024
_SPREADSHEET = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def comments_xml(texts: Mapping[str, str]) -> bytes:
    """The part that holds the comments, by cell."""
    parts = [
        b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<comments xmlns="' + _SPREADSHEET + b'">'
        b"<authors><author>" + AUTHOR.encode() + b"</author></authors><commentList>"
    ]
    for cell, text in texts.items():
        run = b'<r><rPr><sz val="9"/><color indexed="81"/><rFont val="Microsoft YaHei"/></rPr><t xml:space="preserve">'
        parts.append(
            b'<comment ref="'
            + cell.encode()
            + b'" authorId="0"><text>'
            + run
            + xml_text(text)
            + b"</t></r></text></comment>"
        )
    return b"".join([*parts, b"</commentList></comments>"])


def drawing_vml(texts: Mapping[str, str], block: int) -> bytes:
    """The part that draws the boxes of these comments; `block` is a number of shapes that no other drawing of the workbook uses."""
    blocks = ",".join(str(block + n) for n in range(len(texts) // _SHAPES_A_BLOCK + 1))
    parts = [
        '<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'
        ' xmlns:x="urn:schemas-microsoft-com:office:excel">'
        f'<o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="{blocks}"/></o:shapelayout>'
        '<v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">'
        '<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
    ]
    parts += [_box(number, cell, text, block) for number, (cell, text) in enumerate(texts.items(), start=1)]
    return "".join([*parts, "</xml>"]).encode()


def comment_text(problem: Problem) -> str:
    """What the comment on a cell says of a problem."""
    expected = [f"应为：{problem.expected}"] if problem.expected else []
    return "\n".join([f"【{problem.result}】{problem.what}", *expected, problem.fix, f"（{problem.code}）"])


def are_all_ours(xml: bytes) -> bool:
    """Whether every comment of a part is one of ours, which gives way to a new one; any other must be left as it is."""
    try:
        root = ElementTree.fromstring(xml)  # noqa: S314  # `open_package` refuses DTDs
    except ElementTree.ParseError:
        return False
    comments = [e for e in root.iter() if e.tag.rpartition("}")[2] == "comment"]
    # Where a box stands is written between the runs of its text by some programs.
    texts = ["".join(t.text or "" for t in c.iter() if t.tag.rpartition("}")[2] == "t") for c in comments]
    return all(_OURS.fullmatch(text.strip()) for text in texts)


def _box(number: int, cell: str, text: str, block: int) -> str:
    letters = cell.rstrip("0123456789")
    row, column = int(cell[len(letters) :]) - 1, column_number(letters) - 1
    height = min(4 + text.count("\n") + len(text) // 24, 14)
    # From column, offset, row, offset, to column, offset, row, offset; beside the cell.
    anchor = f"{column + 1}, 15, {max(row - 1, 0)}, 4, {column + 4}, 60, {max(row - 1, 0) + height}, 4"
    return (
        f'<v:shape id="_x0000_s{block * _SHAPES_A_BLOCK + number}" type="#_x0000_t202"'
        f' style="position:absolute;margin-left:80pt;margin-top:5pt;width:220pt;height:{height * 15}pt;z-index:{number};visibility:hidden"'
        ' fillcolor="#ffffe1" o:insetmode="auto"><v:fill color2="#ffffe1"/><v:shadow on="t" color="black" obscured="t"/>'
        '<v:path o:connecttype="none"/><v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>'
        f'<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/><x:Anchor>{anchor}</x:Anchor>'
        f"<x:AutoFill>False</x:AutoFill><x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"
    )
