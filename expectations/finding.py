"""A finding: one complaint about one cell, row, sheet or file, as a value. It is data about a submission, never an error of ours."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from expectations.personal_numbers import without_personal_numbers


class Severity(StrEnum):
    """What a finding does: critical refuses the submission, error quarantines the row, warning loads and asks, info tells."""

    CRITICAL = "critical"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """One complaint, with its address in the delivered file.

    `value` is what was typed, masked already where the field is personal; `params` fill the placeholders of the words. Whatever they quote
    (headings, names of sheets, cells), numbers of people are masked in both.
    """

    code: str
    severity: Severity
    delivery_id: int
    sheet: str | None = None
    cell: str | None = None
    row_number: int | None = None
    field: str | None = None
    value: str | None = None
    params: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.value is not None:
            object.__setattr__(self, "value", without_personal_numbers(self.value))
        params = {name: without_personal_numbers(text) for name, text in self.params.items()}
        if params != self.params:
            object.__setattr__(self, "params", params)

    def to_json(self) -> str:
        """The finding as one JSON object, for the wire between the reading child and its parent."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Finding:
        """The finding that `to_json` wrote."""
        fields = json.loads(text)
        return cls(**{**fields, "severity": Severity(fields["severity"])})
