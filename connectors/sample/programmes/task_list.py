"""Task lists: what each enterprise undertook for the year, with weights that add up to 100, and how far it is each quarter."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.sample.days import chance_of, quarters
from connectors.sample.organisation import Unit, reporters
from connectors.sample.reported import Reported

TASKS = {
    "思想政治引领": (20, "宣讲不少于 4 场，职工参与率不低于 80%"),
    "劳动和技能竞赛": (25, "竞赛项目全部签订任务书，参与率不低于 50%"),
    "职工权益维护": (20, "职代会提案办结率不低于 90%"),
    "困难帮扶与服务": (20, "建档困难职工慰问全覆盖"),
    "基层组织建设": (15, "工会干部年内培训一次以上"),
}
"""Every task with its weight in points and what is to be reached; the weights add up to 100."""

_LARGE, _MEDIUM = 2_500, 700
"""From so many employees on an enterprise is large, or medium."""


def reported(year: int) -> tuple[Reported, ...]:
    """The lists of the year, by quarter and unit."""
    return tuple(row for quarter in quarters(year) for unit in reporters(quarter) for row in _list(unit, year, quarter))


def _list(unit: Unit, year: int, quarter: str) -> Iterator[Reported]:
    number = int(quarter[-1])
    unit_class = "large" if unit.size >= _LARGE else "medium" if unit.size >= _MEDIUM else "small"
    for task, (weight, target) in TASKS.items():
        chance = chance_of(year, "task_list", unit.unit_code, task)
        # A task goes on by about a quarter each quarter, and some are not quite ended with the year.
        reached = chance.share(0.88, 1.04)
        progress = min(100, int(25 * number * reached))
        score = min(100, progress + chance.between(-4, 2))
        values = {
            "unit_class": unit_class,
            "task": task,
            "weight": weight,
            "target": target,
            "progress_percent": progress,
            "self_score": score,
            "reviewed_score": max(0, score - chance.between(0, 5)) if number == 4 else None,
        }
        yield Reported("task_list", unit.unit_code, quarter, values)
