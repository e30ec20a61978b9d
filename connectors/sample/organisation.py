"""The made-up organisation of the sample: a province, its office, six groups and their enterprises, all invented.

Grain: one `Unit` per unit and span of validity; only the unit that moves to another group has two.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from functools import cache

from connectors.sample.chance import Chance
from connectors.sample.days import YEAR
from expectations.credit_code import check_character, inner_check_character
from expectations.periods import parse_period

PROVINCE, OFFICE = "SN", "S0001"

NOTICE = "（样例数据，单位与人员均为虚构）"
"""Stands behind the name of every reporting unit in its workbook, so that no page can be taken for a real report."""

CONTINUED_NOTICE = "（样例续年数据，均为合成）"
"""Stands there in the years after the sample year, of which not even the totals are real."""

FOUNDED = date(2018, 1, 1)
OPENING, OPENS_ON = "A0409", date(2021, 4, 1)
CLOSING, CLOSES_ON = "A0313", date(2021, 9, 30)
"""One enterprise begins with the second quarter and one ends with the third: who must report changes in the year."""

MERGED, SUCCESSOR, MERGES_ON = "A0110", "A0104", date(2023, 9, 30)
"""In the third year one enterprise ends and another goes on for it."""

MOVING, MOVES_TO, MOVES_ON = "A0406", "A03", date(2024, 1, 1)
"""In the fourth year one enterprise goes to another group."""

GROUPS: dict[str, tuple[str, str, int]] = {
    "A01": ("航天组", "航天", 14),
    "A02": ("航空组", "航空", 12),
    "A03": ("兵器组", "兵器", 13),
    "A04": ("电子组", "电子", 9),
    "A05": ("核工业组", "核工业", 5),
    "A06": ("船舶组", "船舶", 6),
}
"""Code, name, industry and how many enterprises: 59 in the register, 58 of them in force at the end of 2021."""

NUCLEAR = "A05"

_FIRST = "天玄朱青白苍银星月云风雷霜雪"
_SECOND = "枢衡璇玑斗"
_PLANTS = ("机械厂", "研究所", "仪表厂", "器材厂", "装备公司", "试验站")
_FICTITIOUS_AREA = "619900"
"""No place has this area code, so no code made from it can be anybody's."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A row of the register. `size` is the number of employees at the beginning of 2021 (0 where there are none)."""

    unit_code: str
    unit_name: str
    short_name: str
    former_names: str | None
    unit_kind: str
    parent_code: str | None
    credit_code: str | None
    valid_from: date
    valid_to: date | None
    successor_code: str | None = None
    size: int = 0

    def row(self) -> dict[str, object]:
        """The values of the register's fields, in its codes."""
        return {name: value for name, value in asdict(self).items() if name != "size"}

    @property
    def plant(self) -> str:
        """The name of the enterprise whose union this is."""
        return self.unit_name.removesuffix("工会")

    def is_in_force(self, first_day: date, last_day: date) -> bool:
        """Whether it exists on any day of that span."""
        return self.valid_from <= last_day and (self.valid_to is None or self.valid_to >= first_day)


@cache
def units(year: int = YEAR) -> tuple[Unit, ...]:
    """The whole register as known at the end of that year: province, office, groups, enterprises, all their spans."""
    heads = [
        Unit(PROVINCE, "陕西省国防工会", "全省", None, "province", None, None, FOUNDED, None),
        Unit(
            OFFICE, "示例省工会机关", "省工会机关", None, "provincial_office", PROVINCE, _credit_code(0), FOUNDED, None
        ),
    ]
    groups = [
        Unit(code, name, name, None, "group", PROVINCE, None, FOUNDED, None) for code, (name, _, _) in GROUPS.items()
    ]
    return (*heads, *groups, *(span for place in _places() for span in _spans(_enterprise(*place), year)))


@cache
def enterprises(year: int = YEAR) -> tuple[Unit, ...]:
    """The enterprises that exist on any day of the year, in the order of their codes, as known at its end."""
    first_day, last_day = date(year, 1, 1), date(year, 12, 31)
    return tuple(
        unit for unit in units(year) if unit.unit_kind == "enterprise" and unit.is_in_force(first_day, last_day)
    )


@cache
def reporters(period: str) -> tuple[Unit, ...]:
    """The enterprises that are asked for that period: those that exist on its last day."""
    last_day = parse_period(period).last_day
    return tuple(unit for unit in enterprises(last_day.year) if unit.is_in_force(last_day, last_day))


@cache
def unit(unit_code: str) -> Unit:
    """The unit of that code, as known at the end of the sample year. Raises: KeyError if the sample has none."""
    for candidate in units():
        if candidate.unit_code == unit_code:
            return candidate
    raise KeyError(f"the sample has no unit {unit_code}")


def size_on(unit_code: str, day: date) -> int:
    """The employees of the enterprise at the beginning of 2021, with those of the one merged into it by that day."""
    merged = unit(MERGED).size if unit_code == SUCCESSOR and day > MERGES_ON else 0
    return unit(unit_code).size + merged


def _spans(enterprise: Unit, year: int) -> tuple[Unit, ...]:
    """The spans of an enterprise's life that are known at the end of the year."""
    if enterprise.unit_code == MERGED and year >= MERGES_ON.year:
        return (replace(enterprise, valid_to=MERGES_ON, successor_code=SUCCESSOR),)
    if enterprise.unit_code == MOVING and year >= MOVES_ON.year:
        before = replace(enterprise, valid_to=MOVES_ON - timedelta(days=1))
        return before, replace(enterprise, parent_code=MOVES_TO, valid_from=MOVES_ON)
    return (enterprise,)


def _places() -> list[tuple[str, int, int]]:
    """Group, number in the group and number in the province of each enterprise."""
    within = [(group, number) for group, (_, _, count) in GROUPS.items() for number in range(1, count + 1)]
    return [(group, number, serial) for serial, (group, number) in enumerate(within, start=1)]


def _enterprise(group: str, number: int, serial: int) -> Unit:
    code, industry = f"{group}{number:02d}", GROUPS[group][1]
    word = _FIRST[serial % len(_FIRST)] + _SECOND[serial % len(_SECOND)]
    short = word + _PLANTS[(serial + number) % len(_PLANTS)]
    chance = Chance("enterprise", code)
    return Unit(
        unit_code=code,
        unit_name=f"示例{industry}{short}工会",
        short_name=short,
        former_names=f"示例{industry}第{number}厂工会" if chance.happens(0.25) else None,
        unit_kind="enterprise",
        parent_code=group,
        credit_code=_credit_code(serial),
        valid_from=OPENS_ON if code == OPENING else FOUNDED,
        valid_to=CLOSES_ON if code == CLOSING else None,
        size=int(180 * 2 ** chance.share(0, 5.4)),
    )


def _credit_code(serial: int) -> str:
    """A code with both check characters right (GB 32100-2015, GB 11714) and an area that does not exist."""
    body = f"{serial:04d}2021"
    seventeen = f"81{_FICTITIOUS_AREA}{body}{inner_check_character(body)}"
    return seventeen + check_character(seventeen)
