"""Numbers written in Chinese characters, plain (一千二百) and formal (壹仟贰佰元整)."""

from __future__ import annotations

import re
from decimal import Decimal

DIGITS = "零一二三四五六七八九"

_PLAIN = str.maketrans(
    "〇○两壹贰貳叁參肆伍陆陸柒捌玖拾佰仟萬億圆圓块角毛", "零零二一二二三三四五六六七八九十百千万亿元元元角角"
)
_PLACES = {"十": 10, "百": 100, "千": 1000}
_SECTIONS = {"万": 10**4, "亿": 10**8}
_MONEY = re.compile(
    "(?P<whole>[零一二三四五六七八九十百千万亿]+)"
    "(?:点(?P<decimals>[零一二三四五六七八九]{1,6}))?"
    "(?:元零?(?:(?P<jiao>[一二三四五六七八九])角)?零?(?:(?P<fen>[一二三四五六七八九])分)?[整正]?)?"
)


def parse_chinese_number(text: str, *, is_spoken_alone: bool = False) -> Decimal | None:
    """The number that the characters write out in full, with 元, 角, 分 and 整 where it is money; None if they do not.

    A spoken short form (一千二, 三万五) is not one number for everybody, so it is None. `is_spoken_alone` takes 百 for a hundred, as in 百分之百.
    """
    if is_spoken_alone and text == "百":
        return Decimal(100)
    found = _MONEY.fullmatch(text.translate(_PLAIN))
    if not found:
        return None
    whole = _value(found["whole"])
    if whole is None or _without_leading_one(write_chinese_number(whole)) != _without_leading_one(found["whole"]):
        return None
    if found["decimals"]:
        whole_and_part = Decimal(f"{whole}.{''.join(str(DIGITS.index(digit)) for digit in found['decimals'])}")
        # 三点五元 is said; 三点五元二角 is not.
        return None if found["jiao"] or found["fen"] else whole_and_part
    cents = 10 * DIGITS.index(found["jiao"] or "零") + DIGITS.index(found["fen"] or "零")
    return Decimal(whole) + Decimal(cents) / 100


def write_chinese_number(number: int) -> str:
    """The one full way to write a whole number below 10^12 in plain Chinese characters."""
    if number < 10:
        return DIGITS[number]
    for name, size in (("亿", 10**8), ("万", 10**4), ("千", 1000), ("百", 100), ("十", 10)):
        if number >= size:
            head, rest = divmod(number, size)
            # A place that is skipped is spoken: 一千零二十, 一万零五百.
            link = "零" if 0 < rest < size // 10 else ""
            return write_chinese_number(head) + name + (link + write_chinese_number(rest) if rest else "")
    raise AssertionError(number)


def _value(text: str) -> int | None:
    total = section = digit = 0
    for character in text:
        if character in DIGITS:
            digit = DIGITS.index(character)
        elif character in _PLACES:
            section += (digit or 1) * _PLACES[character]
            digit = 0
        else:
            section += digit
            if character == "亿":
                total = (total + section) * _SECTIONS[character]
            else:
                total += section * _SECTIONS[character]
            section = digit = 0
    return total + section + digit if text else None


def _without_leading_one(text: str) -> str:
    # 十二 and 一十二 are the same number; in the middle (一百一十二) the 一 is always written.
    return text[1:] if text.startswith("一十") else text
