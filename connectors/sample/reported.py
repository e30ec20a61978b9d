"""What a unit of the sample reports: one row of one workbook, before people type it.

Grain: one `Reported` per row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Reported:
    """One row of a unit's answer for a form and period; `values` by field, in the codes of the contract."""

    form_id: str
    unit_id: str
    period: str
    values: Mapping[str, Any]
