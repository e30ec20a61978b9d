"""Skills contests: the office's own second-class contest, with at least two trades more each year, and those of others.

2020 is the base year that the growth of 2021 is counted from.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from connectors.sample.days import YEAR, chance_of, day_in
from connectors.sample.organisation import OFFICE, reporters
from connectors.sample.reported import Reported

BASE_YEAR = YEAR - 1

TRADES = (
    *("钳工", "数控加工", "焊工", "电工", "车工", "铣工", "无线电装接工", "质量检验工", "磨工", "镗工"),
    *("热处理工", "表面处理工", "计量工", "铸造工", "工业机器人操作", "无人机操控", "增材制造", "网络安全管理"),
    *("电子仪器装调", "复合材料成型"),
)
"""Trades of the own contest, in the order in which they joined it."""

OWN_TRADES = {2020: 8, 2021: 10, 2022: 12, 2023: 15, 2024: 17, 2025: 19}
"""How many trades the own contest had in each year: at least two more than the year before (T02)."""


def reported(year: int) -> tuple[Reported, ...]:
    """The contests of the year, from 2020 to 2025, by trade."""
    own = _own(year)
    return tuple(own if year == BASE_YEAR else (*own, *_of_enterprises(year)))


def _own(year: int) -> Iterator[Reported]:
    chance = chance_of(year, "skills_contest")
    for trade in TRADES[: OWN_TRADES[year]]:
        participants = chance.between(40, 160)
        yield _row(
            OFFICE,
            year,
            contest=f"示例省国防科技工业职工职业技能大赛（{year}）",
            contest_level="own_second_class",
            trade=trade,
            participants=participants,
            finalists=participants // 4,
            held_on=day_in(f"{year}-{chance.between(6, 10):02d}", chance),
        )
    yield _row(
        OFFICE,
        year,
        contest=f"全国行业职业技能竞赛示例省选拔赛（{year}）",
        contest_level="national",
        trade=chance.pick(TRADES[:8]),
        participants=36,
        finalists=6,
        held_on=day_in(f"{year}-10", chance, 10),
    )


def _of_enterprises(year: int) -> Iterator[Reported]:
    chance = chance_of(year, "skills_contest", "enterprises")
    for unit in chance.some(reporters(str(year)), 9):
        for trade in chance.some(TRADES[:12], chance.between(1, 3)):
            participants = chance.between(12, 60)
            yield _row(
                unit.unit_code,
                year,
                contest=f"示例省职业技能大赛{unit.short_name}赛区（{year}）",
                contest_level="provincial",
                trade=trade,
                participants=participants,
                finalists=max(3, participants // 5),
                held_on=day_in(f"{year}-{chance.between(5, 11):02d}", chance),
            )


def _row(unit_id: str, year: int, **values: str | int | date) -> Reported:
    return Reported("skills_contest", unit_id, str(year), values)
