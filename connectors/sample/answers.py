"""What every unit has to say in the sample year: the honest answer to every form and period that it is asked for.

Grain: one `Answer` per form, unit and period expected from the unit while it exists.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from connectors.sample.days import MONTHS, QUARTERS
from connectors.sample.hardship import payments
from connectors.sample.organisation import units
from connectors.sample.profiles import profiles
from connectors.sample.relief import relief_lines
from expectations.contract import Form, forms
from expectations.periods import parse_period

Row = Mapping[str, Any]
"""What is typed into one row, by field: numbers and dates as such, the label of a code, None where it stays blank."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows of one workbook; none of them is a nil return."""

    form_id: str
    unit_id: str
    period: str
    rows: tuple[Row, ...]

    @property
    def key(self) -> tuple[str, str, str]:
        """What is answered: form, unit, period."""
        return self.form_id, self.unit_id, self.period


@cache
def answers() -> tuple[Answer, ...]:
    """Every answer of the year but the register's, by form, period and unit."""
    said: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for line in relief_lines():
        said["relief", line.month, line.reporter].append(typed(forms()["relief"], line.row()))
    for payment in payments():
        said["hardship_aid", payment.month, payment.reporter].append(typed(forms()["hardship_aid"], payment.row()))
    for profile in profiles():
        said["unit_profile", profile.quarter, profile.reporter].append(typed(forms()["unit_profile"], profile.row()))
    return tuple(
        Answer(form_id, unit_id, period, tuple(said[form_id, period, unit_id]))
        for form_id, periods in (("relief", MONTHS), ("hardship_aid", MONTHS), ("unit_profile", QUARTERS))
        for period in periods
        for unit_id in _submitters(forms()[form_id], period)
    )


def typed(form: Form, values: Row) -> Row:
    """The row as people type it: codes with choices become their Chinese labels."""
    labels = {
        field.name: {choice.code: choice.label_zh for choice in field.choices} for field in form.fields if field.choices
    }
    return {name: labels[name][str(value)] if name in labels else value for name, value in values.items()}


def _submitters(form: Form, period: str) -> Sequence[str]:
    span = parse_period(period)
    return [
        unit.unit_code
        for unit in units()
        if unit.unit_kind in form.submitted_by and unit.is_in_force(span.first_day, span.last_day)
    ]
