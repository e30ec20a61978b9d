"""Labour contests: the task books of the enterprises, of three categories in 2021 (P07); a project is listed while it runs."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.sample.chance import Chance, split
from connectors.sample.days import chance_of, day_in_quarter, quarters
from connectors.sample.organisation import Unit, enterprises, reporters
from connectors.sample.reported import Reported

_PROJECTS = {
    "special": ("重点型号科研生产", "安全生产百日", "提质增效降成本", "重大项目建设攻坚"),
    "skills_uplift": ("岗位练兵技术比武", "青工技能提升", "班组技能达标"),
    "studio_building": ("创新工作室创建",),
}
_LIKELY = {"special": 1.0, "skills_uplift": 0.75, "studio_building": 0.5}


def reported(year: int) -> tuple[Reported, ...]:
    """The projects of the year, once in each quarter in which they run."""
    rows: list[Reported] = []
    for unit in enterprises(year):
        chance = chance_of(year, "labour_contest", unit.unit_code)
        asked = [quarter for quarter in quarters(year) if unit in reporters(quarter)]
        for category, names in _PROJECTS.items():
            if asked and chance.happens(_LIKELY[category]):
                rows += _project(unit, category, chance.pick(names), asked, year, chance)
    return tuple(sorted(rows, key=lambda row: (row.unit_id, row.period)))


def _project(unit: Unit, category: str, name: str, asked: list[str], year: int, chance: Chance) -> Iterator[Reported]:
    """One project: signed in its first quarter, finished in its last; each quarter says who joined in that quarter."""
    first = chance.between(0, len(asked) - 1)
    runs = asked[first : first + chance.between(2, 4)]
    signed_on = day_in_quarter(runs[0], chance)
    is_key = "yes" if chance.happens(0.3) else "no"
    joining = max(8, int(unit.size * chance.share(0.12, 0.4)))
    parts = split(joining, [4, *[1] * (len(runs) - 1)], 1)
    result = joining * chance.between(20, 90) * 10
    for quarter, participants in zip(runs, parts, strict=True):
        is_finished = quarter == runs[-1]
        yield Reported(
            "labour_contest",
            unit.unit_code,
            quarter,
            {
                "category": category,
                "project": f"{year}年{name}劳动竞赛",
                "is_key_project": is_key,
                "task_book_signed_on": signed_on,
                "participants": participants,
                "economic_result_cny": result if is_finished and category == "special" else None,
                "contest_status": "finished" if is_finished else "running",
            },
        )
