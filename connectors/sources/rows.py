"""Rows from elsewhere as workbooks of a form: one a unit and period, so that everything behind is the way of a file that somebody sent.

The same rows give the same bytes, in whatever order they come.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from datetime import time as clock_time
from decimal import Decimal
from zoneinfo import ZoneInfo

from connectors.sources.made_objects import make_object
from connectors.sources.mapping import MappingDeclared, Told
from connectors.sources.remote_files import safe_name
from connectors.sources.source import Ground, SourceObject
from connectors.workbooks.template import Identity, write_workbook
from expectations.contract import forms

SHANGHAI = ZoneInfo("Asia/Shanghai")

EXACT_DIGITS = 15
"""As many digits as Excel keeps of a number; longer ones are written as text, so that none is lost."""

Row = Mapping[str, object]


@dataclass(slots=True)
class _Answer:
    """The rows of one unit and period, and when the newest of them was changed."""

    rows: list[dict[str, object]] = field(default_factory=list)
    changed_ns: int = 0


def workbooks_of(mapping: MappingDeclared, rows: Iterable[Row], ground: Ground) -> Iterator[SourceObject]:
    """The workbooks that these rows make. A row without a unit or period is in one without, which is refused with the reason."""
    answers: dict[tuple[str, str], _Answer] = {}
    for row in rows:
        ground.deadline.left_seconds()
        answer = answers.setdefault((_told(mapping.unit, row), _told(mapping.period, row)), _Answer())
        answer.rows.append({name: _cell(value_at(row, column)) for name, column in mapping.columns.items()})
        if mapping.changed:
            answer.changed_ns = max(answer.changed_ns, time_ns(value_at(row, mapping.changed)))
    form = forms()[mapping.form]
    for (unit_id, period), answer in sorted(answers.items()):
        ground.deadline.left_seconds()
        answer.rows.sort(key=lambda cells: [(value is None, str(value)) for value in cells.values()])
        buffer = io.BytesIO()
        write_workbook(
            buffer, form, Identity(form.form_id, form.edition, unit_id, "", period), answer.rows, spare_rows=0
        )
        name = safe_name(f"{form.form_id}_{unit_id}_{period}.xlsx")
        yield make_object(ground, name, buffer.getvalue(), answer.changed_ns or time.time_ns())


def value_at(row: Row, column: str) -> object:
    """What stands in a column of the row, or deeper in it along the dots; None where nothing does."""
    if column in row:
        return row[column]
    found: object = row
    for part in column.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def time_ns(value: object, zone: tzinfo = SHANGHAI) -> int:
    """A time, or its ISO text, as nanoseconds; 0 where it is neither. One without a zone is of `zone`."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return 0
    if not isinstance(value, datetime):
        return 0
    at = value if value.tzinfo else value.replace(tzinfo=zone)
    return int(at.timestamp()) * 1_000_000_000 + at.microsecond * 1000


def _told(told: Told, row: Row) -> str:
    if told.column is None:
        return told.value or ""
    value = value_at(row, told.column)
    return "" if value is None else str(value).strip()


def _cell(value: object) -> object:
    """The value as it can be typed without loss; a text stays that text."""
    match value:
        case bool():
            return "是" if value else "否"
        case int() | Decimal() if len(Decimal(value).as_tuple().digits) > EXACT_DIGITS:
            return str(value)
        case datetime():
            return value.date() if value.time() == clock_time() else value.isoformat(sep=" ")
        case None | int() | float() | Decimal() | date():
            return value
        case str():
            return value if value.strip() else None
    return str(value)
