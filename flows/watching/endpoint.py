"""`/health`, `/metrics` and `/status` of `warehouse serve`, for a container's health check, Prometheus and a person with a phone.

No data of anybody: counts, times and names of services. It listens on the loopback unless set otherwise (WAREHOUSE_HEALTH_HOST).
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from connectors.settings import Settings
from flows.signs_of_life import Life
from flows.watching.facts import Facts, read_facts
from flows.watching.verdict import reasons

FRESH_SECONDS = 2.0
"""Facts are read at most so often, however many ask."""

PATIENCE_SECONDS = 10
"""A caller that says nothing for so long is hung up on."""

HTML = "text/html; charset=utf-8"
JSON = "application/json; charset=utf-8"


@contextmanager
def answering(settings: Settings, listener: socket.socket, lives: Callable[[], Mapping[str, Life]]) -> Iterator[None]:
    """Answer on a listening socket for as long as the block runs; `lives` tells how each service stands."""
    facts = _Cached(lambda: read_facts(settings, dict(lives())))
    server = _Server(listener, facts.read)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, name="health", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


class _Cached:
    """Facts that are read anew only when they have become old."""

    def __init__(self, read: Callable[[], Facts]) -> None:
        self._read, self._lock = read, threading.Lock()
        self._found: tuple[float, Facts] | None = None

    def read(self) -> Facts:
        with self._lock:
            if self._found is None or time.monotonic() - self._found[0] > FRESH_SECONDS:
                self._found = (time.monotonic(), self._read())
            return self._found[1]


class _Server(ThreadingHTTPServer):
    """A server on a socket that somebody else opened and will close."""

    daemon_threads = True

    def __init__(self, listener: socket.socket, facts: Callable[[], Facts]) -> None:
        super().__init__(listener.getsockname()[:2], _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket, self.facts = listener, facts

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that hangs up is no news."""


class _Handler(BaseHTTPRequestHandler):
    """One answer; nothing is read from the caller but the path."""

    timeout = PATIENCE_SECONDS
    server: _Server
    server_version, sys_version = "warehouse", ""

    def do_GET(self) -> None:
        """Answer the path."""
        match self.path.partition("?")[0]:
            case "/health":
                self._health()
            case "/metrics":
                from flows.watching.metrics import CONTENT_TYPE, metrics_text

                self._answer(HTTPStatus.OK, CONTENT_TYPE, metrics_text(self.server.facts()))
            case "/" | "/status":
                from flows.watching.page import status_page

                self._answer(HTTPStatus.OK, HTML, status_page(self.server.facts()).encode())
            case _:
                self._answer(HTTPStatus.NOT_FOUND, JSON, b'{"paths": ["/health", "/metrics", "/status"]}')

    do_HEAD = do_GET  # noqa: N815 - the name that http.server looks for

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's own name
        """Nothing: who asks how we are is no news."""

    def _health(self) -> None:
        facts = self.server.facts()
        wrong = reasons(facts)
        body = {
            "status": "unhealthy" if wrong else "healthy",
            "reasons": [reason.to_dict() for reason in wrong],
            "at": facts.at.isoformat(timespec="seconds"),
            "next_night": facts.next_due.isoformat(timespec="seconds"),
        }
        status = HTTPStatus.SERVICE_UNAVAILABLE if wrong else HTTPStatus.OK
        self._answer(status, JSON, json.dumps(body, ensure_ascii=False, indent=1).encode())

    def _answer(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(body)))
        self.send_header("cache-control", "no-store")
        self.send_header("x-content-type-options", "nosniff")
        self.send_header("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
