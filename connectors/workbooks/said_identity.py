"""What the texts around a table say of its unit and its period: 填报单位：A0101 示例航天一厂工会　所属期：2021年2月."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from connectors.workbooks.cells import Row, text_of
from connectors.workbooks.heading_band import Band
from expectations.credit_code import CreditCodeError, parse_credit_code
from expectations.periods import Period, PeriodError, find_periods, parse_period

Item = TypeVar("Item")

NOTE_ROWS = 20
"""How many of the last rows of a sheet may hold notes that say who fills it in."""

LONGEST_TEXT = 500
"""A longer one tells a story."""

_LABEL = re.compile(r"(?:^|(?<=[\s,;。、)]))([\u4e00-\u9fff]{2,12})(?:\([^()]{0,12}\))?\s*:\s*")
_UNIT = re.compile(r"(?:填报|报送|填表|上报|报告|所在)?(?:单位|工会|单位工会)(?:代码|编码|编号|名称|全称)?")
_UNIT_CODE = re.compile(r"(?:填报|报送|填表|上报|报告|所在)?(?:单位|工会)(?:代码|编码|编号)")
_CREDIT = re.compile(r".{0,6}信用代码")
_PERIOD = re.compile(
    r"(?:报送|所属|填报|报告|报表|统计|数据)(?:期间?|时期|月份?|季度?|年度?|年月)|期间|月份|季度|年度|年月"
)
_CODE = re.compile(r"(?<![A-Z0-9])[A-Z]{1,4}[0-9]{2,10}(?![A-Z0-9])")
_LONG_CODE = re.compile(r"(?<![A-Z0-9])[A-Z0-9]{18}(?![A-Z0-9])")
_BARE_CODE = re.compile(r"[A-Z0-9]{2,20}")
_MEASURE = re.compile(r"[十百千万亿]*(?:元|人|人次|个|次|户|件|项|%)(?:、.*)?")
_HALF_YEAR = re.compile(r"\d{4}年[上下]半年")
_FIRST_OF_MONTH = re.compile(r"(\d{4}-\d{2})-01")


@dataclass(slots=True)
class SaidIdentity:
    """What is said, each once: unit codes, credit codes, names of units, periods, and labelled periods that are none."""

    unit_codes: list[str] = field(default_factory=list)
    credit_codes: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    periods: list[Period] = field(default_factory=list)
    no_periods: list[str] = field(default_factory=list)


def said_identity(sheet: str, rows: Sequence[Row], band: Band) -> SaidIdentity:
    """What the sheet's name, the rows above its headings and the notes under its table say."""
    said = SaidIdentity()
    texts = [(None, sheet), *_texts(rows[: band.top], needs_label=False)]
    texts += _texts(rows[max(band.row + 1, len(rows) - NOTE_ROWS) :], needs_label=True)
    years = {p.first_day.year for label, text in texts if label is None for p in find_periods(text)}
    year = years.pop() if len(years) == 1 else None
    for label, text in texts:
        if label is None:
            _add(said.periods, find_periods(text))
            _add(said.no_periods, _HALF_YEAR.findall(text))
        elif _PERIOD.fullmatch(label):
            _read_period(said, text, year)
        elif _CREDIT.fullmatch(label) or _UNIT.fullmatch(label):
            _read_unit(said, text.upper(), is_code=_UNIT_CODE.fullmatch(label) is not None)
    return said


def _read_period(said: SaidIdentity, text: str, year: int | None) -> None:
    # Excel makes the first day of the month of a month that is typed.
    plain = _FIRST_OF_MONTH.sub(r"\1", text)
    try:
        _add(said.periods, [parse_period(plain, year)])
    except PeriodError:
        found = find_periods(plain)
        _add(said.periods, found)
        if not found:
            _add(said.no_periods, [text])


def _read_unit(said: SaidIdentity, text: str, *, is_code: bool) -> None:
    if _MEASURE.fullmatch(text):
        # 单位：元 says how amounts are written.
        return
    credit_codes = []
    for found in _LONG_CODE.findall(text):
        try:
            credit_codes.append(parse_credit_code(found))
        except CreditCodeError:
            continue
    codes = [text] if is_code and _BARE_CODE.fullmatch(text) and not credit_codes else _CODE.findall(text)
    _add(said.credit_codes, credit_codes)
    _add(said.unit_codes, codes)
    if not codes and not credit_codes:
        _add(said.names, [text])


def _texts(rows: Sequence[Row], *, needs_label: bool) -> Iterator[tuple[str | None, str]]:
    """Labels and what they label, in one cell or in the next ones to the right; texts without a label where none is needed."""
    for row in rows:
        cells = [(column, text) for column, value in enumerate(row) if (text := _plain(value))]
        for place, (_, text) in enumerate(cells):
            beside = cells[place + 1][1] if place + 1 < len(cells) else ""
            yield from _parts(text, beside, needs_label=needs_label)


def _parts(text: str, beside: str, *, needs_label: bool) -> Iterator[tuple[str | None, str]]:
    labels = list(_LABEL.finditer(text))
    if not labels and (_UNIT.fullmatch(text) or _CREDIT.fullmatch(text) or _PERIOD.fullmatch(text)) and beside:
        yield text, beside
        return
    if not needs_label and (before := text[: labels[0].start()] if labels else text).strip():
        yield None, before
    for place, label in enumerate(labels):
        end = labels[place + 1].start() if place + 1 < len(labels) else len(text)
        value = text[label.end() : end].strip(" ,;。、")
        if value or (place + 1 == len(labels) and beside and not _LABEL.search(beside)):
            yield label[1], value or beside


def _plain(value: object) -> str:
    text = text_of(value)
    return "" if text is None or len(text) > LONGEST_TEXT else unicodedata.normalize("NFKC", text).strip()


def _add(known: list[Item], found: Sequence[Item]) -> None:
    known.extend(item for item in dict.fromkeys(found) if item not in known)
