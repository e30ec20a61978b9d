"""What the API answers, as OpenAPI describes it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel

from connectors.replies.answer import Answer
from connectors.replies.problems import problems_of
from connectors.warehouse.owed import Owed
from connectors.warehouse.uploads import Upload
from flows.web_intake.receiving import Received, Shown


class Said(BaseModel):
    """A refusal: its code, and one sentence in each language."""

    code: str
    zh: str
    en: str


class Refusal(BaseModel):
    """The body of every answer that is not 200."""

    error: Said


class ProblemOut(BaseModel):
    """One problem: what is asked (必须改, 请核对, 告知), where, what is wrong and how to mend it."""

    severity: str
    code: str
    sheet: str | None
    place: str
    value: str
    what: str
    expected: str
    fix: str


class AnswerOut(BaseModel):
    """What was found in a workbook; `is_trial` until a night has judged it."""

    file_name: str
    is_trial: bool
    outcome: str
    form: str | None
    unit: str | None
    period: str | None
    version: int | None
    rows_read: int
    rows_loaded: int
    rows_waiting: int
    rows_ignored: int
    problems: list[ProblemOut]


class OwedOut(BaseModel):
    """An answer that is expected and not in force; `is_refused` where the last one was sent back."""

    form: str
    period: str
    due_date: date
    is_refused: bool


class ReceivedOut(BaseModel):
    """What became of one file; `upload_id` is null where it was not taken in, for the `reason`."""

    file_name: str
    upload_id: int | None
    reason: str
    is_known: bool
    answers: list[AnswerOut]


class UploadOut(BaseModel):
    """An upload, and its signed receipt as soon as a night has given one."""

    upload_id: int
    file_name: str
    sha256: str
    size_bytes: int
    uploaded_at: datetime
    delivery_id: int | None
    receipt: dict[str, Any] | None


class ShownOut(UploadOut):
    """An upload with what is said about it."""

    answers: list[AnswerOut]


def owed_out(owed: Owed) -> OwedOut:
    """One answer that is owed."""
    return OwedOut(form=owed.form_id, period=owed.period, due_date=owed.due_date, is_refused=owed.is_refused)


def received_out(received: Received) -> ReceivedOut:
    """The outcome of one file."""
    return ReceivedOut(
        file_name=received.file_name,
        upload_id=received.upload_id,
        reason=received.reason,
        is_known=received.is_known,
        answers=[answer_out(answer) for answer in received.answers],
    )


def upload_out(upload: Upload) -> UploadOut:
    """One upload."""
    return UploadOut.model_validate(upload, from_attributes=True)


def shown_out(shown: Shown) -> ShownOut:
    """One upload with its answers."""
    answers = [answer_out(answer) for answer in shown.answers]
    return ShownOut(**upload_out(shown.upload).model_dump(), answers=answers)


def answer_out(answer: Answer) -> AnswerOut:
    """One answer."""
    return AnswerOut(
        file_name=answer.file_name,
        is_trial=answer.is_trial,
        outcome=answer.outcome,
        form=answer.form_id,
        unit=answer.unit_id,
        period=answer.period,
        version=answer.version,
        rows_read=answer.rows.read,
        rows_loaded=answer.rows.loaded,
        rows_waiting=answer.rows.waiting,
        rows_ignored=answer.rows.ignored,
        problems=[
            ProblemOut(
                severity=p.severity.value,
                code=p.code,
                sheet=p.sheet,
                place=p.place,
                value=p.value,
                what=p.what,
                expected=p.expected,
                fix=p.fix,
            )
            for p in problems_of(answer.findings, answer.sheet)
        ],
    )
