"""What a backfill is asked to do: the range of periods, the forms and units, and where the originals come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from expectations.periods import parse_period


@dataclass(frozen=True, slots=True)
class Parameters:
    """The range and the choice of one backfill.

    `folder` is where history lies (a path), or None where the archived originals are judged again. `only_missing` leaves out every
    form, unit and period that has an answer in force. `restates` allows closed periods to be touched.
    """

    first_period: str
    last_period: str
    form_ids: tuple[str, ...] = ()
    unit_ids: tuple[str, ...] = ()
    folder: str | None = None
    only_missing: bool = False
    restates: bool = False
    sends_answers: bool = False

    def covers(self, form_id: str, unit_id: str, period: str) -> bool:
        """Whether an answer is asked for: its period lies in the range from its first day to its last."""
        asked = parse_period(period)
        first, last = parse_period(self.first_period).first_day, parse_period(self.last_period).last_day
        return (
            first <= asked.first_day
            and asked.last_day <= last
            and (not self.form_ids or form_id in self.form_ids)
            and (not self.unit_ids or unit_id in self.unit_ids)
        )

    def to_json(self) -> dict[str, Any]:
        """The parameters in the types of JSON."""
        return {**asdict(self), "form_ids": list(self.form_ids), "unit_ids": list(self.unit_ids)}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Parameters:
        """The parameters that `to_json` gave."""
        return cls(**{**plain, "form_ids": tuple(plain["form_ids"]), "unit_ids": tuple(plain["unit_ids"])})
