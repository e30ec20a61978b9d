"""Workbooks made from the template of a form, and what the reader makes of bytes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from connectors.workbooks.reader import BatchReader
from connectors.workbooks.reading import ReadBatch, Reading
from connectors.workbooks.template import Identity, write_workbook
from expectations.contract import Field, Form, forms
from expectations.finding import Finding
from tests.expectations.examples import example_period

RELIEF = forms()["relief"]
AID = forms()["hardship_aid"]
PROFILE = forms()["unit_profile"]

Row = Mapping[str, object]


def example(form: Form, **over: object) -> dict[str, object]:
    """The example row of a form in native values, as a clerk's Excel would hold them."""
    return {f.name: _native(f, f.examples[0]) for f in form.fields if f.examples and f.examples[0] is not None} | over


def filled(
    form: Form, rows: Sequence[Row], *, edition: str | None = None, period: str | None = None, **options: object
) -> bytes:
    """The bytes of a form filled in by unit A0101."""
    identity = Identity(
        form.form_id,
        form.edition if edition is None else edition,
        "A0101",
        "示例航天一厂工会",
        example_period(form).id if period is None else period,
    )
    stream = io.BytesIO()
    write_workbook(stream, form, identity, rows, **{"spare_rows": 5, **options})  # type: ignore[arg-type]  # the options of the writer
    return stream.getvalue()


def read(*workbooks: bytes) -> ReadBatch:
    """What the reader makes of these bytes, here and now, without a child; delivery ids count from 0."""
    reader = BatchReader()
    for delivery_id, data in enumerate(workbooks):
        reader.add(delivery_id, data)
    return reader.finish()


def read_one(data: bytes) -> Reading:
    return read(data).readings[0]


def codes(reading: Reading) -> list[str]:
    return [f.code for f in reading.findings]


def only(reading: Reading) -> Finding:
    """The one finding of a reading."""
    assert len(reading.findings) == 1, codes(reading)
    return reading.findings[0]


def edited(data: bytes, edit: Callable[[Worksheet], object]) -> bytes:
    """The workbook after somebody changed its first sheet and saved it (openpyxl loses the cached values of formulas)."""
    workbook = openpyxl.load_workbook(io.BytesIO(data))
    edit(workbook.worksheets[0])
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def unmarked(data: bytes) -> bytes:
    """The workbook without its hidden marks, as if somebody had typed the table into a file of their own."""
    workbook = openpyxl.load_workbook(io.BytesIO(data))
    for sheet in workbook.worksheets[1:]:
        del workbook[sheet.title]
    stream = io.BytesIO()
    workbook.save(stream)
    return with_part(stream.getvalue(), "docProps/custom.xml", lambda _: b"")


def with_part(data: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """The workbook with one part of its zip changed (or added, from nothing)."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as after:
        for part in before.namelist():
            after.writestr(part, change(before.read(part)) if part == name else before.read(part))
        if name not in before.namelist():
            after.writestr(name, change(b""))
    return stream.getvalue()


def cell(data: bytes, sheet: str, address: str) -> object:
    """What another reader finds in that cell."""
    return openpyxl.load_workbook(io.BytesIO(data), data_only=True)[sheet][address].value


def _native(field: Field, value: object) -> object:
    match field.kind:
        case "money" | "decimal":
            return Decimal(str(value))
        case "date":
            return date.fromisoformat(str(value))
        case _:
            return value
