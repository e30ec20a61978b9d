"""Real servers on loopback that take messages, refuse them, say yes to nothing, hang, and recover."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

GOOD = {"wecom": {"errcode": 0, "errmsg": "ok"}, "dingtalk": {"errcode": 0, "errmsg": "ok"}, "feishu": {"code": 0, "msg": "success"},
        "webhook": {"received": True}}  # fmt: skip
BAD = {"wecom": {"errcode": 93000, "errmsg": "invalid webhook url"}, "dingtalk": {"errcode": 310000, "errmsg": "sign not match"},
       "feishu": {"code": 19021, "msg": "sign match fail"}, "webhook": {"code": 7}}  # fmt: skip

OWNERS = """
channels:
  dead: {kind: wecom, url: {file: dead.url}}
  hanging: {kind: dingtalk, url: {file: hanging.url}}
  good: {kind: feishu, url: {file: good.url}}
people:
  li: {name: 李处, channels: [dead, hanging, good]}
default: li
"""
"""A register of owners in which one person is told by three bots, whose URLs are in files beside it."""


class Post:
    """A document that a bot was sent."""

    def __init__(self, target: str, headers: dict[str, str], body: bytes) -> None:
        self.path, self.query = urlsplit(target).path, parse_qs(urlsplit(target).query)
        self.raw_query, self.headers = urlsplit(target).query, headers
        self.document = json.loads(body)

    @property
    def text(self) -> str:
        """What the people in the group read."""
        document = self.document
        content = document.get("text") or document.get("content")
        return str(content if isinstance(content, str) else content.get("content") or content.get("text"))


class Bot:
    """A bot's server. `mode`: good, rejecting (200 with an error), hanging, dripping, redirecting, or an HTTP status to answer with."""

    def __init__(self, kind: str) -> None:
        self.kind, self.mode = kind, "good"
        self.posts: list[Post] = []
        self.taken: list[Post] = []
        """Those that it said yes to."""
        self.port = 0
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/robot/send?key=geheim-4711"

    def start(self) -> None:
        bot = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                bot._answer(self)

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        """From now on connections are refused."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["Content-Length"]))
        post = Post(request.path, dict(request.headers), body)
        self.posts.append(post)
        status, said = 200, json.dumps(GOOD[self.kind])
        match self.mode:
            case "hanging":
                time.sleep(30)
                return
            case "dripping":
                request.send_response(200)
                request.end_headers()
                with suppress(OSError):
                    # Until whoever asked goes away.
                    for _ in range(300):
                        request.wfile.write(b" ")
                        time.sleep(0.1)
                return
            case "redirecting":
                request.send_response(307)
                request.send_header("Location", f"http://127.0.0.1:{self.port}/elsewhere")
                request.send_header("Content-Length", "0")
                request.end_headers()
                return
            case "rejecting":
                said = json.dumps({**BAD[self.kind], "echo": request.path, "key": post.query["key"]})
            case "good":
                self.taken.append(post)
            case _:
                status = int(self.mode)
        payload = said.encode()
        with suppress(OSError):
            request.send_response(status)
            request.send_header("Content-Length", str(len(payload)))
            request.end_headers()
            request.wfile.write(payload)


@contextmanager
def bot(kind: str) -> Iterator[Bot]:
    """A bot's server, started."""
    served = Bot(kind)
    served.start()
    try:
        yield served
    finally:
        served.stop()


class Postman:
    """A mail server's handler. `mode`: good, temporary (451), permanent (550), hanging after the last dot."""

    def __init__(self) -> None:
        self.mode = "good"
        self.taken: list[bytes] = []
        self.logins: list[bytes] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - the name that aiosmtpd calls
        if self.mode == "hanging":
            await asyncio.sleep(30)
        if self.mode == "temporary":
            return "451 4.3.0 try again later"
        if self.mode == "permanent":
            return "550 5.7.1 no such thing here"
        self.taken.append(envelope.content)
        return "250 2.0.0 Ok: queued as 4711"

    def authenticate(
        self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: LoginPassword
    ) -> AuthResult:
        self.logins.append(data.password)
        return AuthResult(success=data.password == b"richtig", handled=False)


@contextmanager
def mail_server(certificate: tuple[Path, Path] | None = None) -> Iterator[tuple[Postman, int]]:
    """A mail server on loopback; with a certificate (and key) it wants STARTTLS and a login first."""
    handler = Postman()
    options: dict[str, Any] = {}
    if certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*certificate)
        options = {
            "tls_context": context,
            "require_starttls": True,
            "authenticator": handler.authenticate,
            "auth_required": True,
        }
    controller = Controller(handler, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    try:
        yield handler, controller.port
    finally:
        controller.stop()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
