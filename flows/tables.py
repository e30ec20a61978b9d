"""Small tables for a terminal and for Markdown; Chinese characters count two columns."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence

Draw = Callable[[list[str], list[list[object]], tuple[int, ...]], str]
"""What draws a table: from headings, rows, and the positions of the columns that hold numbers."""


def width(text: str) -> int:
    """How many columns a terminal needs for this text."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def visible(text: str) -> str:
    """The text on one line with its control characters as escapes: a sender's file name must not speak to the terminal."""
    return "".join(repr(c)[1:-1] if unicodedata.category(c) in ("Cc", "Cf") else c for c in text)


def draw_table(headings: Sequence[str], rows: Iterable[Sequence[object]], numbers: Sequence[int] = ()) -> str:
    """Lines with aligned columns; those at the positions in `numbers` are aligned right."""
    cells = [[_text(cell) for cell in row] for row in rows]
    widths = [max(width(line[i]) for line in [list(headings), *cells]) for i in range(len(headings))]
    lines = [headings, ["─" * w for w in widths], *cells]
    return "\n".join(
        "  ".join(_pad(cell, widths[i], i in numbers) for i, cell in enumerate(line)).rstrip() for line in lines
    )


def markdown_table(headings: Sequence[str], rows: Iterable[Sequence[object]], numbers: Sequence[int] = ()) -> str:
    """The same as Markdown."""
    rule = ["---:" if i in numbers else "---" for i in range(len(headings))]
    lines = [
        list(headings),
        rule,
        *([_text(cell).replace("|", "\\|") for cell in row] for row in rows),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _text(cell: object) -> str:
    return "" if cell is None else visible(str(cell))


def _pad(text: str, columns: int, to_the_right: bool) -> str:
    blanks = " " * (columns - width(text))
    return blanks + text if to_the_right else text + blanks
