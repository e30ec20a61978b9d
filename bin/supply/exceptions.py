"""Dated exceptions: a package that may be used although a check speaks against it, why, and until when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class Excepted:
    """One exception: of this package, against this complaint (a licence, or the id of a vulnerability)."""

    package: str
    complaint: str
    reason: str
    until: date


def read_exceptions(lines: Iterable[dict[str, Any]], complaint: str) -> list[Excepted]:
    """The exceptions of a policy; `complaint` is the key that says what is excepted.

    Raises: ValueError for one that lacks something, or has what nobody reads.
    """
    made = []
    for line in lines:
        if line.keys() != {"package", complaint, "reason", "until"}:
            raise ValueError(f"An exception has exactly package, {complaint}, reason and until; this one: {line}")
        if not isinstance(line["until"], date) or not str(line["reason"]).strip():
            raise ValueError(f"An exception has a reason, and a day in `until` (2027-11-30); this one: {line}")
        made.append(Excepted(line["package"], line[complaint], line["reason"], line["until"]))
    return made


def today() -> date:
    """The day by which exceptions end."""
    return date.today()  # noqa: DTZ011 - the reader's own day will do for a term of months


def unexcepted(exceptions: Iterable[Excepted], against: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """What no exception covers, of `against`: packages, each with what is complained of."""
    return against - {(found.package, found.complaint) for found in exceptions}


def unsound(exceptions: Iterable[Excepted], against: set[tuple[str, str]], day: date) -> list[str]:
    """What is wrong with exceptions: those past their day, and those that except nothing (`against`: as for `unexcepted`)."""
    return [
        f"{found.package}: the exception for {found.complaint} ended on {found.until}. Replace the package, or say anew why and until when."
        for found in exceptions
        if found.until < day
    ] + [
        f"{found.package}: nothing is said against it by {found.complaint} any more. Take the exception out."
        for found in exceptions
        if (found.package, found.complaint) not in against
    ]
