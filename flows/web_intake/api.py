"""The intake for programs: JSON under /api/v1, with the token as `Authorization: Bearer`."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Request, UploadFile
from fastapi.params import Path
from fastapi.responses import JSONResponse, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from connectors.warehouse.upload_tokens import Bearer
from flows.web_intake.asking import asking_of, read_files
from flows.web_intake.attachments import RECEIPT_TYPE, WORKBOOK_TYPE, receipt_file, template_file, workbook_file
from flows.web_intake.models import (
    OwedOut,
    ReceivedOut,
    Refusal,
    ShownOut,
    UploadOut,
    owed_out,
    received_out,
    shown_out,
    upload_out,
)
from flows.web_intake.owing import read_owing

UploadId = Annotated[int, Path(ge=1, le=2**63 - 1)]
Files = Annotated[list[UploadFile], File(min_length=1)]
FormId = Annotated[str, Path(max_length=40)]
PeriodId = Annotated[str, Path(max_length=20)]
Place = Annotated[int, Path(ge=0, le=200)]


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """How OpenAPI tells that a request may be refused with these statuses."""
    return {status: {"model": Refusal} for status in (*statuses, 422, 503)}


def bearer_of_header(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))],
) -> Bearer:
    """Whose token stands in the header. Raises: TurnedAwayError."""
    return asking_of(request).bearer(request, credentials.credentials if credentials else "")


Unit = Annotated[Bearer, Depends(bearer_of_header)]

router = APIRouter()


@router.get("/health")
def health() -> dict[str, str]:
    """That the intake answers."""
    return {"status": "healthy"}


@router.post("/api/v1/uploads", responses=refusals(400, 401, 408, 413, 429))
def upload(request: Request, unit: Unit, files: Files) -> list[ReceivedOut]:
    """Try workbooks, and take in those that are the unit's own."""
    return [received_out(each) for each in asking_of(request).receiver.receive(unit, read_files(files))]


@router.get("/api/v1/uploads", responses=refusals(401, 429))
def list_uploads(request: Request, unit: Unit) -> list[UploadOut]:
    """The unit's last 50 uploads, the latest first."""
    return [upload_out(each) for each in asking_of(request).uploads(unit)]


@router.get("/api/v1/uploads/{upload_id}", responses=refusals(401, 404, 429))
def show_upload(request: Request, unit: Unit, upload_id: UploadId) -> ShownOut:
    """One upload, with what was found in it."""
    return shown_out(asking_of(request).receiver.show(unit, upload_id))


@router.get(
    "/api/v1/uploads/{upload_id}/answers/{place}",
    response_class=Response,
    responses=refusals(401, 404, 429) | {200: {"content": {WORKBOOK_TYPE: {}}}},
)
def answer_workbook(request: Request, unit: Unit, upload_id: UploadId, place: Place) -> Response:
    """The annotated workbook, or problem list, that answers one file of an upload."""
    return workbook_file(asking_of(request), unit, upload_id, place)


@router.get(
    "/api/v1/uploads/{upload_id}/receipt",
    response_class=JSONResponse,
    responses=refusals(401, 404, 429) | {200: {"content": {RECEIPT_TYPE: {}}}},
)
def receipt(request: Request, unit: Unit, upload_id: UploadId) -> Response:
    """The signed receipt of an upload."""
    return receipt_file(asking_of(request), unit, upload_id)


@router.get("/api/v1/owed", responses=refusals(401, 429))
def list_owed(request: Request, unit: Unit) -> list[OwedOut]:
    """What the unit still has to hand in, what is due first first."""
    return [owed_out(each) for each in read_owing(asking_of(request).settings, unit).owed]


@router.get(
    "/api/v1/templates/{form_id}/{period}",
    response_class=Response,
    responses=refusals(401, 404, 429) | {200: {"content": {WORKBOOK_TYPE: {}}}},
)
def template(request: Request, unit: Unit, form_id: FormId, period: PeriodId) -> Response:
    """The empty workbook of a form that the unit hands in, for a period such as 2021-03, 2021-Q1 or 2021."""
    return template_file(asking_of(request), unit, form_id, period)
