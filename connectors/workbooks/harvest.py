"""The rows of a sheet: which are data, which are totals, notes or samples, and whether the unit says there is nothing to report."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from connectors.workbooks.cells import Row, text_of
from connectors.workbooks.layout import NIL_QUESTION
from connectors.workbooks.reading import Reading
from connectors.workbooks.recognise import Headings
from expectations.contract import Form
from expectations.finding import Severity

_TOTAL = re.compile(r"(?:本[页表月季年期])?(?:合计|总计|总合计|共计|累计)(?:数|金额)?:?")
_SUBTOTAL = re.compile(r"(?:本[页表月季年期])?小计(?:数|金额)?:?|其中:?")
_NOTE = re.compile(
    r"(?:填表|填报|制表|审核|复核|负责|经办|联系|盖章)(?:人|人员|单位|日期|时间|电话|处)?[:(].*|(?:注|备注|说明)\d{0,2}[:.、].*",
    re.DOTALL,
)
_SAMPLE = re.compile(r"示例|样例|例|例如:?|举例:?")
_NIL_PLAIN = NIL_QUESTION.partition("（")[0]

YES = frozenset(("是", "√", "✓", "✔", "Y", "YES", "TRUE", "零报告", "无此项", "本期无此项"))
NO = frozenset(("否", "×", "✗", "不是", "N", "NO", "FALSE"))


@dataclass(frozen=True, slots=True)
class TotalRow:
    """A row that adds up others: its sheet row, the totalled texts by field, and the sheet rows it adds up (None: all)."""

    row_number: int
    texts: dict[str, str]
    span: tuple[int, int] | None


@dataclass(slots=True)
class Harvest:
    """The data rows of a sheet in order: sheet row numbers, and beside them the texts in the order of the form's fields."""

    row_numbers: list[int] = field(default_factory=list)
    texts: list[list[str | None]] = field(default_factory=list)
    totals: list[TotalRow] = field(default_factory=list)


def harvest(reading: Reading, form: Form, rows: Sequence[Row], headings: Headings) -> Harvest:
    """The data rows below the headings; the account of the others goes into the reading."""
    columns = [headings.columns.get(f.name) for f in form.fields]
    crop = Harvest()
    last_total = headings.row + 1
    for number in range(headings.row + 1, len(rows)):
        row = rows[number]
        texts = [text_of(row[c]) if c is not None and c < len(row) else None for c in columns]
        first = next((t for t in texts if t is not None), None)
        if first is None and not _has_other_text(row, headings):
            continue
        reading.rows_read += 1
        reason = _reason(row, texts, first, headings)
        if reason is None:
            crop.row_numbers.append(number + 1)
            crop.texts.append(texts)
            continue
        reading.rows_ignored.append((number + 1, reason))
        if reason == "total_row":
            whole = _kind_of_total(_labels(row, texts, headings)) is _TOTAL
            span = None if whole else (last_total + 1, number)
            typed = {f.name: t for f, t in zip(form.fields, texts, strict=True) if f.is_totalled and t is not None}
            crop.totals.append(TotalRow(number + 1, typed, span))
            last_total = number + 1
    return crop


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


def check_nil(reading: Reading, form: Form, is_nil: bool, data_rows: int) -> None:
    """Hold the answer against the rows: nothing to report and rows, or neither, is refused."""
    if is_nil and not form.is_nil_allowed:
        reading.complain("form.nil_not_allowed", Severity.CRITICAL, form=form.title_zh)
    elif is_nil and data_rows:
        reading.complain("form.nil_with_rows", Severity.CRITICAL, rows=str(data_rows))
    elif not is_nil and not data_rows:
        reading.complain("form.no_rows", Severity.CRITICAL, form=form.title_zh)
    else:
        reading.is_nil = is_nil


def _has_other_text(row: Row, headings: Headings) -> bool:
    if any(
        value != "" and column != headings.serial and text_of(value) is not None for column, value in enumerate(row)
    ):
        return True
    # A running number alone is the template's own; a word in its place is somebody's.
    serial = _serial_text(row, headings)
    return serial is not None and not re.fullmatch(r"[\d.]+", serial)


def _reason(row: Row, texts: Sequence[str | None], first: str | None, headings: Headings) -> str | None:
    labels = _labels(row, texts, headings)
    if _kind_of_total(labels):
        return "total_row"
    if first is None or any(_NOTE.fullmatch(label) for label in labels[:2]):
        return "note_row"
    serial = _serial_text(row, headings)
    if serial is not None and _SAMPLE.fullmatch(serial):
        return "sample_row"
    return None


def _kind_of_total(labels: Sequence[str]) -> re.Pattern[str] | None:
    return next((pattern for label in labels for pattern in (_TOTAL, _SUBTOTAL) if pattern.fullmatch(label)), None)


def _labels(row: Row, texts: Sequence[str | None], headings: Headings) -> list[str]:
    """The texts in which a row says what it is: its running number, and the first three of its fields."""
    serial = _serial_text(row, headings)
    found = [t for t in (serial, *texts[:3]) if t is not None and len(t) < 200]
    return [_plain(t) for t in found]


def _serial_text(row: Row, headings: Headings) -> str | None:
    if headings.serial is None or headings.serial >= len(row):
        return None
    text = text_of(row[headings.serial])
    return _plain(text) if text else None


def _plain(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))
