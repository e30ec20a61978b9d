"""The citizen ID (公民身份号码): its parts and its check character.

Source: GB 11643-1999; check character by ISO 7064 mod 11-2.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Literal

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
"""2 to the power of the position, mod 11, from the left (GB 11643, 4)."""

CHECK_CHARACTERS = "10X98765432"
"""The check character for each remainder of the weighted sum by 11."""

_SHAPE = re.compile(r"[1-9][0-9]{16}[0-9X]")
_OLD_SHAPE = re.compile(r"[1-9][0-9]{14}")


class CitizenIdError(ValueError):
    """A text is not a citizen ID. It never carries the text.

    Attributes:
        reason: what is wrong with it.
    """

    def __init__(self, reason: Literal["length", "characters", "birth_date", "check"]) -> None:
        self.reason = reason
        super().__init__(f"not a citizen ID: {reason}")


def parse_citizen_id(text: str) -> str:
    """The ID in its 18 characters, from one of 18 (upper case, half width) or the 15 digits used until 1999.

    Raises: CitizenIdError.
    """
    if len(text) == 15 and _OLD_SHAPE.fullmatch(text):
        # All who held 15 digits were born in the 1900s; the standard puts 19 before the year and adds the check character.
        text = f"{text[:6]}19{text[6:]}"
        text += check_character(text)
    if len(text) != 18:
        raise CitizenIdError("length")
    if not _SHAPE.fullmatch(text):
        raise CitizenIdError("characters")
    birth_date(text)
    if check_character(text[:17]) != text[17]:
        raise CitizenIdError("check")
    return text


def check_character(first_17: str) -> str:
    """The check character that belongs to the first 17 digits."""
    return CHECK_CHARACTERS[sum(int(digit) * weight for digit, weight in zip(first_17, WEIGHTS, strict=True)) % 11]


def birth_date(citizen_id: str) -> date:
    """The date of birth in an ID of 18 characters. Raises: CitizenIdError if there is no such day, or it lies before 1900."""
    try:
        born = date(int(citizen_id[6:10]), int(citizen_id[10:12]), int(citizen_id[12:14]))
    except ValueError as error:
        raise CitizenIdError("birth_date") from error
    if born.year < 1900:
        raise CitizenIdError("birth_date")
    return born
