"""Answers on their way to people: one file each, whole or not there, in a folder for our account alone.

    <home>/replies/<business date>/<unit>/<delivery>_<form>_<period>_批注.xlsx    the submitter's own workbook, annotated
    …_问题清单.xlsx                                                             the problem list, where that could not be done
    …/<first delivery>_回执.json                                                receipts, one a line

The annotated workbook holds what the submitter sent, personal data among it.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from connectors.errors import FolderUnwritable
from connectors.replies.annotate import annotate
from connectors.replies.answer import Answer
from connectors.replies.list_workbook import list_workbook
from connectors.replies.refusal import CannotAnnotateError

ANNOTATED, LISTED, RECEIPT = "批注.xlsx", "问题清单.xlsx", "回执.json"
UNKNOWN_UNIT = "未识别"

_SAFE = re.compile(r"[A-Za-z0-9_-]{1,40}")


@dataclass(frozen=True, slots=True)
class Written:
    """An answer that was written: where, and why it is a list beside the original, if it is one."""

    path: Path
    reason_zh: str = ""
    reason_en: str = ""

    @property
    def is_annotated(self) -> bool:
        """Whether it is the submitter's own workbook."""
        return not self.reason_zh


@dataclass(frozen=True, slots=True)
class Made:
    """An answer as a workbook: how its name ends, its bytes, and why it is a list beside the original, if it is one."""

    ending: str
    content: bytes
    reason_zh: str = ""
    reason_en: str = ""


def make_answer(answer: Answer, data: bytes) -> Made:
    """The answer to the delivery of these bytes; the same answer gives the same bytes."""
    try:
        return Made(ANNOTATED, annotate(data, answer))
    except CannotAnnotateError as error:
        return Made(LISTED, list_workbook(answer), error.zh, error.en)


def write_answer(folder: Path, stem: str, answer: Answer, data: bytes) -> Written:
    """Write the answer to the delivery of these bytes. Raises: FolderUnwritable."""
    made = make_answer(answer, data)
    return Written(write_reply(folder, f"{stem}_{made.ending}", made.content), made.reason_zh, made.reason_en)


def write_reply(folder: Path, name: str, content: bytes) -> Path:
    """Write one file of a reply, whole or not at all; one writer at a time (see `REPLY_LOCK`). Raises: FolderUnwritable."""
    path = folder / name
    # Without the pid: what a killed run left is written over by the next, which answers the same deliveries.
    temporary = folder / f".{name}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
        temporary.replace(path)
    except OSError as error:
        raise FolderUnwritable(str(folder), error.strerror or str(error)) from error
    return path


def safe_name(text: str | None, otherwise: str) -> str:
    """The text as the name of a file or folder, if it is a plain code: a workbook says itself which unit it is from."""
    return text if text and _SAFE.fullmatch(text) else otherwise
