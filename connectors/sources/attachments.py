"""Attachments of a mail: those that somebody means to hand in, with their names as the sender wrote them. The text of the mail is not kept."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import parseaddr

from connectors.sources.remote_files import is_delivery, safe_name

HANDED_IN = (".xlsx", ".xlsm", ".xls", ".xlsb", ".et", ".csv", ".tsv", ".zip")
"""What counts as an attachment even where the mail program shows it inside the text."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file in a mail: the number of its part, its name as data, and its bytes."""

    part: int
    name: str
    data: bytes


def attachments_of(raw: bytes) -> Iterator[Attachment]:
    """The files in a mail, in its order; pictures inside the text (logos, signatures) are none."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)  # noqa: S101 - what that policy makes
    for number, part in enumerate(message.walk()):
        name = _file_name(part)
        if not name or part.is_multipart() or not is_delivery(name):
            continue
        if part.get_content_disposition() == "attachment" or name.lower().endswith(HANDED_IN):
            data = part.get_payload(decode=True)
            yield Attachment(number, name, data if isinstance(data, bytes) else b"")


def sender_of(header: bytes) -> str:
    """The address in the From line of these header lines, in small letters; empty where there is none or more than one."""
    message = email.message_from_bytes(header, policy=email.policy.compat32)
    lines = message.get_all("From", [])
    return parseaddr(str(lines[0]))[1].lower() if len(lines) == 1 else ""


def _file_name(part: EmailMessage) -> str:
    """The name without any folder: it is data, and nobody else's path."""
    name = str(part.get_filename() or "")
    return safe_name(name.replace("\\", "/").rpartition("/")[2].strip())
