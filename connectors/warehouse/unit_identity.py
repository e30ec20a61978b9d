"""Which unit of the register a workbook means that bears no mark of ours: by its credit code, or a name that proposes and never decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from connectors.warehouse.unit_names import UnitNames
from expectations.finding import Finding, Severity

if TYPE_CHECKING:
    from connectors.warehouse.registers import UnitRegister
    from connectors.workbooks.reading import Reading


def identify_units(
    readings: Sequence[Reading], rows: Mapping[str, pl.DataFrame], register: UnitRegister
) -> Mapping[str, pl.DataFrame]:
    """The rows with the unit codes of workbooks that gave a credit code; their readings get them too, and what is in doubt."""
    found, names = dict(rows), UnitNames(register)
    for reading in readings:
        reading.findings = [_proposed(finding, names) for finding in reading.findings]
        recognised = next((f for f in reading.findings if f.code == "form.recognised"), None)
        credit_code = recognised.params.get("credit_code", "") if recognised else ""
        meant = register.credit_codes.get(credit_code, frozenset())
        if recognised is None or not meant:
            # Whether the unit is known at all is asked later.
            continue
        said = reading.unit_id or ""
        if said not in meant and (said != credit_code or len(meant) > 1):
            units = "、".join(dict.fromkeys((said, *sorted(meant))))
            reading.complain("form.unit_unclear", Severity.CRITICAL, units=units)
        elif said == credit_code:
            [reading.unit_id] = meant
            place = reading.findings.index(recognised)
            reading.findings[place] = replace(recognised, params={**recognised.params, "unit": reading.unit_id})
            _set_unit(found, reading)
    return found


def _set_unit(rows: dict[str, pl.DataFrame], reading: Reading) -> None:
    if (frame := rows.get(reading.form_id or "")) is not None:
        mine = pl.col("delivery_id") == reading.delivery_id
        unit = pl.when(mine).then(pl.lit(reading.unit_id)).otherwise(pl.col("unit_id")).alias("unit_id")
        rows[str(reading.form_id)] = frame.with_columns(unit)


def _proposed(finding: Finding, names: UnitNames) -> Finding:
    """The same finding with the units that the name may mean, where there is a register."""
    if finding.code != "form.unit_named" or not (nearest := names.nearest(finding.params["named"])):
        return finding
    return replace(finding, code="form.unit_proposed", params={**finding.params, "suggestions": "、".join(nearest)})
