"""Numbers by the digits that stand in the file: a float where it keeps them all, and the digits themselves where it does not."""

from __future__ import annotations

import re
from decimal import Decimal

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)
_SURE_DIGITS = 15
"""Every number of so many digits comes out of a float as it went in."""

EXACT_BELOW = 10**15
"""Excel keeps fifteen digits of a number: a longer one has lost what followed."""


def exact(text: str) -> float | str:
    """The number that this text writes; the text itself where it is no number, or one that a float would change.

    Excel writes 17 digits of what it holds, so that 1234.56 may stand there as 1234.5599999999999; that is the same float, and no change.
    """
    if not _NUMBER.fullmatch(text):
        return text
    number = float(text)
    if len(text) <= _SURE_DIGITS:
        return number
    written = Decimal(text)
    if abs(written) >= EXACT_BELOW or written in (
        Decimal(number),
        Decimal(repr(number)),
        Decimal(f"{number:.17g}"),
    ):
        return number
    return f"{written:f}" if abs(written.adjusted()) < _SURE_DIGITS else text
