"""Which rows count and which wait, by what the forms ask of a row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from tests.night.recount.cells import Row, Unit, WaitsError, must
from tests.night.recount.days import Span
from tests.night.recount.forms import Told


def rows_that_count(form: Told, rows: Sequence[Row], period: Span, units: Mapping[str, Unit]) -> list[Row]:
    """The rows of a workbook that count, their cells read; the others wait for somebody."""
    keys = Counter(_key(form, row) for row in rows)
    once = [row for row in rows if keys[_key(form, row)] == 1]
    return [read for row in once if (read := _read(form, row, period, units)) is not None]


def _key(form: Told, row: Row) -> tuple[object, ...]:
    return tuple(row[heading] for heading in form.key)


def _read(form: Told, row: Row, period: Span, units: Mapping[str, Unit]) -> Row | None:
    try:
        must(all(row[heading] is not None for heading in form.required))
        readers = {**form.required, **form.optional}
        read = {heading: None if row[heading] is None else reader(row[heading]) for heading, reader in readers.items()}
        form.hold(read, period, units)
    except WaitsError:
        return None
    return read


def units_of(rows: Sequence[Row]) -> dict[str, Unit]:
    """The units of a register by code. In the sample each has one span, so no unit has a parent then and another now."""
    units = [Unit(row["单位代码"], row["类别"], row["上级代码"], row["生效日期"], row["失效日期"]) for row in rows]
    assert len({unit.code for unit in units}) == len(units)
    return {unit.code: unit for unit in units}
