"""The rows of a sheet: which are data, which are totals, notes or samples, and whether the unit says there is nothing to report."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from connectors.workbooks.cells import Row, text_of
from connectors.workbooks.layout import NIL_QUESTION, column_letters
from connectors.workbooks.reading import Reading
from connectors.workbooks.recognise import Headings
from expectations.contract import Form
from expectations.finding import Severity
from expectations.variants import simplified

_TOTAL = re.compile(r"(?:本[页表月季年期])?(?:合计|总计|总合计|共计|累计)(?:数|金额)?:?")
_SUBTOTAL = re.compile(r"(?:本[页表月季年期])?小计(?:数|金额)?:?")
_PART = re.compile(r"其中(?::.{0,30})?")
_NOTE = re.compile(
    r"(?:填表|填报|制表|审核|复核|负责|经办|联系|盖章)(?:人|人员|单位|日期|时间|电话|处)?[:(].*|(?:注|备注|说明)\d{0,2}[:.、].*",
    re.DOTALL,
)
_SAMPLE = re.compile(r"示例|样例|例|例如:?|举例:?")
_ROLES = (("total", _TOTAL), ("subtotal", _SUBTOTAL), ("part", _PART), ("note", _NOTE))
_NIL_WORDS = re.compile(
    r"[(]?(?:零报告|无|没有|暂无|无此项|本(?:期|月|季|季度|年|年度|单位)(?:暂)?(?:无|没有)(?:此项|此类)?(?:发生|情况|业务|支出|活动|数据|内容)?)[)]?[。.]?"
)
_NIL_PLAIN = NIL_QUESTION.partition("（")[0]

LONGEST_LABEL = 200
"""A longer text says more than what its row is."""

YES = frozenset(("是", "√", "✓", "✔", "Y", "YES", "TRUE", "零报告", "无此项", "本期无此项"))
NO = frozenset(("否", "×", "✗", "不是", "N", "NO", "FALSE"))


@dataclass(frozen=True, slots=True)
class TotalRow:
    """A row that adds up others: its sheet row, the totalled texts by field, and the sheet rows it adds up (None: all)."""

    row_number: int
    texts: dict[str, str]
    span: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class NilWords:
    """The place, where rows should be, in which a unit says in words that it has none."""

    row_number: int
    cell: str
    text: str


@dataclass(slots=True)
class Harvest:
    """The data rows of a sheet in order: sheet row numbers, and beside them the texts in the order of the form's fields.

    `nil_words` is what stands there instead of rows, if nothing else does; `scales` are those of the headings.
    """

    row_numbers: list[int] = field(default_factory=list)
    texts: list[list[str | None]] = field(default_factory=list)
    totals: list[TotalRow] = field(default_factory=list)
    nil_words: NilWords | None = None
    scales: dict[str, str] = field(default_factory=dict)


def harvest(reading: Reading, form: Form, rows: Sequence[Row], headings: Headings) -> Harvest:
    """The data rows below the headings; the account of the others goes into the reading."""
    columns = [headings.columns.get(f.name) for f in form.fields]
    crop = Harvest(scales=headings.scales)
    last_total = headings.row + 1
    for number in range(headings.row + 1, len(rows)):
        row = rows[number]
        texts = [text_of(row[c]) if c is not None and c < len(row) else None for c in columns]
        first = next((t for t in texts if t is not None), None)
        if first is None and not _has_other_text(row, headings):
            continue
        reading.rows_read += 1
        reason = _reason(form, row, texts, first, headings)
        if reason is None:
            crop.row_numbers.append(number + 1)
            crop.texts.append(texts)
            continue
        reading.rows_ignored.append((number + 1, reason))
        if reason in ("part_row", "sample_row"):
            _ask_about(reading, reason, number, row)
        if reason == "total_row":
            whole = any(_role(label) == "total" for label in _labels(row, texts, headings))
            span = None if whole else (last_total + 1, number)
            typed = {f.name: t for f, t in zip(form.fields, texts, strict=True) if f.is_totalled and t is not None}
            crop.totals.append(TotalRow(number + 1, typed, span))
            last_total = number + 1
    return _without_nil_words(reading, crop, columns)


def read_nil_answer(reading: Reading, rows: Sequence[Row], headings: Headings) -> bool:
    """Whether the unit answered that there is nothing to report, told by the cell to the right of the question."""
    for number, row in enumerate(rows[: headings.row]):
        for column, value in enumerate(row):
            if isinstance(value, str) and _plain(value).startswith(_NIL_PLAIN):
                answer = next((t for v in row[column + 1 :] if (t := text_of(v))), None)
                if answer is None or _plain(answer).upper() in NO:
                    return False
                if _plain(answer).upper() in YES:
                    return True
                reading.complain("form.nil_unclear", Severity.CRITICAL, row_number=number + 1, value=answer)
                return False
    return False


def check_nil(reading: Reading, form: Form, is_nil: bool, crop: Harvest) -> None:
    """Hold the answer against the rows: nothing to report and rows, or neither, is refused."""
    data_rows = len(crop.texts)
    if is_nil and not form.is_nil_allowed:
        reading.complain("form.nil_not_allowed", Severity.CRITICAL)
    elif is_nil and data_rows:
        reading.complain("form.nil_with_rows", Severity.CRITICAL, rows=str(data_rows))
    elif not is_nil and crop.nil_words and form.is_nil_allowed:
        said = crop.nil_words
        reading.complain(
            "form.nil_in_words", Severity.CRITICAL, cell=said.cell, row_number=said.row_number, value=said.text
        )
    elif not is_nil and not data_rows:
        reading.complain("form.no_rows", Severity.CRITICAL)
    else:
        reading.is_nil = is_nil


def _has_other_text(row: Row, headings: Headings) -> bool:
    """Whether anything stands outside the fields; the running numbers are the template's own, a word in their place is not."""
    return any(
        value != "" and text_of(value) is not None and not (column == headings.serial and _is_running_number(value))
        for column, value in enumerate(row)
    )


def _without_nil_words(reading: Reading, crop: Harvest, columns: Sequence[int | None]) -> Harvest:
    """The harvest without the words that there is nothing, where there is nothing but them."""
    said = [[(c, t) for c, t in zip(columns, texts, strict=True) if t is not None] for texts in crop.texts]
    if not said or not all(len(texts) == 1 and _NIL_WORDS.fullmatch(_plain(texts[0][1])) for texts in said):
        return crop
    column, text = said[0][0]
    place = f"{column_letters(column or 0)}{crop.row_numbers[0]}"
    reading.rows_ignored += [(number, "nil_words_row") for number in crop.row_numbers]
    reading.rows_ignored.sort()
    return Harvest(totals=crop.totals, nil_words=NilWords(crop.row_numbers[0], place, text))


def _ask_about(reading: Reading, reason: str, number: int, row: Row) -> None:
    """Say that a row with something in it was left out for what it calls itself, at the cell that says so."""
    wanted = _SAMPLE if reason == "sample_row" else _PART
    for column, value in enumerate(row):
        if isinstance(value, str) and wanted.fullmatch(_plain(value)):
            reading.complain(
                "form.sample_left" if reason == "sample_row" else "form.part_row",
                Severity.WARNING,
                cell=f"{column_letters(column)}{number + 1}",
                row_number=number + 1,
                value=value,
            )
            return


def _reason(form: Form, row: Row, texts: Sequence[str | None], first: str | None, headings: Headings) -> str | None:
    roles = [_role(label) for label in _labels(row, texts, headings)]
    if "total" in roles or "subtotal" in roles:
        return "total_row"
    if "part" in roles:
        return "part_row"
    if first is None or ("note" in roles[:2] and not _is_filled_in(form, texts)):
        return "note_row"
    serial = row[headings.serial] if headings.serial is not None and headings.serial < len(row) else ""
    return "sample_row" if isinstance(serial, str) and _SAMPLE.fullmatch(_plain(serial)) else None


def _labels(row: Row, texts: Sequence[str | None], headings: Headings) -> list[str]:
    """The texts in which a row says what it is: in the place of its running number, and in the first three of its fields."""
    serial = row[headings.serial] if headings.serial is not None and headings.serial < len(row) else ""
    return [t for t in (serial, *texts[:3]) if isinstance(t, str) and t and len(t) < LONGEST_LABEL]


def _is_filled_in(form: Form, texts: Sequence[str | None]) -> bool:
    """Whether most of what a row must have is there: then a text that begins like a note is the text of a row."""
    given = [text is not None for f, text in zip(form.fields, texts, strict=True) if f.is_required]
    return 2 * sum(given) > len(given)


@lru_cache(maxsize=4096)
def _role(label: str) -> str | None:
    plain = _plain(label)
    return next((role for role, pattern in _ROLES if pattern.fullmatch(plain)), None)


def _is_running_number(value: object) -> bool:
    return not isinstance(value, str) or re.fullmatch(r"[\d.]+", _plain(value)) is not None


def _plain(text: str) -> str:
    return simplified(re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)))
