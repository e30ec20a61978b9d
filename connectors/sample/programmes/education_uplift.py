"""The subsidy for those who took a higher degree: 200 workers with 1 000 CNY each in 2021 (P11, P12).

Nobody is granted it twice. Later years are synthetic.
"""

from __future__ import annotations

from datetime import date

from connectors.sample.chance import Chance, split
from connectors.sample.days import YEAR, chance_of
from connectors.sample.organisation import reporters
from connectors.sample.people import member
from connectors.sample.reported import Reported

WORKERS, SUBSIDY_CNY = 200, 1_000

_MORE_A_YEAR = 10
_PAYERS = 44
_SCHOOLS = ("示例职业技术学院", "示例广播电视大学", "示例国防工业职工大学", "示例理工大学继续教育学院")
_STEPS = (
    ("senior_middle", "junior_college"),
    ("vocational", "junior_college"),
    ("vocational", "junior_college"),
    ("junior_college", "bachelor"),
    ("junior_college", "bachelor"),
    ("junior_college", "bachelor"),
    ("bachelor", "postgraduate"),
)


def reported(year: int) -> tuple[Reported, ...]:
    """The subsidies of the year, by unit and worker."""
    chance = chance_of(year, "education_uplift")
    payers = chance.some(reporters(str(year)), _PAYERS)
    shares = split(_workers(year), [unit.size**0.6 for unit in payers], 1)
    units = [unit.unit_code for unit, share in zip(payers, shares, strict=True) for _ in range(share)]
    first = sum(_workers(before) for before in range(YEAR, year))
    return tuple(Reported("education_uplift", unit, str(year), _row(first + n, year)) for n, unit in enumerate(units))


def _workers(year: int) -> int:
    return WORKERS + _MORE_A_YEAR * (year - YEAR)


def _row(number: int, year: int) -> dict[str, object]:
    chance = Chance("education_uplift", number)
    worker = member("graduate", number, year - chance.between(24, 42))
    level_before, level_after = chance.pick(_STEPS)
    month, day = chance.pick(((1, 15), (6, 30), (7, 1), (7, 10)))
    return {
        "worker_name": worker.name,
        "worker_citizen_id": worker.citizen_id,
        "is_front_line": "yes" if chance.happens(0.8) else "no",
        "level_before": level_before,
        "level_after": level_after,
        "school": chance.pick(_SCHOOLS),
        "graduated_on": date(year, month, day),
        "subsidy_cny": SUBSIDY_CNY,
    }
