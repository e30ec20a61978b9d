"""Student aid, given once a year at the beginning of the school year: 412 000 CNY for 124 students in 2021 (P22, P23).

A student is aided for some years and goes on from stage to stage; later years are synthetic.
"""

from __future__ import annotations

from connectors.sample.chance import Chance, split
from connectors.sample.days import YEAR, chance_of, day_in, grown
from connectors.sample.organisation import CLOSING, MERGED, MERGES_ON, OPENING, SUCCESSOR, enterprises
from connectors.sample.people import member
from connectors.sample.reported import Reported

STUDENTS, STUDENT_AID_CNY = 124, 412_000

_MORE_A_YEAR = 4
_LEAVE_A_YEAR = 36
"""The eldest leave, as they are listed first."""
_PAYERS = 34
_YOUNGER = 19
"""So many numbers later comes a student who may be the younger brother or sister."""
_WEIGHTS = {
    "primary": 2.0,
    "junior_middle": 2.5,
    "senior_middle": 3.0,
    "vocational": 3.0,
    "junior_college": 4.5,
    "bachelor": 5.0,
    "postgraduate": 5.0,
}


def reported(year: int) -> tuple[Reported, ...]:
    """The aid of the year, by student: one payment each, between the middle of August and the end of September."""
    chance, payers = chance_of(year, "student_aid"), _payers(year)
    first = _LEAVE_A_YEAR * (year - YEAR)
    numbers = range(first, first + STUDENTS + _MORE_A_YEAR * (year - YEAR))
    stages = [_stage(number, year) for number in numbers]
    weights = [_WEIGHTS[stage] * chance.share(0.9, 1.1) for stage in stages]
    amounts = split(grown(STUDENT_AID_CNY, year, 100), weights, 100)
    rows = []
    for number, stage, amount in zip(numbers, stages, amounts, strict=True):
        month = f"{year}-{chance.pick(('08', '09', '09'))}"
        values = {
            **_family(number),
            "school_stage": stage,
            "amount_cny": amount,
            "paid_on": day_in(month, chance, 16 if month.endswith("08") else 3, 28),
        }
        rows.append(Reported("student_aid", payers[_eldest(number) * 5 % len(payers)], str(year), values))
    return tuple(rows)


def _payers(year: int) -> list[str]:
    """The enterprises that pay; what is merged pays no more, and its successor does."""
    old = [unit.unit_code for unit in enterprises() if unit.unit_code not in (OPENING, CLOSING)]
    payers = Chance("student_aid", "payers").some(old, _PAYERS)
    return [SUCCESSOR if code == MERGED and year >= MERGES_ON.year else code for code in payers]


def _birth_year(number: int) -> int:
    """The students of 2021 are 8 to 20 years old, the eldest first; who comes later is 7 to 18 years old."""
    if number < STUDENTS:
        return YEAR - 20 + 13 * number // STUDENTS
    comes_in = YEAR + 1 + (number - STUDENTS) // (_LEAVE_A_YEAR + _MORE_A_YEAR)
    return comes_in - 7 - number * 5 % 12


def _stage(number: int, year: int) -> str:
    """Where a student of that age is in the autumn: one in four goes to a vocational school and a junior college."""
    age, is_vocational = year - _birth_year(number), number % 4 == 1
    if age < 12:
        return "primary"
    if age < 15:
        return "junior_middle"
    if age < 18:
        return "vocational" if is_vocational else "senior_middle"
    return "junior_college" if is_vocational else "bachelor" if age < 23 else "postgraduate"


def _eldest(number: int) -> int:
    """The first of the family's students: an elder one, for about one student in ten, or the student."""
    elder = number - _YOUNGER
    is_second = elder >= 0 and number % 10 == 3 and _birth_year(elder) < _birth_year(number)
    return elder if is_second else number


def _family(number: int) -> dict[str, object]:
    """The worker and the student."""
    eldest = _eldest(number)
    older_by = Chance("student_aid", "family", eldest).between(26, 34)
    parent = member("parent", eldest, _birth_year(eldest) - older_by)
    relation = "ward" if number % 31 == 17 else "other" if number % 31 == 29 else "child"
    student = member("student", number, _birth_year(number), parent.surname if relation == "child" else None)
    return {
        "worker_name": parent.name,
        "worker_citizen_id": parent.citizen_id,
        "student_name": student.name,
        "student_citizen_id": student.citizen_id,
        "relation": relation,
    }
