"""Numbers as a Chinese work report writes them: amounts in 万元, no separators, the unit right behind."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from connectors.report import words

_TEN_THOUSAND = Decimal(10_000)

_MANY = Decimal(100_000)
"""From here on a round count of people is said in 万: 7 010 000 is 701万."""


_FEW = 10
"""Below this a path of counted things has a decimal: two fifths of a batch are not none."""


def said(value: Decimal, unit: str, counter: str | None = None) -> str:
    """A value with its unit: `3874.19万元`, `9500元`, `701万人次`, `83.3%`, `40家`, `1000元` a head; `counter` stands for the unit's own word.

    An amount in 万元 is exact to the yuan; one with fen is rounded to that and says so (约).
    """
    if unit == "CNY":
        return _money(value)
    if words.UNITS.get(unit, unit) == "%":
        return words.percent(value)
    word = counter or ("元" if unit == "CNY per person" else words.UNITS.get(unit, unit))
    if unit in ("CNY per person", "rounds"):
        return _plain(value.quantize(Decimal("0.01"), ROUND_HALF_UP)) + word
    if abs(value) >= _MANY and value % 100 == 0:
        return f"{_plain(value / _TEN_THOUSAND)}万{word}"
    return _plain(value) + word


def estimated(value: Decimal, unit: str) -> str:
    """A value of a straight path: like `said`, whole where many things are counted, with 约 where that rounds it."""
    if words.UNITS.get(unit, unit) == "%":
        return words.percent(value)
    step = Decimal("0.01") if unit == "rounds" else Decimal("0.1") if value < _FEW else Decimal(1)
    whole = value.quantize(step, ROUND_HALF_UP)
    return ("" if whole == value else "约") + said(whole, unit)


def _money(cny: Decimal) -> str:
    if abs(cny) < _TEN_THOUSAND:
        return f"{_plain(cny)}元"
    whole = cny.quantize(Decimal(1), ROUND_HALF_UP)
    return ("" if whole == cny else "约") + f"{_plain(whole / _TEN_THOUSAND)}万元"


def _plain(value: Decimal) -> str:
    return words.number(value).replace(",", "")
