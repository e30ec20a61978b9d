"""Which workbooks are in force: of every form, unit and period the latest that counts, and when the first one came."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise

from tests.night.recount.cells import Row, Unit
from tests.night.recount.days import NIGHT, Span, due_day, span, spans
from tests.night.recount.forms import FORMS, REGISTER
from tests.night.recount.rules import rows_that_count, units_of
from tests.night.recount.workbooks import SHANGHAI, Workbook

EDITION = "2021.1"

FIRST = date(2021, 1, 1)
"""What was told for the time before is kept for growth, and is neither expected nor late."""

Key = tuple[str, str, str]
"""Form, unit and period."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The workbook in force of a form, unit and period: its rows that count, and how many it has."""

    form: str
    unit: str
    period: Span
    rows: Sequence[Row]
    row_count: int
    is_nil: bool
    first_arrived: datetime
    versions: int

    @property
    def told_for(self) -> date:
        """The day that the answer is about: its period's last, or the day on which it falls due where that is sooner."""
        return (
            self.period.last
            if self.period.first < FIRST
            else min(self.period.last, due_day(FORMS[self.form].due, self.period))
        )

    @property
    def is_on_time(self) -> bool:
        return self.first_arrived.astimezone(SHANGHAI).date() <= due_day(FORMS[self.form].due, self.period)


@dataclass(frozen=True, slots=True)
class Returns:
    """The year as it was handed in: the units, the answers in force, what is expected and what was sent back only."""

    units: Mapping[str, Unit]
    answers: Mapping[Key, Answer]
    expected: Mapping[Key, Span]
    sent_back: frozenset[Key]


def sift(workbooks: Iterable[Workbook | None]) -> Returns:
    """What is in force among the workbooks of a folder."""
    sent: dict[Key, list[Workbook]] = defaultdict(list)
    for workbook in sorted(filter(None, workbooks), key=lambda workbook: workbook.arrived):
        sent[workbook.form, workbook.unit, workbook.period].append(workbook)
    registers = sent.pop(("unit_register", "S0001", "2021"))
    sent.pop(("target_allocation", "S0001", "2021"))
    units = units_of(rows_that_count(REGISTER, registers[-1].rows, span("2021"), {}))
    good = {key: kept for key, books in sent.items() if (kept := [book for book in books if _counts(book, units)])}
    return Returns(
        units=units,
        answers={key: _answer(books, units) for key, books in good.items()},
        expected=dict(_expected(units)),
        sent_back=frozenset(sent.keys() - good.keys()),
    )


def _counts(workbook: Workbook, units: Mapping[str, Unit]) -> bool:
    period, unit = span(workbook.period), units.get(workbook.unit)
    return (
        workbook.edition == EDITION
        and period.kind == FORMS[workbook.form].frequency
        and unit is not None
        and unit.kind in FORMS[workbook.form].by
        and unit.exists(period.first, period.last)
        and bool(workbook.rows) is not workbook.is_nil
    )


def _answer(books: Sequence[Workbook], units: Mapping[str, Unit]) -> Answer:
    last, period = books[-1], span(books[-1].period)
    return Answer(
        form=last.form,
        unit=last.unit,
        period=period,
        rows=rows_that_count(FORMS[last.form], last.rows, period, units),
        row_count=len(last.rows),
        is_nil=last.is_nil,
        first_arrived=books[0].arrived,
        # The same rows and totals sent again are no new version.
        versions=1 + sum((a.rows, a.totals) != (b.rows, b.totals) for a, b in pairwise(books)),
    )


def _expected(units: Mapping[str, Unit]) -> Iterator[tuple[Key, Span]]:
    """What falls due inside its period is asked of who exists then, the rest of who exists when the period ends."""
    for name, form in FORMS.items():
        for period in spans():
            asked = min(period.last, due_day(form.due, period))
            if period.kind == form.frequency and asked < NIGHT:
                for unit in units.values():
                    if unit.kind in form.by and unit.exists(asked, asked):
                        yield (name, unit.code, period.name), period
