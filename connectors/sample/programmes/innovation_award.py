"""Innovation and excellence projects: what was awarded to enterprises' unions each year."""

from __future__ import annotations

from connectors.sample.days import YEAR, chance_of
from connectors.sample.organisation import reporters
from connectors.sample.reported import Reported

AWARDS_CNY = {"first": 10_000, "second": 6_000, "third": 3_000, "excellence": 1_000}
"""What a project of each grade is given, CNY."""

WINNERS = 24
"""How many units win something; the projects over and above are a second one of some of them."""

_GRADES = (*("first",) * 3, *("second",) * 6, *("third",) * 9, *("excellence",) * 12)
_PROJECTS = ("工会工作数字化", "班组文化建设", "职工心理关爱", "产改试点推进", "劳模工匠进课堂", "一站式职工服务")


def reported(year: int) -> tuple[Reported, ...]:
    """The projects of the year: 30 in 2021, one more each year."""
    chance = chance_of(year, "innovation_award")
    grades = (*_GRADES, *("excellence",) * (year - YEAR))
    mixed = sorted(grades, key=lambda _: chance.share(0, 1))
    asked = reporters(str(year))
    winners = (*chance.some(asked, WINNERS), *chance.some(asked, len(grades) - WINNERS))
    # What wins again in a later year is another project, and says so.
    later = "" if year == YEAR else f"（{year}年）"
    return tuple(
        Reported(
            "innovation_award",
            unit.unit_code,
            str(year),
            {
                "project": f"{unit.short_name}{_PROJECTS[number % len(_PROJECTS)]}{'' if number < WINNERS else '推广'}项目{later}",
                "award_grade": grade,
                "award_cny": AWARDS_CNY[grade],
                "spread_units": chance.between(0, 12),
            },
        )
        for number, (grade, unit) in enumerate(zip(mixed, winners, strict=True))
    )
