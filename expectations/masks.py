"""How a personal value is shown where it may not stand: enough for its owner to find it, too little for anyone else."""

from __future__ import annotations

import re
import unicodedata

from expectations.choices import read_choice
from expectations.complaint import UnreadableError
from expectations.contract import Field, Form
from expectations.personal_numbers import masked_number, masked_phone, without_personal_numbers

HIDDEN = "***"
"""A value of which nothing may be shown; of one length, so that not even its length is told."""

LONGEST_SHOWN = 200
"""A finding shows a value so that people find it, not to keep it; the bytes are in the archive."""

_LONG_NUMBER = re.compile(r"[0-9]{15,17}[0-9Xx]?")
_PHONE = re.compile(r"1[0-9]{10}")
_WORDS = re.compile(r"[\u3400-\u9fff\U00020000-\U000323af](?:[\s·•]*[\u3400-\u9fff\U00020000-\U000323af])+")
_OF_AMOUNTS = frozenset(
    " 〇零一二三四五六七八九十百千万亿两几壹贰叁肆伍陆柒捌玖拾佰仟廿卅圆元角分整约多余共计近不足至"
    "年月日号度季上中下旬半初末人名个户次批期天周小时学课分钟岁届项家元人民币每合计总同前待定无"
)
"""Words of these signs alone are amounts, days and what is said of them."""


def shown(form: Form, field: Field, text: str) -> str:
    """What a finding may show of a text typed in a column of the form: masked if the column is personal, and never at great length."""
    if field.is_personal:
        return mask(field.semantic, text)
    text = open_text(form, field, text)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def open_text(form: Form, field: Field, text: str) -> str:
    """What may be kept outside the locked room of a text typed in a column that is not personal.

    Numbers of people are masked. In a form about people, where a row is easily typed one column too far to the right, words that can
    not be read in a column of numbers, days or codes are hidden: they may be a name.
    """
    if form.personal_fields and field.kind != "text" and not field.register and not _is_choice(field, text):
        text = _WORDS.sub(_hidden, text)
    return without_personal_numbers(text)


def _is_choice(field: Field, text: str) -> bool:
    if not field.choices:
        return False
    try:
        read_choice(field, unicodedata.normalize("NFKC", text))
    except UnreadableError:
        return False
    return True


def _hidden(words: re.Match[str]) -> str:
    return words[0] if set(words[0]) <= _OF_AMOUNTS else HIDDEN


def mask(semantic: str | None, text: str) -> str:
    """The masked form of a personal text: 张*, 110***********123*, 138****5678; anything else is hidden wholly."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if semantic == "person_name" and plain and not any(character.isdigit() for character in plain):
        return f"{plain[0]}*"
    if semantic in ("citizen_id", "bank_card") and _LONG_NUMBER.fullmatch(plain):
        return masked_number(plain)
    if semantic == "phone" and _PHONE.fullmatch(plain):
        return masked_phone(plain)
    return HIDDEN
