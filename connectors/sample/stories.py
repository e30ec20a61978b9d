"""Which workbook of the sample has which story.

Every story takes an answer that can bear it: what never arrives or is refused had nothing to report; no total needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Literal

from connectors.sample.answers import Answer, answers
from connectors.sample.chance import Chance
from connectors.sample.days import YEAR, chance_of
from connectors.sample.organisation import OFFICE
from connectors.sample.planted import LEFT_ROWS, SLIPS
from connectors.sample.slips import LeftRow, Slip
from expectations.contract import forms

Story = Literal[
    "clean",
    "slip",
    "correction",
    "left",
    "not_a_workbook",
    "truncated",
    "wrong_edition",
    "copied",
    "saved_again",
    "missing",
]
"""What is the matter with a file: `left` has a row that nobody corrects, `copied` is the same bytes under another name,
`saved_again` the same content in other bytes, `missing` never arrives."""

Key = tuple[str, str, str]
Part = Slip | LeftRow | Literal["not_a_workbook", "truncated", "wrong_edition", "copied", "saved_again", "missing"]

MISSING = {
    "relief": 4,
    "hardship_aid": 5,
    "unit_profile": 2,
    "training": 6,
    "consumption_assistance": 8,
    "corps_activity": 10,
    "culture_activity": 7,
    "labour_contest": 2,
    "innovation_studio": 2,
    "apprenticeship": 2,
    "task_list": 2,
    "student_aid": 1,
    "skills_contest": 3,
    "model_worker": 1,
    "education_uplift": 1,
    "innovation_award": 1,
}
"""How many answers of each form never arrive."""

_REFUSED: tuple[Part, ...] = ("not_a_workbook", "truncated", "wrong_edition")
_TWICE: tuple[Part, ...] = ("copied", "saved_again")


@cache
def cast_stories(year: int = YEAR) -> dict[Key, Part]:
    """The part that an answer of that year plays, by its key; the others are clean."""
    cast: dict[Key, Part] = {}
    for form_id in sorted({answer.form_id for answer in answers(year)}):
        asked = [answer for answer in answers(year) if answer.form_id == form_id]
        chance = chance_of(year, "story", form_id)
        _give(cast, [slip for slip in SLIPS if slip.form_id == form_id], asked, _bears_slip, chance)
        _give(cast, [row for row in LEFT_ROWS if row.form_id == form_id], asked, _bears_left_row, chance)
        _give(cast, ["missing"] * MISSING.get(form_id, 0), asked, _is_not_needed, chance)
    reported_by_month = [answer for answer in answers(year) if forms()[answer.form_id].frequency == "month"]
    chance = chance_of(year, "story")
    _give(cast, _REFUSED, reported_by_month, _is_not_needed, chance)
    _give(cast, _TWICE, reported_by_month, _has_many_rows, chance)
    return cast


def _give(
    cast: dict[Key, Part],
    parts: Sequence[Part],
    asked: list[Answer],
    bears: Callable[[Answer], bool],
    chance: Chance,
) -> None:
    """Give each part to another of the answers that can bear it and have none yet."""
    able = [answer for answer in asked if answer.key not in cast and bears(answer)]
    for answer, part in zip(chance.some(able, len(parts)), parts, strict=True):
        cast[answer.key] = part


def _bears_slip(answer: Answer) -> bool:
    """Whether other rows load beside the bad one; a profile has one row, with a contract to be wrong about."""
    if answer.form_id == "unit_profile":
        return answer.rows[0]["contract_signed_on"] is not None
    return len(answer.rows) >= 2 or forms()[answer.form_id].is_single_row


def _bears_left_row(answer: Answer) -> bool:
    """Whether a flood and a hot day can have happened there."""
    return answer.unit_id != OFFICE and bool(answer.rows) and answer.period[5:] in ("07", "08", "09")


def _has_many_rows(answer: Answer) -> bool:
    """Whether counting the workbook twice would be seen."""
    return len(answer.rows) >= 3


def _is_not_needed(answer: Answer) -> bool:
    """Whether no figure of the year needs it: there is nothing to report, or a later quarter tells how things stand."""
    if forms()[answer.form_id].is_nil_allowed:
        return not answer.rows
    return "Q" in answer.period and not answer.period.endswith("Q4")
