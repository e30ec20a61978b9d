"""Workbooks to readings and typed rows. It runs in the limited child only: native readers abort the whole process on small crafted files."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

import polars as pl

from connectors.workbooks.by_headings import recognise_by_headings, table_of_another, table_sheet
from connectors.workbooks.cells import Cells
from connectors.workbooks.confirmed import read_confirmed
from connectors.workbooks.harvest import Harvest, check_nil, harvest, read_nil_answer
from connectors.workbooks.heading_band import headings_again
from connectors.workbooks.kinds import ZIP
from connectors.workbooks.layout import column_letters
from connectors.workbooks.package import open_package
from connectors.workbooks.percents import write_out_percents
from connectors.workbooks.reading import LONGEST_VALUE, ReadBatch, Reading
from connectors.workbooks.recognise import find_headings, read_identity, recognise
from connectors.workbooks.refusal import RefusedError
from connectors.workbooks.sheet_findings import check_widths, fill_merged, tell_marks
from connectors.workbooks.totals import reconcile
from expectations.contract import Form, forms
from expectations.finding import Finding, Severity
from expectations.normalise import findings_of_complaints, normalise
from expectations.periods import Period


class BatchReader:
    """Reads workbooks one by one, and makes one typed frame per form of all their rows at the end."""

    def __init__(self) -> None:
        self._readings: list[Reading] = []
        self._crops: dict[str, list[tuple[Reading, Period | None, Harvest]]] = {}

    def add(self, delivery_id: int, data: bytes) -> None:
        """Read one workbook's cells; what is wrong with it becomes findings."""
        try:
            self._readings.append(self._read(delivery_id, data))
        except RefusedError as refused:
            self._readings.append(Reading.unreadable(delivery_id, refused.code, refused.params))

    def finish(self) -> ReadBatch:
        """The readings of all workbooks added, in order, and their rows; the reader is then empty again."""
        rows = {form_id: _typed_rows(forms()[form_id], crops) for form_id, crops in self._crops.items()}
        batch = ReadBatch(self._readings, rows)
        self._readings, self._crops = [], {}
        return batch

    def _read(self, delivery_id: int, data: bytes) -> Reading:
        package = open_package(data)
        if package.kind is ZIP:
            return Reading.unpacked(delivery_id, package.members)
        cells = Cells(package)
        reading = Reading(delivery_id, "read", content_sha256=hashlib.sha256(data).hexdigest())
        identity = read_identity(cells, package)
        recognised = recognise(reading, identity) if identity.get("form") else recognise_by_headings(reading, cells)
        if recognised is None:
            return reading
        form, period = recognised
        reading.sheet = reading.sheet or table_sheet(reading, form, cells)
        if reading.sheet is None:
            return reading
        sheet = cells.rows(reading.sheet)
        headings = find_headings(reading, form, sheet)
        if any(f.code == "form.heading_missing" for f in reading.findings) and (other := table_of_another(form, sheet)):
            reading.complain("form.headings_of_another", Severity.CRITICAL, other=other.title_zh)
            return reading
        if headings is None:
            return reading
        if (again := headings_again(sheet, headings.row, headings.columns.values())) is not None:
            reading.complain("form.headings_again", Severity.CRITICAL, row_number=again + 1)
        reading.columns = {name: column_letters(column) for name, column in headings.columns.items()}
        fill_merged(reading, form, sheet, headings, cells.marks(reading.sheet))
        if percents := {
            headings.columns[f.name] for f in form.fields if f.unit_zh == "%" and f.name in headings.columns
        }:
            write_out_percents(sheet, percents, package.xml_of(reading.sheet), package.parts.get("xl/styles.xml", b""))
        crop = harvest(reading, form, sheet, headings)
        if cells.is_delimited:
            check_widths(reading, sheet, headings, crop)
        tell_marks(reading, form, cells, headings, crop)
        check_nil(reading, form, read_nil_answer(reading, sheet, headings), crop)
        reading.content_sha256 = _content_hash(reading, crop)
        reading.confirmed = read_confirmed(cells)
        self._crops.setdefault(form.form_id, []).append((reading, period, crop))
        return reading


def _content_hash(reading: Reading, crop: Harvest) -> str:
    # The same digits under 元 and under 万元 do not say the same.
    scaled = [crop.scales] if crop.scales else []
    said = [reading.form_id, reading.unit_id, reading.period, reading.is_nil, crop.texts, *scaled]
    return hashlib.sha256(
        json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    ).hexdigest()


def _typed_rows(form: Form, crops: list[tuple[Reading, Period | None, Harvest]]) -> pl.DataFrame:
    """One frame for the rows of a form in a batch: a frame per small sheet costs several times as much."""
    texts = [values for _, _, crop in crops for values in crop.texts]
    columns: dict[str, Any] = {
        "delivery_id": [reading.delivery_id for reading, _, crop in crops for _ in crop.texts],
        "row_number": [number for _, _, crop in crops for number in crop.row_numbers],
        "unit_id": [reading.unit_id for reading, _, crop in crops for _ in crop.texts],
        "period": [reading.period for reading, _, crop in crops for _ in crop.texts],
        "period_first_day": [period.first_day if period else None for _, period, crop in crops for _ in crop.texts],
        "period_last_day": [period.last_day if period else None for _, period, crop in crops for _ in crop.texts],
        **{f"{f.name}__text": [values[place] for values in texts] for place, f in enumerate(form.fields)},
    }
    types: dict[str, Any] = {
        "delivery_id": pl.Int64,
        "row_number": pl.Int32,
        "period_first_day": pl.Date,
        "period_last_day": pl.Date,
    }
    frame = pl.DataFrame(columns, schema={name: types.get(name, pl.String) for name in columns})
    scales = {reading.delivery_id: crop.scales for reading, _, crop in crops if crop.scales}
    periods = {reading.delivery_id: period for reading, period, _ in crops if period}
    normalised = normalise(form, frame, periods, scales)
    readings = {reading.delivery_id: reading for reading, _, _ in crops}
    letters = {delivery_id: reading.columns for delivery_id, reading in readings.items()}
    for finding in findings_of_complaints(form, normalised.complaints, letters):
        readings[finding.delivery_id].findings.append(_placed(finding, readings[finding.delivery_id].sheet))
    reconcile(form, [(reading, total) for reading, _, crop in crops for total in crop.totals], normalised.rows, scales)
    return normalised.rows


def _placed(finding: Finding, sheet: str | None) -> Finding:
    value = finding.value
    if value is not None and len(value) > LONGEST_VALUE:
        value = value[:LONGEST_VALUE] + "…"
    return replace(finding, sheet=sheet, value=value)
