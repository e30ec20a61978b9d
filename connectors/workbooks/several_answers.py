"""Workbooks with more than one table of ours: which answers they hold, so that people hear how to take them apart. None of them is read.

A delivery is one answer. Which of several sheets is meant, or that all are, would be a guess where they say the same; where each says
another form, unit or period, each belongs in a file of its own (a zip may hold them all).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connectors.workbooks.said_identity import said_identity
from expectations.finding import Severity

if TYPE_CHECKING:
    from connectors.workbooks.cells import Row
    from connectors.workbooks.heading_band import Band
    from connectors.workbooks.reading import Reading
    from expectations.contract import Form


@dataclass(frozen=True, slots=True)
class SheetAnswer:
    """What one sheet says that it answers; blank is what it does not say, or says twice."""

    form: Form
    unit_id: str
    period: str

    @property
    def is_whole(self) -> bool:
        """Whether it says all of it."""
        return bool(self.unit_id and self.period)

    def words(self, sheet: str) -> str:
        """The sheet and its answer, for people."""
        return f"“{sheet}”（{' '.join(filter(None, (self.form.title_zh, self.unit_id, self.period)))}）"


def answer_of(form: Form, sheet: str, rows: Sequence[Row], band: Band) -> SheetAnswer:
    """What a sheet that is a table of this form says."""
    said = said_identity(sheet, rows, band)
    codes = said.unit_codes or said.credit_codes
    periods = [period.id for period in said.periods if period.kind == form.frequency]
    return SheetAnswer(form, codes[0] if len(codes) == 1 else "", periods[0] if len(periods) == 1 else "")


def complain_of_several(reading: Reading, answers: Mapping[str, SheetAnswer]) -> None:
    """Say which answers these sheets are, if that is beyond doubt and no two are the same; else only that there are several."""
    are_of_forms = len({answer.form.form_id for answer in answers.values()}) == len(answers)
    keys = {(a.form.form_id, a.unit_id, a.period) for a in answers.values() if a.is_whole}
    if are_of_forms or len(keys) == len(answers):
        listed = "、".join(answer.words(sheet) for sheet, answer in answers.items())
        reading.complain("form.answers_several", Severity.CRITICAL, answers=listed)
    else:
        reading.complain("form.sheets_several", Severity.CRITICAL, sheets="、".join(answers))
