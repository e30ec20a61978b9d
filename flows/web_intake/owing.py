"""What a unit still has to hand in, and the empty workbooks for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import psycopg

from connectors.settings import Settings
from connectors.warehouse.engine import connect
from connectors.warehouse.ledger import read_units
from connectors.warehouse.owed import Owed, read_owed
from connectors.warehouse.upload_tokens import Bearer
from connectors.workbooks.template_series import RegisteredUnit, template_bytes, template_name
from expectations.contract import Form, forms
from expectations.periods import Period, PeriodError, parse_period, period_of
from flows.schedule import now
from flows.web_intake.refusals import not_there


@dataclass(frozen=True, slots=True)
class Owing:
    """What a unit owes, what is due first first, and the forms that it is filling in now, with their periods."""

    owed: list[Owed]
    current: list[tuple[Form, Period]]


def read_owing(settings: Settings, bearer: Bearer) -> Owing:
    """What is owed as the last night published it, without what has come in since. Raises: WarehouseError."""
    today = now().date()
    with connect(settings) as conn:
        owed = read_owed(conn, date.min, unit_id=bearer.unit_id)
        kind = next((u.kind for u in _register(conn, today, today) if u.unit_id == bearer.unit_id), "")
    return Owing(
        owed, [(f, period_of(f.frequency, today)) for f in forms().values() if f.due and kind in f.submitted_by]
    )


def template_of(settings: Settings, bearer: Bearer, form_id: str, period_id: str) -> tuple[str, bytes]:
    """The name and the bytes of the workbook that the unit fills in. Raises: TurnedAwayError where it has none to fill in; WarehouseError."""
    form = forms().get(form_id)
    try:
        period = parse_period(period_id)
    except PeriodError:
        raise not_there() from None
    if form is None or form.due is None or (period.kind, period.id) != (form.frequency, period_id):
        raise not_there()
    with connect(settings) as conn:
        register = _register(conn, period.first_day, period.last_day)
    unit = next((u for u in register if u.unit_id == bearer.unit_id), None)
    if unit is None or unit.kind not in form.submitted_by:
        raise not_there()
    offered = [(u.unit_id, u.name) for u in register]
    return template_name(form, unit, period.id), template_bytes(form, unit, period.id, offered)


def _register(conn: psycopg.Connection[object], first: date, last: date) -> list[RegisteredUnit]:
    return [RegisteredUnit(*found) for found in read_units(conn, first, last)]
