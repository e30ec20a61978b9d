"""Dates as people type them. A reading is exact, or it is refused; only a missing year may come from the period, with a warning."""

from __future__ import annotations

import re
from datetime import date, timedelta

from expectations.cleaning import DASHES
from expectations.complaint import Complaint, UnreadableError, info, warning
from expectations.numerals import parse_chinese_number
from expectations.periods import Period

EARLIEST = date(1949, 1, 1)
"""No event of the union is older; an earlier date is a slip of the hand or an empty cell that became 1900."""

_EPOCH = date(1899, 12, 30)
_FIRST_SERIAL, _LAST_SERIAL = (date(2000, 1, 1) - _EPOCH).days, (date(2035, 12, 31) - _EPOCH).days

_TIME = r"(?:[T ]*[0-2]?[0-9]:[0-5][0-9](?::[0-5][0-9](?:\.[0-9]+)?)?)?"
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ]00:00:00)?")
_FULL = re.compile(
    rf"([0-9]{{4}})(?:([-./])([0-9]{{1,2}})\2([0-9]{{1,2}})|年([0-9]{{1,2}})月([0-9]{{1,2}})[日号]?){_TIME}"
)
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_SERIAL = re.compile(r"([0-9]{5})(?:\.[0-9]+)?")
_CHINESE = re.compile(
    r"([〇○零一二三四五六七八九]{4})年([一二三四五六七八九十]{1,3})月([一二三四五六七八九十]{1,3})[日号]?"
)
_SHORT_YEAR = re.compile(r"([0-9]{2})年([0-9]{1,2})月([0-9]{1,2})[日号]?")
_NO_YEAR = re.compile(r"([0-9]{1,2})月([0-9]{1,2})[日号]")
_NO_DAY = re.compile(r"[0-9]{4}(?:[-./][0-9]{1,2}|年[0-9]{1,2}月)(?:份)?|[0-9]{4}年?")
_DAY_FIRST = re.compile(r"([0-9]{1,2})([-./])([0-9]{1,2})\2([0-9]{2}|[0-9]{4})")
_CHINESE_DIGITS = str.maketrans("〇○零一二三四五六七八九", "000123456789")


def read_day(text: str, period: Period | None, latest: date) -> tuple[date, tuple[Complaint, ...]]:
    """The day that a text (NFKC, without marks) says, and what was repaired; a time of day falls away.

    Raises: UnreadableError if the text can be read in two ways or none, if there is no such day, or if it lies outside
    1949 to `latest`.
    """
    plain = re.sub(r"\s*([-./年月日号])\s*", r"\1", text.translate(DASHES)).strip("'‘’")
    day, complaints = _read(plain, period)
    if not EARLIEST <= day <= latest:
        raise UnreadableError("value.date_out_of_range", earliest=str(EARLIEST), latest=str(latest))
    if not complaints and not _ISO.fullmatch(text):
        complaints = (info("value.repaired", became=str(day)),)
    return day, complaints


def _read(text: str, period: Period | None) -> tuple[date, tuple[Complaint, ...]]:
    if found := _FULL.fullmatch(text):
        return _day(found[1], found[3] or found[5], found[4] or found[6]), ()
    if found := _COMPACT.fullmatch(text):
        return _day(*found.groups()), ()
    if (found := _SERIAL.fullmatch(text)) and _FIRST_SERIAL <= int(found[1]) <= _LAST_SERIAL:
        return _EPOCH + timedelta(days=int(found[1])), ()
    if found := _CHINESE.fullmatch(text):
        month, day = parse_chinese_number(found[2]), parse_chinese_number(found[3])
        if month is not None and day is not None:
            return _day(found[1].translate(_CHINESE_DIGITS), str(month), str(day)), ()
    if found := _SHORT_YEAR.fullmatch(text):
        whole = _day(f"20{found[1]}", found[2], found[3])
        return whole, (warning("value.year_assumed", became=str(whole)),)
    if (found := _NO_YEAR.fullmatch(text)) and period:
        return _in_period(found[1], found[2], period)
    if _NO_DAY.fullmatch(text):
        raise UnreadableError("value.day_missing")
    if _DAY_FIRST.fullmatch(text):
        raise UnreadableError("value.date_ambiguous")
    raise UnreadableError("value.not_a_date")


def _in_period(month: str, day: str, period: Period) -> tuple[date, tuple[Complaint, ...]]:
    for year in range(period.first_day.year, period.last_day.year + 1):
        whole = _day(str(year), month, day)
        if period.first_day <= whole <= period.last_day and period.kind != "plan":
            return whole, (warning("value.year_assumed", became=str(whole)),)
    raise UnreadableError("value.year_missing")


def _day(year: str, month: str, day: str) -> date:
    try:
        return date(int(year), int(month), int(day))
    except ValueError as error:
        raise UnreadableError("value.no_such_day") from error
