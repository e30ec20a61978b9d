"""Which workbook of the sample has which story.

Every story takes an answer that can bear it: what never arrives or is refused had nothing to report; no total needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Literal

from connectors.sample.answers import Answer, answers
from connectors.sample.chance import Chance
from connectors.sample.organisation import OFFICE
from connectors.sample.slips import LEFT_ROWS, SLIPS, LeftRow, Slip

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

MISSING = {"relief": 4, "hardship_aid": 5, "unit_profile": 2}
"""How many answers of each form never arrive."""


@cache
def cast_stories() -> dict[Key, Part]:
    """The part that an answer plays, by its key; the others are clean."""
    cast: dict[Key, Part] = {}
    for form_id, missing in MISSING.items():
        asked = [answer for answer in answers() if answer.form_id == form_id]
        _give(cast, [slip for slip in SLIPS if slip.form_id == form_id], asked, _bears_slip)
        _give(cast, [row for row in LEFT_ROWS if row.form_id == form_id], asked, _bears_left_row)
        _give(cast, ["missing"] * missing, asked, _is_not_needed)
    monthly = [answer for answer in answers() if answer.form_id != "unit_profile"]
    _give(cast, ["not_a_workbook", "truncated", "wrong_edition"], monthly, _is_not_needed)
    _give(cast, ["copied", "saved_again"], monthly, _has_many_rows)
    return cast


def _give(cast: dict[Key, Part], parts: Sequence[Part], asked: list[Answer], bears: Callable[[Answer], bool]) -> None:
    """Give each part to another of the answers that can bear it and have none yet."""
    able = [answer for answer in asked if answer.key not in cast and bears(answer)]
    for answer, part in zip(Chance("story", bears.__name__, len(cast)).some(able, len(parts)), parts, strict=True):
        cast[answer.key] = part


def _bears_slip(answer: Answer) -> bool:
    """Whether other rows load beside the bad one; a profile has one row, with a contract to be wrong about."""
    if answer.form_id == "unit_profile":
        return answer.rows[0]["contract_signed_on"] is not None
    return len(answer.rows) >= 2


def _bears_left_row(answer: Answer) -> bool:
    """Whether a flood and a hot day can have happened there."""
    return answer.unit_id != OFFICE and bool(answer.rows) and answer.period in ("2021-07", "2021-08", "2021-09")


def _has_many_rows(answer: Answer) -> bool:
    """Whether counting the workbook twice would be seen."""
    return len(answer.rows) >= 3


def _is_not_needed(answer: Answer) -> bool:
    """Whether no figure of the year needs it: there is nothing to report, or a later quarter follows."""
    return answer.period < "2021-Q4" if answer.form_id == "unit_profile" else not answer.rows
