"""What the careful reading of one typed text says about it, before it has an address in a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from expectations.finding import Severity


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing to say about one typed text: a code of the catalogue, what it does, and what fills the words.

    `params` never carry a personal value in clear.
    """

    code: str
    severity: Severity
    params: Mapping[str, str] = field(default_factory=dict)


class UnreadableError(Exception):
    """A text that cannot be read exactly as a value of its field.

    Attributes:
        complaint: what to tell the submitter; always of severity error.
    """

    def __init__(self, code: str, **params: str) -> None:
        self.complaint = Complaint(code, Severity.ERROR, params)
        super().__init__(code)


def warning(code: str, **params: str) -> Complaint:
    """A complaint that loads the value and asks for a second look."""
    return Complaint(code, Severity.WARNING, params)


def info(code: str, **params: str) -> Complaint:
    """A complaint that only tells what was done."""
    return Complaint(code, Severity.INFO, params)
