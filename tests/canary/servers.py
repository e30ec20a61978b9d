"""Real servers on loopback that answer no, and say back to their callers all that these told them, as proxies and gateways do."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from tests.connectors.channels.servers import free_port


@contextmanager
def echo(status: int, hang_seconds: float = 0) -> Iterator[str]:
    """The URL of a server that answers everything with that status and what it was sent."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["Content-Length"] or 0)))

        def do_GET(self) -> None:
            self._answer(b"")

        def _answer(self, sent: bytes) -> None:
            time.sleep(hang_seconds)
            said = f"no: {self.path}\n{self.headers}\n".encode() + sent
            self.send_response(status, f"refused {self.path}")
            self.send_header("Content-Length", str(len(said)))
            self.send_header("X-Seen", self.headers.get("Authorization", self.path))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


class _Refusing:
    """Lets everybody in, and refuses every mail with the password in its answer."""

    def __init__(self) -> None:
        self.passwords: list[str] = []

    async def handle_DATA(self, _server: Any, _session: Any, _envelope: Any) -> str:  # noqa: N802 - the name that aiosmtpd calls
        return f"550 5.7.1 not from you ({self.passwords[-1]})"

    def authenticate(
        self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: LoginPassword
    ) -> AuthResult:
        self.passwords.append(data.password.decode())
        return AuthResult(success=True)


@contextmanager
def refusing_mail_server() -> Iterator[int]:
    """The port of a mail server that takes every login and no mail."""
    handler = _Refusing()
    controller = Controller(
        handler,
        hostname="127.0.0.1",
        port=free_port(),
        authenticator=handler.authenticate,
        auth_require_tls=False,
    )
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()
