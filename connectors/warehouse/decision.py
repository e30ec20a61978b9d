"""The decision on a delivery: accepted, refused, unrecognised or a copy, with the rows that load, those that wait, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import polars as pl

from expectations.contract import forms
from expectations.finding import Finding, Severity
from expectations.periods import parse_period

if TYPE_CHECKING:
    from connectors.warehouse.registers import UnitRegister
    from connectors.workbooks.reading import Reading
    from expectations.suite import Batch

Outcome = Literal["accepted", "refused", "unrecognised", "duplicate_bytes", "duplicate_content"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of one delivery.

    `rows` is its part of the form's rows frame (typed columns and `<field>__text`), `quarantined` the sheet rows that wait.
    `reading` is None for a copy of bytes that were decided before (`original` says which delivery had them).
    """

    delivery_id: int
    outcome: Outcome
    reading: Reading | None = None
    rows: pl.DataFrame | None = None
    quarantined: frozenset[int] = frozenset()
    findings: tuple[Finding, ...] = ()
    original: int | None = None

    @classmethod
    def copy_of(cls, delivery_id: int, original: int) -> Decision:
        """The decision on bytes that were accepted before."""
        return cls(delivery_id, "duplicate_bytes", original=original)


@dataclass(slots=True)
class _Pending:
    reading: Reading
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_refused(self) -> bool:
        return any(f.severity is Severity.CRITICAL for f in self.findings)


def decide(readings: Sequence[Reading], rows: Mapping[str, pl.DataFrame], register: UnitRegister) -> list[Decision]:
    """The decisions on what was read, in the same order. All rows of all forms are judged in one batch."""
    pending = [_Pending(reading, list(reading.findings)) for reading in readings]
    for item in pending:
        if item.reading.status == "read" and not item.is_refused:
            item.findings += _submitter_findings(item.reading, register)
    by_form: dict[str, list[_Pending]] = {}
    for item in pending:
        if item.reading.status == "read" and not item.is_refused and item.reading.form_id:
            by_form.setdefault(item.reading.form_id, []).append(item)
    batch = [
        (forms()[form_id], rows[form_id].filter(pl.col("delivery_id").is_in([i.reading.delivery_id for i in items])))
        for form_id, items in by_form.items()
        if form_id in rows
    ]
    _judge(batch, pending, register)
    parts: dict[int, pl.DataFrame] = {}
    for _, frame in batch:
        parts |= {int(key[0]): part for key, part in frame.partition_by("delivery_id", as_dict=True).items()}
    return [_decision(item, parts.get(item.reading.delivery_id)) for item in pending]


def _judge(batch: Batch, pending: Sequence[_Pending], register: UnitRegister) -> None:
    from expectations.judgement import findings_of_failures, judge

    failures = judge(batch, {"unit": register.spans})
    by_id = {item.reading.delivery_id: item for item in pending}
    columns = {delivery_id: item.reading.columns for delivery_id, item in by_id.items()}
    for form, rows in batch:
        mine = failures.filter(pl.col("rule_code").is_in([rule.code for rule in form.row_rules]))
        for finding in findings_of_failures(form, mine, rows, columns, form.sheet):
            by_id[finding.delivery_id].findings.append(finding)


def _decision(item: _Pending, rows: pl.DataFrame | None) -> Decision:
    reading, findings = item.reading, tuple(item.findings)
    if reading.status != "read":
        return Decision(reading.delivery_id, "unrecognised", reading, findings=findings)
    if item.is_refused:
        return Decision(reading.delivery_id, "refused", reading, rows, findings=findings)
    waiting = frozenset(f.row_number for f in findings if f.severity is Severity.ERROR and f.row_number is not None)
    return Decision(reading.delivery_id, "accepted", reading, rows, waiting, findings)


def _submitter_findings(reading: Reading, register: UnitRegister) -> list[Finding]:
    """Whether the unit that the workbook names may hand in this form for this period."""
    form = forms()[reading.form_id or ""]
    unit_id, period = reading.unit_id or "", parse_period(reading.period or "")
    if form.turn == 0 and register.spans.is_empty():
        # The first register has no register to be checked against.
        return []
    kind = register.kind(unit_id, period.first_day, period.last_day)
    if kind is None:
        return [_refusal(reading, "form.unit_unknown", {"unit": unit_id, "period": period.id})]
    if kind not in form.submitted_by:
        return [_refusal(reading, "form.not_submitted_by", {"unit": unit_id, "form": form.title_zh})]
    return []


def _refusal(reading: Reading, code: str, params: Mapping[str, str]) -> Finding:
    return Finding(code, Severity.CRITICAL, reading.delivery_id, sheet=reading.sheet, params=params)
