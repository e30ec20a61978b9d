"""What happens in the year that the machines live through: which nights there are, what arrives when, and what staff do.

Everything is told in the time of Shanghai, without any code of the product that knows about days.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.workbooks.template import Identity, write_workbook
from expectations.contract import forms

SHANGHAI = ZoneInfo("Asia/Shanghai")

BEGIN = date(2023, 12, 31)
"""The units exist from this day on, so nothing of an earlier year is expected."""

OFFICE = "S0001"
ENTERPRISES = ("A0101", "A0102", "A0103", "A0104", "A0105")
UNITS = {
    "SN": ("样例省工会", "省工会", None),
    "A01": ("样例航天组", "行业组", "SN"),
    OFFICE: ("样例省工会机关", "省工会机关", "SN"),
    **{unit: (f"样例{number}厂", "企业工会", "A01") for unit, number in zip(ENTERPRISES, "一二三四五", strict=True)},
}

NIGHTS = tuple(
    date.fromisoformat(day)
    for day in (
        # Year, quarter and month end; the first working days, before and after 2024-01-08 when reports of December are due.
        *("2023-12-31", "2024-01-01", "2024-01-05", "2024-01-08", "2024-01-09", "2024-01-11", "2024-01-31", "2024-02-01"),
        # Sunday 02-04 is worked, so reports of January are due on 02-06; a leap day.
        *("2024-02-06", "2024-02-07", "2024-02-28", "2024-02-29", "2024-03-01", "2024-03-07", "2024-03-08"),
        # New York sets its clocks on in the afternoon (in Shanghai) of 03-10.
        *("2024-03-10", "2024-03-11", "2024-03-12"),
        # A quarter's end; three holidays and a worked Sunday bring 04-08.
        *("2024-03-31", "2024-04-01", "2024-04-08", "2024-04-09", "2024-06-30", "2024-07-01", "2024-09-30", "2024-10-01"),
        # New York sets its clocks back on 11-03; a year's end again.
        *("2024-11-03", "2024-11-04", "2024-12-31", "2025-01-01"),
    )
)  # fmt: skip

SHORT = tuple(date.fromisoformat(day) for day in ("2023-12-31", "2024-01-01", "2024-01-09"))
"""What `make test` has time for: the year's end, and the first day on which somebody is late."""


def at(text: str) -> datetime:
    """A moment in Shanghai, such as 2024-01-08 23:59."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def begins(night: date) -> datetime:
    """When the night of that business date begins."""
    return datetime.combine(night, time(2), SHANGHAI)


@dataclass(frozen=True, slots=True)
class File:
    """A workbook that arrives: whose answer it is, and the rows that wait, by rule."""

    arrived: datetime
    form_id: str
    unit_id: str
    period: str
    rows: Sequence[Mapping[str, object]] = ()
    waiting: tuple[tuple[str, int], ...] = ()

    @property
    def name(self) -> str:
        """One name for each file, as people give it."""
        return f"{self.unit_id}_{self.form_id}_{self.period}_{self.arrived:%m%d%H%M}.xlsx"

    def put(self, inbox: Path) -> None:
        """Put it there as if it had arrived then."""
        form = forms()[self.form_id]
        path = inbox / self.name
        identity = Identity(self.form_id, form.edition, self.unit_id, UNITS[self.unit_id][0], self.period)
        write_workbook(path, form, identity, self.rows, nil=not self.rows, spare_rows=3)
        os.utime(path, (self.arrived.timestamp(), self.arrived.timestamp()))


@dataclass(frozen=True, slots=True)
class Decision:
    """What staff decide about the alert of a unit's relief report: `ack`, or `silence` until a day."""

    made: datetime
    unit_id: str
    until: date | None = None


def _register() -> list[dict[str, object]]:
    return [
        {"unit_code": code, "unit_name": name, "short_name": name, "unit_kind": kind, "parent_code": parent, "valid_from": BEGIN}
        for code, (name, kind, parent) in UNITS.items()
    ]  # fmt: skip


def _relief(unit: str, **changes: object) -> dict[str, object]:
    return {
        "campaign": "送温暖", "beneficiary_group": "困难职工", "beneficiary_unit": unit, "funding_level": "企业工会", "money_flow": "支付",
        "persons": 10, "cash_cny": Decimal("5000"), "goods_cny": Decimal("250.50"), "given_on": date(2023, 12, 31),
    } | changes  # fmt: skip


def _relief_of(unit: str, arrived: str, *, is_good: bool) -> File:
    second = _relief(unit, campaign="送清凉", cash_cny=Decimal("2000") if is_good else "约2000")
    waiting = () if is_good else ((WAITING_RULE, 1),)
    return File(at(arrived), "relief", unit, "2023-12", (_relief(unit), second), waiting)


WAITING_RULE = "value.not_a_number"

MONTHLY_OF_OFFICE = ("corps_activity", "culture_activity", "recuperation", "relief", "training")

FILES = (
    File(at("2023-12-30 10:00"), "unit_register", OFFICE, "2023", tuple(_register())),
    _relief_of("A0101", "2023-12-30 15:00", is_good=True),
    *(_relief_of(unit, "2023-12-30 16:00", is_good=False) for unit in ENTERPRISES[1:]),
    # On either side of midnight in Shanghai: both are of 12-31 in UTC and in New York.
    _relief_of("A0102", "2023-12-31 23:50", is_good=True),
    _relief_of("A0103", "2024-01-01 00:30", is_good=True),
    # The last minutes of the due date, and the first after it, which are still the due date elsewhere.
    File(at("2024-01-08 23:59"), "hardship_aid", "A0101", "2023-12"),
    File(at("2024-01-09 00:30"), "hardship_aid", "A0102", "2023-12"),
    *(File(at("2024-01-31 12:00"), form_id, OFFICE, "2023-12") for form_id in MONTHLY_OF_OFFICE),
    File(at("2024-01-31 12:00"), "office_management", OFFICE, "2023-Q4"),
    _relief_of("A0104", "2024-02-06 20:00", is_good=True),
    _relief_of("A0105", "2024-02-29 00:15", is_good=True),
    File(at("2024-03-10 15:30"), "hardship_aid", "A0103", "2024-02"),
    File(at("2024-11-03 14:30"), "hardship_aid", "A0104", "2024-10"),
)

DECISIONS = (
    Decision(at("2023-12-31 09:30"), "A0102"),
    Decision(at("2023-12-31 09:31"), "A0104", until=date(2024, 1, 8)),
    # The first of January in Shanghai, and still the year before elsewhere.
    Decision(at("2024-01-01 06:30"), "A0105"),
)
