"""How a workbook of ours is laid out: the names and places that the template writes and the reader looks for."""

from __future__ import annotations

from functools import cache

TEMPLATE_VERSION = "1"
"""Changes when the layout does; the reader finds headings by their words, so that old layouts stay readable."""

NUMBER_HEADING = "序号"
NIL_QUESTION = "本期无此项（是/否）"
TOTAL_LABEL = "合计"
HELP_SHEET, META_SHEET, LISTS_SHEET = "填报说明", "_meta", "_lists"
PROBLEM_SHEET = "问题清单"
"""Stands first in a workbook that we sent back annotated; when it comes back, it is no part of the answer."""
OUR_SHEETS = frozenset((HELP_SHEET, META_SHEET, LISTS_SHEET, PROBLEM_SHEET))
CONFIRM_HEADING, FINGERPRINT_HEADING = "确认（填“是”）", "核对码"
"""Columns of the problem list: what the submitter confirms, and, hidden, which warnings that is about."""

TITLE_ROW, IDENTITY_ROW, NIL_ROW, HEADING_ROW = range(4)
"""0-based; the total row, where a form has one, and the data follow the headings."""

NIL_ANSWER_COLUMN = 3
"""0-based; the question stands to its left."""


@cache
def column_letters(column: int) -> str:
    """The letters of a 0-based column: 0 is A, 26 is AA."""
    letters = ""
    column += 1
    while column:
        column, place = divmod(column - 1, 26)
        letters = chr(65 + place) + letters
    return letters


@cache
def column_number(letters: str) -> int:
    """The 1-based number of a column: A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
