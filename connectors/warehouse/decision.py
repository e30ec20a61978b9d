"""The decision on a delivery: accepted, refused, unrecognised, a copy or a zip unpacked, with the rows that load, those that wait, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import polars as pl

from connectors.warehouse.registers import UNIT_REGISTER
from connectors.warehouse.repeats import without_repeats
from connectors.warehouse.unit_identity import identify_units
from connectors.warehouse.unit_names import UnitNames, with_codes_for_names
from connectors.warehouse.waivers import waive
from expectations.contract import forms
from expectations.editions import not_asked_then
from expectations.finding import Finding, Severity
from expectations.periods import parse_period

if TYPE_CHECKING:
    from connectors.warehouse.registers import UnitRegister
    from connectors.warehouse.waivers import Waiver
    from connectors.workbooks.reading import Reading
    from expectations.contract import Form
    from expectations.suite import Batch

MOST_NAMED = 10
"""So many units are named in one finding."""

Outcome = Literal["accepted", "refused", "unrecognised", "duplicate_bytes", "duplicate_content", "unpacked"]


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

    @property
    def waiting(self) -> frozenset[int]:
        """The sheet rows that wait."""
        return frozenset(
            f.row_number for f in self.findings if f.severity is Severity.ERROR and f.row_number is not None
        )


def decide(
    readings: Sequence[Reading],
    rows: Mapping[str, pl.DataFrame],
    register: UnitRegister,
    waivers: Sequence[Waiver] = (),
) -> list[Decision]:
    """The decisions on what was read, in the same order. All rows of all forms are judged in one batch."""
    rows = identify_units(readings, rows, register)
    pending = [_Pending(reading, list(reading.findings)) for reading in readings]
    for item in pending:
        if item.reading.status == "read" and not item.is_refused:
            item.findings += _submitter_findings(item.reading, register)
    by_form: dict[str, list[_Pending]] = {}
    names = UnitNames(register)
    for item in pending:
        if item.reading.status == "read" and not item.is_refused and item.reading.form_id:
            by_form.setdefault(item.reading.form_id, []).append(item)
    batch = [
        (forms()[form_id], _rows_once(forms()[form_id], rows[form_id], items, names))
        for form_id, items in by_form.items()
        if form_id in rows
    ]
    _judge(batch, pending, register, names)
    for item in pending:
        # What is refused may name no period at all, and nothing of it could be waived.
        if waivers and item.reading.status == "read" and not item.is_refused:
            unit_id, period = item.reading.unit_id or "", parse_period(item.reading.period or "")
            item.findings = waive(item.findings, unit_id, period, waivers)
    parts: dict[int, pl.DataFrame] = {}
    for _, frame in batch:
        parts |= {int(key[0]): part for key, part in frame.partition_by("delivery_id", as_dict=True).items()}
    for item in pending:
        item.findings += _left_out(item, parts.get(item.reading.delivery_id), register)
    return [_decision(item, parts.get(item.reading.delivery_id)) for item in pending]


def _rows_once(form: Form, rows: pl.DataFrame, items: Sequence[_Pending], names: UnitNames) -> pl.DataFrame:
    """The rows of these deliveries with units by their codes, without those that say again what another row of theirs says."""
    by_id = {item.reading.delivery_id: item for item in items}
    readings = {number: item.reading for number, item in by_id.items()}
    mine = rows.filter(pl.col("delivery_id").is_in(list(by_id)))
    coded, named = with_codes_for_names(form, mine, readings, names)
    once, repeated = without_repeats(form, readings, coded)
    for finding in (*named, *repeated):
        by_id[finding.delivery_id].findings.append(finding)
    for finding in named:
        # What the name became on the way to the code need not be told.
        item = by_id[finding.delivery_id]
        item.findings = [f for f in item.findings if f is finding or (f.cell, f.code) != (finding.cell, finding.code)]
    return once


def _judge(batch: Batch, pending: Sequence[_Pending], register: UnitRegister, names: UnitNames) -> None:
    from expectations.judgement import findings_of_failures, judge

    failures = judge(batch, {"unit": register.spans})
    by_id = {item.reading.delivery_id: item for item in pending}
    columns = {delivery_id: item.reading.columns for delivery_id, item in by_id.items()}
    for form, rows in batch:
        mine = failures.filter(pl.col("rule_code").is_in([rule.code for rule in form.row_rules]))
        for finding in findings_of_failures(form, mine, rows, columns, form.sheet):
            item = by_id[finding.delivery_id]
            if finding.code not in not_asked_then(form, item.reading.edition or form.edition):
                placed = replace(finding, sheet=item.reading.sheet)
                item.findings.append(_with_nearest(form, placed, names))


def _with_nearest(form: Form, finding: Finding, names: UnitNames) -> Finding:
    """The finding, with the units that may have been meant if it is about one that the register does not have."""
    if finding.code != f"{form.form_id}.{finding.field}_known" or finding.value is None:
        return finding
    nearest = names.nearest(finding.value)
    return replace(finding, params={**finding.params, "suggestions": "、".join(nearest)}) if nearest else finding


def _decision(item: _Pending, rows: pl.DataFrame | None) -> Decision:
    reading, findings = item.reading, tuple(item.findings)
    if reading.status == "unpacked":
        return Decision(reading.delivery_id, "unpacked", reading, findings=findings)
    if reading.status != "read":
        return Decision(reading.delivery_id, "unrecognised", reading, findings=findings)
    if item.is_refused:
        return Decision(reading.delivery_id, "refused", reading, rows, findings=findings)
    return Decision(reading.delivery_id, "accepted", reading, rows, item.waiting, findings)


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


def _left_out(item: _Pending, rows: pl.DataFrame | None, register: UnitRegister) -> list[Finding]:
    """Whether a register is without units that have reported: what they reported would be of nobody, and no night could publish it.

    A late correction of an older period's register takes nothing's place.
    """
    reading = item.reading
    if reading.status != "read" or item.is_refused or reading.form_id != UNIT_REGISTER:
        return []
    if (reading.period or "") < register.period:
        return []
    kept = rows.filter(~pl.col("row_number").is_in(item.waiting))["unit_code"].to_list() if rows is not None else []
    missing = sorted(register.reporting - set(kept))
    if not missing:
        return []
    more = f" …（{len(missing)}）" if len(missing) > MOST_NAMED else ""
    return [_refusal(reading, "form.units_left_out", {"units": "、".join(missing[:MOST_NAMED]) + more})]


def _refusal(reading: Reading, code: str, params: Mapping[str, str]) -> Finding:
    return Finding(code, Severity.CRITICAL, reading.delivery_id, sheet=reading.sheet, params=params)
