"""The unified social credit code (统一社会信用代码) and the organisation code inside it, with their check characters.

Source: GB 32100-2015 (18 characters) and GB 11714-1997 (characters 9 to 17).
"""

from __future__ import annotations

import re
from typing import Literal

CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""The 31 characters that a code is written in, in the order of their values; I, O, S, V and Z are left out."""

WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
"""3 to the power of the position, mod 31, from the left (GB 32100, 5)."""

INNER_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
"""Weights of the organisation code (GB 11714, 4)."""

LOOK_ALIKES = str.maketrans("IOSVZ", "105U2")
"""What people mean when they type a letter that no code has."""

_SHAPE = re.compile(rf"[{CHARACTERS}]{{18}}")


class CreditCodeError(ValueError):
    """A text is not a unified social credit code.

    Attributes:
        reason: what is wrong with it.
        suggestion: the code that was probably meant, if its check characters agree.
    """

    def __init__(
        self,
        reason: Literal[
            "old_licence", "old_organisation", "length", "characters", "look_alikes", "check", "inner_check"
        ],
        suggestion: str | None = None,
    ) -> None:
        self.reason = reason
        self.suggestion = suggestion
        super().__init__(f"not a unified social credit code: {reason}")


def parse_credit_code(text: str) -> str:
    """The code itself, from upper case and half width. Raises: CreditCodeError."""
    if len(text) == 15 and text.isdigit():
        raise CreditCodeError("old_licence")
    if len(text) == 9:
        raise CreditCodeError("old_organisation")
    if len(text) != 18:
        raise CreditCodeError("length")
    if not _SHAPE.fullmatch(text):
        meant = text.translate(LOOK_ALIKES)
        if _SHAPE.fullmatch(meant) and check_character(meant[:17]) == meant[17] and _has_good_inner(meant):
            raise CreditCodeError("look_alikes", meant)
        raise CreditCodeError("characters")
    if check_character(text[:17]) != text[17]:
        raise CreditCodeError("check")
    if not _has_good_inner(text):
        raise CreditCodeError("inner_check")
    return text


def check_character(first_17: str) -> str:
    """The check character that belongs to the first 17 characters of a code."""
    total = sum(CHARACTERS.index(character) * weight for character, weight in zip(first_17, WEIGHTS, strict=True))
    return CHARACTERS[-total % 31]


def inner_check_character(first_8: str) -> str:
    """The check character that belongs to the first 8 characters of an organisation code."""
    # GB 11714 gives a letter its place in the whole alphabet, from A = 10, unlike GB 32100.
    total = sum(int(character, 36) * weight for character, weight in zip(first_8, INNER_WEIGHTS, strict=True))
    return "0123456789X"[-total % 11]


def _has_good_inner(code: str) -> bool:
    return inner_check_character(code[8:16]) == code[16]
