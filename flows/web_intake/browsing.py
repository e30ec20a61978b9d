"""The intake for people: pages without scripts, and the token in a cookie once it was typed."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from connectors.warehouse.upload_tokens import Bearer
from flows.web_intake.api import FormId, PeriodId, Place, UploadId
from flows.web_intake.asking import asking_of, read_files
from flows.web_intake.attachments import receipt_file, template_file, workbook_file
from flows.web_intake.owing import read_owing
from flows.web_intake.pages import home_page, received_page, shown_page, sign_in_page
from flows.web_intake.refusals import TurnedAwayError, from_elsewhere

COOKIE = "warehouse_token"
COOKIE_SECONDS = 12 * 3600
"""A working day: the computer of an office has many users."""

SAME_SITE = ("same-origin", "none")
"""What a browser says of a request of our own page, or of one that a person typed."""


def bearer_of_cookie(request: Request) -> Bearer:
    """Whose token stands in the cookie. Raises: TurnedAwayError."""
    return asking_of(request).bearer(request, request.cookies.get(COOKIE, ""))


def from_our_page(request: Request) -> None:
    """Raises: TurnedAwayError if another site's page sent the form. The cookie does not come along then either; this says so."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    is_ours = site in SAME_SITE if site else origin in (None, "null") or urlsplit(origin).netloc == request.url.netloc
    if not is_ours:
        raise from_elsewhere()


Unit = Annotated[Bearer, Depends(bearer_of_cookie)]

router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)


@router.get("/")
def home(request: Request) -> Response:
    """The form, or, to whoever has no good token, the question for it."""
    try:
        unit = bearer_of_cookie(request)
    except TurnedAwayError as refused:
        return HTMLResponse(sign_in_page(refused.zh if COOKIE in request.cookies else ""))
    asking = asking_of(request)
    owing = read_owing(asking.settings, unit)
    return HTMLResponse(home_page(unit.unit_id, asking.uploads(unit), owing, asking.settings.max_file_mb))


@router.post("/sign-in", dependencies=[Depends(from_our_page)])
def sign_in(request: Request, token: Annotated[str, Form(max_length=200)] = "") -> Response:
    """Take the token that was typed."""
    try:
        asking_of(request).bearer(request, token)
    except TurnedAwayError as refused:
        return HTMLResponse(sign_in_page(refused.zh), refused.status)
    answer = RedirectResponse("/", 303)
    answer.set_cookie(
        COOKIE,
        "".join(c for c in token if c.isascii() and c.isalnum()),
        max_age=COOKIE_SECONDS,
        httponly=True,
        samesite="strict",
        # True behind a proxy that speaks TLS and says so.
        secure=request.url.scheme == "https",
    )
    return answer


@router.post("/sign-out", dependencies=[Depends(from_our_page)])
def sign_out() -> Response:
    """Forget the token."""
    answer = RedirectResponse("/", 303)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer


@router.post("/uploads", dependencies=[Depends(from_our_page)])
def upload(request: Request, unit: Unit, files: list[UploadFile]) -> Response:
    """Try the files, take them in, and say at once what was found."""
    received = asking_of(request).receiver.receive(unit, read_files(files))
    return HTMLResponse(received_page(unit.unit_id, received))


@router.get("/uploads/{upload_id}")
def show(request: Request, unit: Unit, upload_id: UploadId) -> Response:
    """One upload."""
    return HTMLResponse(shown_page(unit.unit_id, asking_of(request).receiver.show(unit, upload_id)))


@router.get("/uploads/{upload_id}/answers/{place}")
def answer_workbook(request: Request, unit: Unit, upload_id: UploadId, place: Place) -> Response:
    """The annotated workbook."""
    return workbook_file(asking_of(request), unit, upload_id, place)


@router.get("/uploads/{upload_id}/receipt")
def receipt(request: Request, unit: Unit, upload_id: UploadId) -> Response:
    """The receipt."""
    return receipt_file(asking_of(request), unit, upload_id)


@router.get("/templates/{form_id}/{period}")
def template(request: Request, unit: Unit, form_id: FormId, period: PeriodId) -> Response:
    """An empty workbook."""
    return template_file(asking_of(request), unit, form_id, period)
