"""Number formats that show dates to Chinese readers and that the native reader takes for plain numbers."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from functools import cache

_QUOTED = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
_SEEN = re.compile(r"[ymdhs]", re.IGNORECASE)
# `aaaa` is the day of the week, and `e` the year, unless it is the E+ of a scientific number.
_PASSED_OVER = re.compile(r"a{3,}|e(?![+-])", re.IGNORECASE)

LAST_SERIAL = 2_958_465
"""9999-12-31, the last day that Excel knows."""


@cache
def is_date_passed_over(code: str | None) -> bool:
    """Whether a number in the format of this code is a date to people, and none to the native reader.

    It sees the built-in Chinese formats (27 to 36 and 50 to 58) and every code with a year, month, day or hour in it.
    """
    plain = _QUOTED.sub("", (code or "").partition(";")[0])
    return not _SEEN.search(plain) and plain.strip().lower() != "general" and bool(_PASSED_OVER.search(plain))


def date_of_serial(serial: float, *, is_1904: bool) -> date | time | datetime | float:
    """The day, or the time of day, with this serial number; the number itself where there is no such day."""
    last = LAST_SERIAL - 1462 if is_1904 else LAST_SERIAL
    # Excel counts a 29 February 1900 that never was: the first sixty days have no one reading.
    if not (0 <= serial < last + 1) or (not is_1904 and 1 <= serial < 61):
        return serial
    moment = datetime(1904, 1, 1) if is_1904 else datetime(1899, 12, 30)  # noqa: DTZ001  # a cell has no time zone
    moment += timedelta(seconds=round(serial * 86_400))
    if serial < 1:
        return moment.time()
    return moment.date() if moment.time() == time() else moment
