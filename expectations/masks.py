"""How a personal value is shown where it may not stand: enough for its owner to find it, too little for anyone else."""

from __future__ import annotations

import re
import unicodedata

from expectations.contract import Field

HIDDEN = "***"
"""A value of which nothing may be shown; of one length, so that not even its length is told."""

LONGEST_SHOWN = 200
"""A finding shows a value so that people find it, not to keep it; the bytes are in the archive."""

_LONG_NUMBER = re.compile(r"[0-9]{15,17}[0-9Xx]?")
_PHONE = re.compile(r"1[0-9]{10}")


def shown(field: Field, text: str) -> str:
    """What a finding about a field may show of a typed text: masked if the field is personal, and never at great length."""
    if field.is_personal:
        return mask(field.semantic, text)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def mask(semantic: str | None, text: str) -> str:
    """The masked form of a personal text: 张*, 110***********123*, 138****5678; anything else is hidden wholly."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if semantic == "person_name" and plain and not any(character.isdigit() for character in plain):
        return f"{plain[0]}*"
    if semantic in ("citizen_id", "bank_card") and _LONG_NUMBER.fullmatch(plain):
        return f"{plain[:3]}{'*' * (len(plain) - 7)}{plain[-4:-1]}*"
    if semantic == "phone" and _PHONE.fullmatch(plain):
        return f"{plain[:3]}****{plain[-4:]}"
    return HIDDEN
