"""What a unit still has to hand in, and the empty workbooks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from connectors.settings import Settings
from connectors.warehouse.engine import connect
from connectors.warehouse.ledger import RegisteredUnit, read_units
from connectors.warehouse.owed import Owed, read_owed
from connectors.warehouse.roles import LOADER
from connectors.warehouse.upload_tokens import Bearer
from connectors.workbooks.template_series import template_bytes, template_name
from expectations.contract import Form, forms
from expectations.periods import Period, PeriodError, parse_period, period_of
from flows.schedule import now
from flows.web_intake.refusals import not_there


@dataclass(frozen=True, slots=True)
class Owing:
    """The unit's name (empty where today's register has it no more), what it owes, what is due first first, and the forms that it is
    filling in now, with their periods."""

    unit_name: str
    owed: list[Owed]
    current: list[tuple[Form, Period]]


def read_owing(settings: Settings, bearer: Bearer) -> Owing:
    """What is owed as the last night published it, without what has come in since. Raises: WarehouseError."""
    today = now().date()
    with connect(settings, LOADER) as conn:
        owed = read_owed(conn, date.min, unit_id=bearer.unit_id)
        unit = _unit(bearer, read_units(conn, today, today))
    if unit is None:
        return Owing("", owed, [])
    handed_in = [form for form in forms().values() if form.due and unit.kind in form.submitted_by]
    return Owing(unit.name, owed, [(form, period_of(form.frequency, today)) for form in handed_in])


def template_of(settings: Settings, bearer: Bearer, form_id: str, period_id: str) -> tuple[str, bytes]:
    """The name and the bytes of the workbook that the unit fills in. Raises: TurnedAwayError where it has none to fill in; WarehouseError."""
    form = forms().get(form_id)
    try:
        period = parse_period(period_id)
    except PeriodError:
        raise not_there() from None
    if form is None or form.due is None or (period.kind, period.id) != (form.frequency, period_id):
        raise not_there()
    with connect(settings, LOADER) as conn:
        register = read_units(conn, period.first_day, period.last_day)
    unit = _unit(bearer, register)
    if unit is None or unit.kind not in form.submitted_by:
        raise not_there()
    offered = [(u.unit_id, u.name) for u in register]
    return template_name(form, unit, period.id), template_bytes(form, unit, period.id, offered)


def _unit(bearer: Bearer, register: Sequence[RegisteredUnit]) -> RegisteredUnit | None:
    return next((unit for unit in register if unit.unit_id == bearer.unit_id), None)
