"""Numbers of people that stand where they do not belong: known by their shape in any text, and masked there.

A name cannot be told from other words; a citizen ID, a mobile phone's number and a bank card's can be told from other numbers.
"""

from __future__ import annotations

import re
import unicodedata

from expectations.citizen_id import CitizenIdError, birth_date
from expectations.credit_code import CreditCodeError, parse_credit_code

_LIKELY = re.compile(r"(?<![0-9])[0-9](?:[ \t'-]?[0-9]){9,17}[ \t'-]?[0-9Xx](?![0-9])")
_PHONE = re.compile(r"1[3-9][0-9]{9}")
_CARD = re.compile(r"(?:62|4|5|9558)[0-9]{12,17}")
"""UnionPay, the two others that banks here issue, and what came before UnionPay."""
_SHORTEST = re.compile(r"\d(?:.?\d){10}")


def without_personal_numbers(text: str) -> str:
    """The text with the middle of every ID, phone and bank card in it hidden: 110***********123*, 138****5678; other text as it is.

    IDs count whose check character is wrong or whose last digits Excel has lost; a valid unified social credit code never does.
    """
    # Most texts are short words.
    if len(text) < 11 or not _SHORTEST.search(text):
        return text
    plain = unicodedata.normalize("NFKC", text)
    masked = _LIKELY.sub(_masked, plain)
    return text if masked == plain else masked


def masked_number(digits: str) -> str:
    """The masked form of an ID or a card: 110***********123*."""
    return f"{digits[:3]}{'*' * (len(digits) - 7)}{digits[-4:-1]}*"


def masked_phone(digits: str) -> str:
    """The masked form of a phone: 138****5678."""
    return f"{digits[:3]}****{digits[-4:]}"


def _masked(found: re.Match[str]) -> str:
    bare = re.sub(r"[^0-9Xx]", "", found[0]).upper()
    if _PHONE.fullmatch(bare):
        return masked_phone(bare)
    if _is_citizen_id(bare) or (len(bare) > 15 and _CARD.fullmatch(bare) and _has_good_check_digit(bare)):
        return masked_number(bare)
    return found[0]


def _is_citizen_id(bare: str) -> bool:
    if len(bare) == 15 and bare.isdigit():
        bare = f"{bare[:6]}19{bare[6:]}0"
    if len(bare) != 18:
        return False
    try:
        birth_date(bare)
    except CitizenIdError:
        return False
    try:
        parse_credit_code(bare)
    except CreditCodeError:
        return True
    return False


def _has_good_check_digit(digits: str) -> bool:
    """Whether a card's number ends with its check digit (ISO/IEC 7812-1, Luhn)."""
    doubled = (int(d) * (1 + place % 2) for place, d in enumerate(reversed(digits)))
    return sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0
