"""The intake as an ASGI app: pages for a person with a browser, and the same as JSON under /api/v1 for a program.

A person's token lies in a cookie that scripts cannot read and other sites cannot send; a program sends it as `Authorization: Bearer`.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from connectors.errors import WarehouseError
from connectors.settings import Settings
from flows.web_intake import api, browsing
from flows.web_intake.asking import Asking
from flows.web_intake.limits import BodyLimits, Scope, Tries
from flows.web_intake.pages import refusal_page
from flows.web_intake.receiving import Receiver
from flows.web_intake.refusals import TurnedAwayError, not_there, not_understood, unavailable

log = logging.getLogger(__name__)

FILES_A_REQUEST = 2
"""A request may carry so many times the largest file."""

HEADERS = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
}

Next = Callable[[Request], Awaitable[Response]]


def create_app(settings: Settings) -> FastAPI:
    """The app. Its reading children live from its start to its end."""

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        with Receiver(settings) as receiver:
            app.state.asking = Asking(settings, receiver, Tries())
            yield

    app = FastAPI(
        title="Union Warehouse intake",
        description="Upload workbooks by a unit's token; read what was found in them, and the receipts.",
        version="1",
        lifespan=life,
        # Their pages load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
    )
    app.include_router(api.router)
    app.include_router(browsing.router)
    app.add_exception_handler(TurnedAwayError, _turned_away)
    app.add_exception_handler(HTTPException, _not_ours)
    app.add_exception_handler(RequestValidationError, _not_valid)
    for kind in (WarehouseError, psycopg.Error, OSError):
        app.add_exception_handler(kind, _broken)
    app.add_middleware(BodyLimits, limit_mb=settings.max_file_mb * FILES_A_REQUEST, answer=_refusal)
    app.middleware("http")(_with_headers)
    return app


def _refusal(scope: Scope | Mapping[str, Any], refused: TurnedAwayError) -> Response:
    """A refusal as whoever asked can read it: JSON for programs, a page for people."""
    headers = {} if refused.retry_after is None else {"retry-after": str(refused.retry_after)}
    if refused.status is HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        # The rest of the body is not read.
        headers["connection"] = "close"
    if str(scope["path"]).startswith("/api/"):
        if refused.status is HTTPStatus.UNAUTHORIZED:
            headers["www-authenticate"] = "Bearer"
        return JSONResponse(refused.to_dict(), refused.status, headers)
    return HTMLResponse(refusal_page(refused), refused.status, headers)


async def _turned_away(request: Request, error: Exception) -> Response:
    assert isinstance(error, TurnedAwayError)  # noqa: S101 - registered for it
    return _refusal(request.scope, error)


async def _not_ours(request: Request, error: Exception) -> Response:
    """What the framework itself turns away: an unknown address, a method that an address has not, a form that is none."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    refused = not_there() if error.status_code == HTTPStatus.NOT_FOUND else not_understood(str(error.detail))
    refused.status = HTTPStatus(error.status_code)
    answer = _refusal(request.scope, refused)
    answer.headers.update(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        # Each function knows only its own method.
        answer.headers["allow"] = ", ".join(sorted(_methods_at(request)))
    return answer


def _methods_at(request: Request) -> set[str]:
    """The methods that the address of the request has."""
    routes = [*api.router.routes, *browsing.router.routes]
    mine = [each for each in routes if isinstance(each, APIRoute) and each.path_regex.match(request.url.path)]
    return {method for each in mine for method in each.methods or ()}


async def _not_valid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it
    # Of each complaint what and where, never the value.
    said = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
    return _refusal(request.scope, not_understood(said))


async def _broken(request: Request, error: Exception) -> Response:
    """Something of ours: written down by its kind, because its text may quote what was sent."""
    told = error.sentence("en") if isinstance(error, WarehouseError) else type(error).__name__
    # The address as the app knows it: in that of the request stand numbers of uploads.
    route = request.scope.get("route")
    log.error("intake: %s %s: %s", request.method, getattr(route, "path", "?"), told)
    return _refusal(request.scope, unavailable())


async def _with_headers(request: Request, call_next: Next) -> Response:
    answer = await call_next(request)
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    return answer
