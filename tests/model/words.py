"""The words that the model and the machine share: units, registers, days, and what a workbook can say. No product code.

A `Book` is what somebody typed. `Line`, `Payment` and `Profile` are its rows, in the units of the forms (CNY, people), each with at
most one fault that a rule of its contract names.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

MONTHS = ("2021-01", "2021-02", "2021-03")
QUARTERS = ("2020-Q4", "2021-Q1")
FIRST_NIGHT = date(2021, 2, 10)
"""The business date on which every history begins."""

FIRST_EVENING = datetime(2021, 2, 10, 20)  # noqa: DTZ001 - every time here is Shanghai's, and nobody adds a zone but `product.py`
"""What the clock says then."""

BEFORE_ALL = datetime(2021, 1, 1)  # noqa: DTZ001 - as above
REGISTER_CAME = datetime(2021, 1, 4, 9)  # noqa: DTZ001 - as above
LAST_NIGHT = date(2021, 5, 20)
"""The last that one comes to."""

REPORTERS = ("A0101", "A0102", "A0201", "S0001")
NEW_UNIT = "A0202"
"""A unit that only some registers know."""

DUE = {
    **{(form, month): due for form in ("relief", "hardship_aid") for month, due in (
        ("2021-01", date(2021, 2, 5)), ("2021-02", date(2021, 3, 5)), ("2021-03", date(2021, 4, 8)), ("2021-04", date(2021, 5, 11)),
    )},
    ("unit_profile", "2021-Q1"): date(2021, 4, 10),
}  # fmt: skip
"""The last day on which an answer is on time, worked out by hand: five working days after the month, ten days after the quarter."""

SUBMITTERS = {
    "relief": ("enterprise", "provincial_office"),
    "hardship_aid": ("enterprise",),
    "unit_profile": ("enterprise",),
    "unit_register": ("provincial_office",),
}
"""The kinds of units that may hand in a form."""

FIRST_ROW = {"relief": 6, "hardship_aid": 6, "unit_profile": 5}
"""The sheet's row of the first row of data: those with a total have it above."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a relief ledger. `fault`: "" or one of `LINE_FAULTS`; `day` is that of the month."""

    day: int
    cash: int = 5000
    persons: int = 10
    beneficiary: str = "A0101"
    fault: str = ""


LINE_FAULTS = {
    "text": "value.not_a_number",
    "nobody": "relief.paid_reaches_people",
    "outside": "relief.date_in_period",
}
"""What is wrong with a line, and the code of the finding that says so. A beneficiary may be unknown besides."""


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment to a person (a number) in hardship. `fault`: "" or "outside" the month."""

    day: int
    person: int = 0
    amount: int = 2000
    kind: str = "日常救助"
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """A unit at the end of a quarter; more covered than employed is a fault."""

    employees: int = 1000
    covered: int = 900


Row = Line | Payment | Profile


@dataclass(frozen=True, slots=True)
class Span:
    """A unit, group or the province in the register, from a day to a day (None: still)."""

    code: str
    kind: str
    parent: str | None
    first: date = date(2018, 1, 1)
    last: date | None = None
    successor: str | None = None

    def meets(self, first: date, last: date) -> bool:
        """Whether any day from `first` to `last` lies in it."""
        return self.first <= last and (self.last is None or self.last >= first)


@dataclass(frozen=True, slots=True)
class Book:
    """A workbook. `edition` tells apart files of the same content and other bytes; `register` names the register's variant."""

    form: str
    unit: str
    period: str
    rows: tuple[Row, ...] = ()
    edition: int = 0
    register: str = ""

    @property
    def content(self) -> tuple[object, ...]:
        """What it says, whatever the bytes."""
        return self.rows, self.register

    @property
    def is_nil(self) -> bool:
        """Whether it says that there was nothing."""
        return not self.rows and not self.register


def first_day(period: str) -> date:
    """The first day of a period: 2021-03, 2021-Q1, 2021, 2021-2025."""
    year, part = int(period[:4]), period[5:]
    if part.startswith("Q"):
        return date(year, 3 * int(part[1]) - 2, 1)
    return date(year, int(part) if len(part) == 2 else 1, 1)


def last_day(period: str) -> date:
    """The last day of a period."""
    year, part = int(period[:4]), period[5:]
    if part.startswith("Q"):
        return month_end(date(year, 3 * int(part[1]), 1))
    return month_end(date(year, int(part), 1)) if len(part) == 2 else date(int(part or year), 12, 31)


def month_end(day: date) -> date:
    """The last day of the month that a day lies in."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def next_month(month: date) -> date:
    """The first day of the month after."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


_BASE = (
    Span("SN", "province", None),
    Span("A01", "group", "SN"),
    Span("A02", "group", "SN"),
    Span("S0001", "provincial_office", "SN"),
    Span("A0101", "enterprise", "A01"),
    Span("A0102", "enterprise", "A01"),
    Span("A0201", "enterprise", "A02"),
)
_FEBRUARY_ENDS, _MARCH = date(2021, 2, 28), date(2021, 3, 1)


def _with_new(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    return (*spans, Span(NEW_UNIT, "enterprise", "A02", _MARCH))


def _without(code: str) -> tuple[Span, ...]:
    return tuple(span for span in _BASE if span.code != code)


_MERGED = (*_without("A0102"), Span("A0102", "enterprise", "A01", last=_FEBRUARY_ENDS, successor="A0201"))
_MOVED = (
    *_without("A0102"),
    Span("A0102", "enterprise", "A01", last=_FEBRUARY_ENDS),
    Span("A0102", "enterprise", "A02", _MARCH),
)
REGISTERS: Mapping[str, tuple[Span, ...]] = {
    "base": _BASE,
    "new": _with_new(_BASE),
    "merged": _MERGED,
    "moved": _MOVED,
    "merged and new": _with_new(_MERGED),
}
"""Registers by name: as it began, with a new unit, with A0102 merged into A0201, or moved into the other group, in March 2021."""


@dataclass(frozen=True, slots=True)
class Correction:
    """One cell of an answer's row (the sheet's number) and what stands there instead, by a word of `Line` or `Payment`."""

    row_number: int
    word: str
    value: int


@dataclass(frozen=True, slots=True)
class Backfill:
    """Judging again what answers the periods from `first` to `last`. `forms`: which, none for all; `only_missing`: where nothing is in
    force; `restates`: closed periods are opened for it."""

    first: str
    last: str
    forms: tuple[str, ...] = ()
    only_missing: bool = False
    restates: bool = False

    def covers(self, form: str, period: str) -> bool:
        """Whether an answer is asked for."""
        is_within = first_day(self.first) <= first_day(period) and last_day(period) <= last_day(self.last)
        return is_within and (not self.forms or form in self.forms)


@dataclass(slots=True)
class Version:
    """One version of the answer to a form, unit and period. `is_held`: it waits because its period is closed."""

    form: str
    unit: str
    period: str
    version: int
    delivery: int
    content: tuple[object, ...]
    rows: tuple[Row, ...]
    register: str
    received: object
    outcome: str = "accepted"
    cause: str = "delivery"
    faults: dict[int, frozenset[str]] = field(default_factory=dict)
    is_withdrawn: bool = False
    is_held: bool = False
    was_held: bool = False

    @property
    def name(self) -> tuple[str, str, str, int]:
        """What it is known by."""
        return self.form, self.unit, self.period, self.version

    @property
    def loaded(self) -> dict[int, Row]:
        """The rows that count, by their number in the sheet."""
        return {number: row for number, row in self.numbered.items() if number not in self.faults}

    @property
    def numbered(self) -> dict[int, Row]:
        """All rows by their number in the sheet; a register's are not told one by one."""
        return dict(enumerate(self.rows, FIRST_ROW.get(self.form, 0)))


def money(row: Row) -> Decimal:
    """What a line or payment comes to: every line has goods of 250.50 besides its cash."""
    if isinstance(row, Line):
        return row.cash + Decimal("250.50")
    return Decimal(row.amount) if isinstance(row, Payment) else Decimal(0)
