"""Which workbooks are in force: of every form, unit and period the latest that counts, and when the first one came."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from tests.night.recount.days import NIGHT, Span, due_day, span, spans
from tests.night.recount.rules import Row, Unit, rows_that_count, units_of
from tests.night.recount.workbooks import SHANGHAI, Workbook

EDITION = "2021.1"

SUBMITTERS = {
    "relief": ("企业工会", "省工会机关"),
    "hardship_aid": ("企业工会",),
    "unit_profile": ("企业工会",),
}
"""Which kinds of unit hand in which form."""

FREQUENCY = {"relief": "month", "hardship_aid": "month", "unit_profile": "quarter"}

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
    def is_on_time(self) -> bool:
        return self.first_arrived.astimezone(SHANGHAI).date() <= due_day(self.form, self.period)


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
    units = units_of(rows_that_count("unit_register", registers[-1].rows, span("2021"), {}))
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
        and period.kind == FREQUENCY[workbook.form]
        and unit is not None
        and unit.kind in SUBMITTERS[workbook.form]
        and unit.exists(period.first, period.last)
        and bool(workbook.rows) is not workbook.is_nil
    )


def _answer(books: Sequence[Workbook], units: Mapping[str, Unit]) -> Answer:
    last, period = books[-1], span(books[-1].period)
    return Answer(
        form=last.form,
        unit=last.unit,
        period=period,
        rows=rows_that_count(last.form, last.rows, period, units),
        row_count=len(last.rows),
        is_nil=last.is_nil,
        first_arrived=books[0].arrived,
        # The same rows and totals sent again are no new version.
        versions=1 + sum((a.rows, a.totals) != (b.rows, b.totals) for a, b in pairwise(books)),
    )


def _expected(units: Mapping[str, Unit]) -> Iterator[tuple[Key, Span]]:
    for form, kinds in SUBMITTERS.items():
        for period in spans():
            if period.kind == FREQUENCY[form] and period.last < NIGHT:
                for unit in units.values():
                    if unit.kind in kinds and unit.exists(period.last, period.last):
                        yield (form, unit.code, period.name), period
