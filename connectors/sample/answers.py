"""What every unit has to say in the sample: the honest answer to every form and period that it is asked for.

Grain: one `Answer` per form, unit and period expected from the unit: it exists on the period's last day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from connectors.sample.days import YEAR
from connectors.sample.organisation import Unit, units
from connectors.sample.programmes import programmes, reported
from connectors.sample.programmes.skills_contest import BASE_YEAR
from expectations.contract import Form, forms
from expectations.periods import Period, periods_between

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
def answers(year: int = YEAR) -> tuple[Answer, ...]:
    """Every answer of the year but those of the registers, by form, period and unit."""
    return tuple(
        answer
        for form in forms().values()
        if not form.is_register and form.form_id in programmes()
        for answer in _answers(form, year)
    )


@cache
def base_answers() -> tuple[Answer, ...]:
    """The answers of the year before the sample year that its growth is counted from: the skills contests of 2020."""
    form = forms()["skills_contest"]
    rows = _typed_rows(form, BASE_YEAR)
    return tuple(Answer(form.form_id, unit_id, period, tuple(said)) for (period, unit_id), said in rows.items())


def typed(form: Form, values: Row) -> Row:
    """The row as people type it: codes with choices become their Chinese labels."""
    labels = {
        field.name: {choice.code: choice.label_zh for choice in field.choices} for field in form.fields if field.choices
    }
    return {
        name: labels[name][str(value)] if name in labels and value is not None else value
        for name, value in values.items()
    }


def _answers(form: Form, year: int) -> tuple[Answer, ...]:
    said = _typed_rows(form, year)
    return tuple(
        Answer(form.form_id, unit.unit_code, period.id, tuple(said[period.id, unit.unit_code]))
        for period in periods_between(form.frequency, date(year, 1, 1), date(year, 12, 31))
        for unit in _submitters(form, period)
    )


def _typed_rows(form: Form, year: int) -> dict[tuple[str, str], list[Row]]:
    said: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in reported(form.form_id, year):
        said[row.period, row.unit_id].append(typed(form, row.values))
    return said


def _submitters(form: Form, period: Period) -> list[Unit]:
    return [
        unit
        for unit in units(period.last_day.year)
        if unit.unit_kind in form.submitted_by and unit.is_in_force(period.last_day, period.last_day)
    ]
