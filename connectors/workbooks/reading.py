"""What was read from one delivery, as a value: who the workbook is, what was found in it, and the account of its rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import polars as pl

from connectors.workbooks.kinds import ZIP
from expectations.finding import Finding, Severity

Status = Literal["read", "unreadable", "unrecognised", "unpacked"]
"""`unreadable` bytes are no workbook that we can open; an `unrecognised` workbook does not say which form it is; an `unpacked` zip is
no workbook but holds files that are read by themselves."""

LONGEST_VALUE = 200
"""A finding shows a value so that people find it, not to keep it; the bytes are in the archive."""


@dataclass(slots=True)
class Reading:
    """One delivery as read.

    `columns` gives the letter of each field's column. `rows_read` counts every row below the headings with anything typed in it;
    `rows_ignored` are those of them that are no data, with the sheet row and the reason (total_row, part_row, note_row,
    sample_row, nil_words_row, repeated_row).
    `content_sha256` is the same for workbooks that say the same, however they were saved and wherever blank rows stand; where no
    row could be found it is that of the bytes. `confirmed` are the fingerprints of warnings that the submitter confirmed in the problem
    list of a former answer.
    """

    delivery_id: int
    status: Status
    form_id: str | None = None
    edition: str | None = None
    unit_id: str | None = None
    period: str | None = None
    is_nil: bool = False
    sheet: str | None = None
    columns: dict[str, str] = field(default_factory=dict)
    rows_read: int = 0
    rows_ignored: list[tuple[int, str]] = field(default_factory=list)
    content_sha256: str | None = None
    findings: list[Finding] = field(default_factory=list)
    confirmed: list[str] = field(default_factory=list)

    @classmethod
    def unreadable(cls, delivery_id: int, code: str, params: Mapping[str, str]) -> Reading:
        """The reading of bytes that no cell could be read from, with the reason."""
        return cls(delivery_id, "unreadable", findings=[Finding(code, Severity.CRITICAL, delivery_id, params=params)])

    @classmethod
    def unpacked(cls, delivery_id: int, members: int) -> Reading:
        """The reading of a sound zip of so many files."""
        told = Finding("file.unpacked", Severity.INFO, delivery_id, params={"count": str(members)})
        return cls(delivery_id, "unpacked", findings=[told])

    def if_taken_out(self, is_taken_out: bool) -> Reading:
        """The reading, or, of a zip whose files nobody took out (it lay in another zip), the refusal of a packed file."""
        if self.status != "unpacked" or is_taken_out:
            return self
        return Reading.unreadable(self.delivery_id, "file.packed", {"kind": ZIP.name})

    def complain(
        self,
        code: str,
        severity: Severity,
        *,
        cell: str | None = None,
        row_number: int | None = None,
        field: str | None = None,
        value: str | None = None,
        **params: str,
    ) -> None:
        """Add a finding about this delivery, on its sheet; its words learn the form from the reading."""
        shown = value if value is None or len(value) <= LONGEST_VALUE else value[:LONGEST_VALUE] + "…"
        about = {"form": self.form_id} if self.form_id else {}
        found = Finding(code, severity, self.delivery_id, self.sheet, cell, row_number, field, shown, about | params)
        self.findings.append(found)

    def to_wire(self) -> dict[str, Any]:
        """The reading in the types of JSON; confirmations, which few have, only where there are any."""
        plain: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        if not self.confirmed:
            del plain["confirmed"]
        return {**plain, "findings": [f.to_json() for f in self.findings]}

    @classmethod
    def from_wire(cls, plain: Mapping[str, Any]) -> Reading:
        """The reading that `to_wire` gave."""
        fields = {f.name: plain[f.name] for f in dataclasses.fields(cls) if f.name in plain}
        fields["findings"] = [Finding.from_json(text) for text in plain["findings"]]
        fields["rows_ignored"] = [(int(row), str(reason)) for row, reason in plain["rows_ignored"]]
        return cls(**fields)


@dataclass(frozen=True, slots=True)
class ReadBatch:
    """What was read from a batch of deliveries: a reading for each, and one rows frame per form.

    A rows frame has one row per data row, those of refused submissions too: delivery_id Int64, row_number Int32 (1-based sheet row),
    unit_id, period String, period_first_day, period_last_day Date, and for each field `F` its typed column `F` and `F__text`.
    """

    readings: list[Reading]
    rows: dict[str, pl.DataFrame]
