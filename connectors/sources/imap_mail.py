"""What an IMAP server says of mails before they are fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from connectors.sources.attachments import sender_of

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
"""As IMAP writes them, in whatever language this process runs."""

SUMMARY = re.compile(rb"UID (\d+)|RFC822\.SIZE (\d+)|INTERNALDATE \"([^\"]+)\"")
NAMED_PART = re.compile(rb'"(?:file)?name\*?[0-9*]*"', re.IGNORECASE)
"""In the structure of a mail: a part that has a file name."""


def imap_day(day: date) -> str:
    """A day as IMAP searches for it: 05-Feb-2021."""
    return f"{day.day:02d}-{MONTHS[day.month - 1]}-{day.year}"


class Mail:
    """What the server says of a mail before it is fetched."""

    def __init__(self, answer: tuple[bytes, bytes]) -> None:
        told, header = answer
        found = {name: match.group(number) for match in SUMMARY.finditer(told)
                 for number, name in ((1, "uid"), (2, "size"), (3, "came")) if match.group(number)}  # fmt: skip
        self.uid = int(found.get("uid", 0))
        self.size_bytes = int(found.get("size", 0))
        self.came_ns = _time_ns(found.get("came", b""))
        self.has_files = bool(NAMED_PART.search(told))
        self.sender = sender_of(header)


def grouped(answers: Sequence[Any]) -> Iterator[tuple[bytes, bytes]]:
    """Of each mail what stands around its header lines, and those. imaplib gives a pair for each literal and bytes for the rest."""
    told, header = b"", b""
    for answer in answers:
        if not isinstance(answer, tuple):
            yield told + answer, header
            told, header = b"", b""
        elif b"HEADER.FIELDS" in answer[0]:
            told, header = told + answer[0], answer[1]
        else:
            # A name that the server sends as a literal, in the structure.
            told += answer[0] + b'"' + answer[1].replace(b'"', b"'") + b'"'


def _time_ns(text: bytes) -> int:
    """5-Feb-2021 12:40:00 +0800 as nanoseconds; 0 where it is no time."""
    try:
        day, month, rest = text.decode("ascii").strip().split("-", 2)
        at = datetime.strptime(f"{day} {MONTHS.index(month) + 1} {rest}", "%d %m %Y %H:%M:%S %z")
    except ValueError:
        return 0
    return int(at.timestamp()) * 1_000_000_000
