"""Whole numbers and money as people type them, to exact decimals. Nothing here is ever a float."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

from expectations.cleaning import DASHES
from expectations.complaint import Complaint, UnreadableError, info, warning
from expectations.numerals import parse_chinese_number

MOST_DIGITS = 15
"""Excel keeps 15 digits of a number; the rest are other digits than those that were typed."""

NOISE = Decimal("0.000001")
"""A difference that no one types: what binary fractions leave behind (0.1 + 0.2)."""

CENT = Decimal("0.01")

MULTIPLIERS = {"千": 10**3, "万": 10**4, "百万": 10**6, "千万": 10**7, "亿": 10**8}

_PEOPLE = frozenset(("人", "人次", "名", "位"))
_BARE = re.compile(r"[^元圆块千万亿a-zA-Z¥]+")
_PLAIN = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_NUMBER = re.compile(
    r"(?P<number>[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?|[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?P<times>千万|百万|[千万亿])?"
)
_SCIENTIFIC = re.compile(r"[0-9]+(?:\.[0-9]+)?[eE][-+]?[0-9]{1,6}")
_GROUPS = re.compile(r"(?<![0-9.])[0-9]{1,3}(?: [0-9]{3})+(?![0-9])")
_APART = re.compile(r"[0-9.] +[0-9]")
_INEXACT = re.compile(r"[约近余多]|左右|上下|以[上下内]|大概|大约|[0-9万]\+$|[0-9元]\s*[-~至到]\s*[0-9]")
_CURRENCY_BEFORE = re.compile("^(?:人民币|RMB|CNY|¥)", re.IGNORECASE)
_CURRENCY_AFTER = re.compile("(?:元|圆|块|RMB|CNY)?[整正]?$", re.IGNORECASE)


def read_whole_number(text: str, unit: str | None) -> tuple[Decimal, tuple[Complaint, ...]]:
    """The whole number that a text (NFKC, without marks) says, perhaps with its unit (3人), and what was repaired.

    Raises: UnreadableError.
    """
    number, complaints = _read(text, _unit_after(unit))
    whole = number.to_integral_value(ROUND_HALF_UP)
    if abs(number - whole) > NOISE:
        raise UnreadableError("value.not_whole")
    return _finish(text, number, whole, complaints)


def read_money(text: str, times: str | None = None) -> tuple[Decimal, tuple[Complaint, ...]]:
    """The amount in CNY with two decimals that a text (NFKC, without marks) says, and what was repaired.

    `times` is what the heading of the column says that its numbers are to be multiplied by (万); a cell with a unit of its own
    says so itself. Raises: UnreadableError.
    """
    number, complaints = _read(text, _CURRENCY_AFTER)
    if times and _BARE.fullmatch(text):
        number *= MULTIPLIERS[times]
        complaints = (*complaints, info("value.repaired", became=f"{number.quantize(CENT, ROUND_HALF_UP)}"))
    return _to_hundredths(text, number, complaints)


def heading_times(unit: str, wanted: str | None) -> str | None:
    """What a unit in a heading says that the numbers are to be multiplied by, where the form wants 元: 万 for 万元; None if it says no such thing."""
    times = unit.removeprefix("单位").lstrip(":").removesuffix("元")
    return times if wanted == "元" and times in MULTIPLIERS else None


def read_decimal(text: str, unit: str | None) -> tuple[Decimal, tuple[Complaint, ...]]:
    """The number with two decimals that a text (NFKC, without marks) says, perhaps with its unit (6.5学时), and what was repaired.

    Raises: UnreadableError.
    """
    return _to_hundredths(text, *_read(text, _unit_after(unit)))


def read_year(text: str) -> tuple[Decimal, tuple[Complaint, ...]]:
    """The year that a text (NFKC, without marks) says, perhaps as 2018年 or 2018年度, and what was repaired.

    Raises: UnreadableError.
    """
    return read_whole_number(text.removesuffix("度") if text.endswith("年度") else text, "年")


def read_percent(text: str) -> tuple[Decimal, tuple[Complaint, ...]]:
    """The percentage with two decimals that a text (NFKC, without marks) says, as 85.3, 85.3% or 百分之八十五, and what was repaired.

    Raises: UnreadableError.
    """
    if text.startswith("百分之"):
        said = parse_chinese_number(text.removeprefix("百分之"), is_spoken_alone=True)
        if said is None:
            raise UnreadableError("value.not_a_number", reason="words")
        return _to_hundredths(text, said, ())
    return read_decimal(text, "%")


def _unit_after(unit: str | None) -> re.Pattern[str]:
    units = {u for u in (unit, "个", *(_PEOPLE if unit in _PEOPLE else ())) if u}
    return re.compile(f"(?:{'|'.join(sorted(map(re.escape, units), key=len, reverse=True))})$")


def _to_hundredths(
    text: str, number: Decimal, complaints: tuple[Complaint, ...]
) -> tuple[Decimal, tuple[Complaint, ...]]:
    cents = number.quantize(CENT, ROUND_HALF_UP)
    if abs(number - cents) > NOISE:
        # A third decimal that was really typed: the rounding may not be silent.
        complaints = (*complaints, warning("value.rounded", became=f"{cents}"))
    return _finish(text, number, cents, complaints)


def _finish(
    text: str, number: Decimal, became: Decimal, complaints: tuple[Complaint, ...]
) -> tuple[Decimal, tuple[Complaint, ...]]:
    became += 0  # -0 becomes 0
    if not complaints and not (_PLAIN.fullmatch(text) and number == became):
        complaints = (info("value.repaired", became=f"{became:f}"),)
    return became, complaints


def _read(text: str, unit: re.Pattern[str]) -> tuple[Decimal, tuple[Complaint, ...]]:
    spaced = _GROUPS.sub(lambda found: found[0].replace(" ", ""), re.sub(r"\s", " ", text.translate(DASHES)))
    if _APART.search(spaced):
        # A blank between digits parts thousands, or it parts two numbers.
        raise UnreadableError("value.not_a_number", reason="inexact")
    written = spaced.replace(" ", "").lstrip("'‘’")
    is_negative, written = _sign(written)
    if currency := _CURRENCY_BEFORE.match(written):
        is_negative, written = (
            _sign(written[currency.end() :]) if not is_negative else (True, written[currency.end() :])
        )
    plain = unit.sub("", written, count=1)
    complaints: tuple[Complaint, ...] = ()
    if re.fullmatch(r"[0-9]+。[0-9]+", plain):
        plain = plain.replace("。", ".")
        complaints = (warning("value.point_assumed", became=plain),)
    if found := _NUMBER.fullmatch(plain):
        number = Decimal(found["number"].replace(",", ""))
        if times := found["times"]:
            number *= MULTIPLIERS[times]
            complaints = (warning("value.multiplied", became=f"{number.normalize():f}", times=times),)
    elif _SCIENTIFIC.fullmatch(plain):
        number = Decimal(plain)
    elif (chinese := _chinese(written, plain)) is not None:
        number = chinese
    else:
        raise UnreadableError("value.not_a_number", reason="inexact" if _INEXACT.search(text) else "words")
    if number and number.adjusted() >= MOST_DIGITS:
        raise UnreadableError("value.digits_lost")
    return (-number if is_negative else number), complaints


def _sign(text: str) -> tuple[bool, str]:
    if found := re.fullmatch(r"\((.+)\)", text):
        return True, found[1]
    return text.startswith("-"), text[1:] if text[:1] in ("-", "+") else text


def _chinese(written: str, plain: str) -> Decimal | None:
    if plain == "零":
        # Whether "none" may stand for 0 is for the form to say, and no form says so yet.
        return None
    in_full = parse_chinese_number(written)
    return in_full if in_full is not None else parse_chinese_number(plain)
