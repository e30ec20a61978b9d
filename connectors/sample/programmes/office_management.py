"""Office management: 14 rules revised in 2021 (P01), a bulletin every half month, a party day and a study session a month."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from connectors.sample.days import chance_of, day_in, months
from connectors.sample.organisation import OFFICE
from connectors.sample.reported import Reported
from expectations.periods import period_of

RULES_REVISED = {2021: 14, 2022: 4, 2023: 6, 2024: 3, 2025: 5}

_RULES = (
    *("财务管理办法", "经费收支管理办法", "采购管理办法", "公务接待管理办法", "固定资产管理办法", "公文处理办法"),
    *("印章使用管理规定", "档案管理办法", "保密工作规定", "会议制度", "考勤与请休假制度", "差旅费管理办法"),
    *("车辆使用管理规定", "专项资金管理办法"),
)


def reported(year: int) -> tuple[Reported, ...]:
    """The items of the year, by quarter and day."""
    return tuple(sorted(_items(year), key=lambda row: (row.period, row.values["held_on"])))


def _items(year: int) -> Iterator[Reported]:
    chance = chance_of(year, "office_management")
    for rule in _RULES[: RULES_REVISED[year]]:
        yield _row("rule_revised", f"修订《{rule}》", day_in(chance.pick(months(year)), chance), chance.between(5, 18))
    for number, month in enumerate(months(year), start=1):
        yield _row("half_monthly_bulletin", f"{number}月上半月工作通报", date(year, number, 15), 24)
        yield _row("half_monthly_bulletin", f"{number}月下半月工作通报", date(year, number, 28), 24)
        yield _row("party_day", f"{number}月主题党日", day_in(month, chance, 5, 14), chance.between(16, 24))
        yield _row("study_session", f"{number}月理论学习中心组学习", day_in(month, chance, 15), chance.between(8, 12))


def _row(kind: str, title: str, held_on: date, participants: int) -> Reported:
    values = {"item_kind": kind, "title": title, "held_on": held_on, "participants": participants}
    return Reported("office_management", OFFICE, period_of("quarter", held_on).id, values)
