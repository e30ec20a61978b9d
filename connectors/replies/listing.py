"""The page of the problem list, before it is written into one workbook or another: its texts, line by line."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from connectors.replies.answer import Answer
from connectors.replies.problems import Problem, problems_of
from connectors.workbooks.layout import CONFIRM_HEADING, PROBLEM_SHEET

HEADINGS = ("序号", "结果", "工作表", "单元格", "您填的内容", "问题", "应为", "怎样改", CONFIRM_HEADING, "规则编号")
WIDTHS = (6, 9, 18, 16, 20, 44, 26, 44, 12, 30)
LINK_COLUMN, CONFIRM_COLUMN = 3, 8

TALLEST_ROW = 400
"""Excel knows 409 points."""

HOW_TO = "请在原来的工作表中改正涂色的单元格，保存后整份重新报送；本工作表、颜色和批注不必删除，系统会自动忽略。"
HOW_TO_CONFIRM = f"“请核对”的内容如无误，在“{CONFIRM_HEADING}”一栏填“是”再报送；只要内容不变，以后不再提醒。"
HOW_TO_BESIDE = "原文件没有改动。请在原文件中改正以下各处，保存后整份重新报送。"


@dataclass(frozen=True, slots=True)
class Listing:
    """A problem list: the lines on top, and its problems, the gravest first."""

    headlines: tuple[str, ...]
    problems: tuple[Problem, ...]

    @property
    def heading_row(self) -> int:
        """The 0-based row of the headings."""
        return len(self.headlines) + 1

    def texts(self, problem: Problem) -> tuple[str, ...]:
        """A problem under the headings; the running number, first, is a number to whoever writes it."""
        p = problem
        confirm = "" if p.fingerprints else "—"
        return (str(p.number), p.result, p.sheet or "—", p.place, p.value, p.what, p.expected, p.fix, confirm, p.code)

    @property
    def can_confirm(self) -> bool:
        """Whether any problem can be confirmed; where none can, nobody needs the column."""
        return any(problem.fingerprints for problem in self.problems)

    def height(self, problem: Problem) -> int:
        """The height in points that a problem needs with its texts wrapped; office programs do not all work it out by themselves."""
        texts = zip(self.texts(problem), WIDTHS, strict=True)
        lines = max(-(-_width(text) // (width - 1)) for text, width in texts)
        return min(4 + 15 * lines, TALLEST_ROW)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WFA" else 1 for character in text)


def listing_of(answer: Answer, *, is_annotated: bool) -> Listing:
    """The problem list of an answer, to stand in the submitter's own workbook (`is_annotated`) or beside it.

    Only what stands in the own workbook comes back with it, and so only there can something be confirmed.
    """
    title = f"{PROBLEM_SHEET}：{answer.form_title}"
    fingerprints = answer.fingerprints if is_annotated else ()
    how_to = [HOW_TO, HOW_TO_CONFIRM] if any(fingerprints) else [HOW_TO] if is_annotated else [HOW_TO_BESIDE]
    headlines = (title, *answer.headlines(), f"文件：{answer.file_name}", *how_to)
    return Listing(headlines, tuple(problems_of(answer.findings, answer.sheet, fingerprints)))
