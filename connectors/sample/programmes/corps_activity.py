"""The model-worker service corps: 24 enterprises and schools visited in 2021 (P06), three stations opened in schools (P05)."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.sample.chance import Chance
from connectors.sample.days import YEAR, chance_of, day_in
from connectors.sample.organisation import OFFICE, enterprises, reporters
from connectors.sample.reported import Reported

HOST_ENTERPRISES = {2021: 18, 2022: 16, 2023: 19, 2024: 21, 2025: 22}
"""How many enterprises the corps visits each year; the schools come on top of them."""

STATIONS = {2021: 3, 2022: 1, 2023: 2, 2024: 1, 2025: 1}
"""How many stations for guidance it opens each year, all of them in vocational schools."""

SCHOOLS = (
    *("示例国防工业职业技术学院", "示例航空职业技术学院", "示例机电工程学校"),
    *("示例电子信息学校", "示例航天技工学校", "示例船舶工业学校"),
)

_KINDS = ("report", "demonstration", "guidance", "guidance", "exchange")


def reported(year: int) -> tuple[Reported, ...]:
    """The activities of the year: the office's visits, and what some enterprises do at the same hosts."""
    chance = chance_of(year, "corps_activity")
    lasting = [unit for unit in enterprises(year) if unit.valid_to is None and unit.valid_from.year < year]
    plants = [(unit.plant, "enterprise") for unit in chance.some(lasting, HOST_ENTERPRISES[year])]
    schools = [(school, "school") for school in SCHOOLS]
    months = [f"{year}-{month:02d}" for month in range(3, 12)]
    rows = [
        _row(OFFICE, chance.pick(months), host, kind, chance)
        for host in (*plants, *schools)
        for kind in chance.some(_KINDS[:3], chance.between(1, 2))
    ]
    rows += _stations(year, chance)
    for unit in chance.some(reporters(f"{year}-12"), 10):
        if unit.valid_from.year <= YEAR - 1:
            host = chance.pick([*plants, *schools])
            rows.append(_row(unit.unit_code, chance.pick(months), host, chance.pick(("guidance", "exchange")), chance))
    return tuple(sorted(rows, key=lambda row: (row.unit_id, row.period)))


def _stations(year: int, chance: Chance) -> Iterator[Reported]:
    # Each year goes on with the schools where the year before ended, so that a school has at most two stations.
    before = sum(count for earlier, count in STATIONS.items() if earlier < year)
    for number in range(before, before + STATIONS[year]):
        month = f"{year}-{chance.pick((4, 6, 9, 11)):02d}"
        yield _row(OFFICE, month, (SCHOOLS[number % len(SCHOOLS)], "school"), "station_opened", chance)


def _row(unit_id: str, month: str, host: tuple[str, str], kind: str, chance: Chance) -> Reported:
    collected = chance.between(1, 6) if kind == "guidance" else 0
    values = {
        "host_name": host[0],
        "host_kind": host[1],
        "activity_kind": kind,
        "problems_collected": collected,
        "problems_solved": collected - chance.between(0, min(2, collected)),
        "attendance": chance.between(18, 160),
        "held_on": day_in(month, chance, 4),
    }
    return Reported("corps_activity", unit_id, month, values)
