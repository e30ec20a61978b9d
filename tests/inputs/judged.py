"""Workbooks written, read by the pool of children and decided on: the way that a night goes, without a database."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import polars as pl

from connectors.warehouse.decision import Decision, decide
from connectors.warehouse.registers import NAMES, UnitRegister
from connectors.workbooks.pool import ReaderPool
from connectors.workbooks.template import Identity, write_workbook
from expectations.contract import Form
from tests.conftest import settings_in
from tests.expectations.examples import example_period

UNITS = pl.DataFrame(
    [
        ("S0001", "示例省工会机关", "省工会机关", None, date(2018, 1, 1), None, "provincial_office"),
        ("A0101", "示例航天一厂工会", "航天一厂", "第一机械厂工会、红星厂工会", date(2018, 1, 1), None, "enterprise"),
        ("A0102", "示例航天二厂工会", "航天二厂", None, date(2018, 1, 1), None, "enterprise"),
        ("A0103", "示例航天三厂工会", "航天三厂", "东风厂工会", date(2018, 1, 1), date(2020, 12, 31), "enterprise"),
        ("A0104", "示例航天三厂工会", "航天三厂新", "东风厂工会", date(2021, 1, 1), None, "enterprise"),
    ],
    schema={**NAMES, "unit_kind": pl.String},
    orient="row",
)
"""A0104 follows A0103, whose names it has taken over."""

REGISTER = UnitRegister(UNITS.select("unit_id", "unit_kind", "valid_from", "valid_to"), UNITS.select(*NAMES))


def workbook(form: Form, rows: Sequence[Mapping[str, object]], **options: object) -> bytes:
    """The bytes of a form as a unit hands it in that may."""
    unit, name = ("A0101", "示例航天一厂工会") if "enterprise" in form.submitted_by else ("S0001", "示例省工会机关")
    identity = Identity(form.form_id, form.edition, unit, name, example_period(form).id)
    stream = io.BytesIO()
    write_workbook(stream, form, identity, rows, **{"spare_rows": 2, **options})  # type: ignore[arg-type]  # the options of the writer
    return stream.getvalue()


def judged(workbooks: Sequence[bytes], home: Path) -> list[Decision]:
    """What becomes of each workbook, in order; all are read by children and judged in one batch."""
    with ReaderPool(settings_in(home)) as pool:
        batch = pool.read(list(enumerate(workbooks)))
    return decide(batch.readings, batch.rows, REGISTER)
