"""An HTTP API as ODK Central and KoboToolbox shape theirs, with every fault that such a server can have."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from tests.connectors.sources.bench import SECRET

Answer = tuple[int, dict[str, str], bytes]


@dataclass(slots=True)
class Api:
    """Submissions, each with its attachments by name; `fault` may change an answer by its number from 1 on, `told` the pages."""

    submissions: dict[str, dict[str, bytes]] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    fault: Callable[[int, Answer], Answer | None] = lambda _, answer: answer
    shuffle: Callable[[int, list[Any]], list[Any]] = lambda _, items: items
    asked: list[str] = field(default_factory=list)
    is_cutting: bool = False
    server: ThreadingHTTPServer | None = None

    def __enter__(self) -> Self:
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                api.asked.append(self.path)
                answer = api.fault(len(api.asked), api.answer(self.path, self.headers.get("Authorization", "")))
                if answer is None:
                    # It hangs.
                    threading.Event().wait(15)
                    return
                status, headers, body = answer
                self.send_response(status)
                for name, value in ({"Content-Length": str(len(body))} | headers).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)
                # Fewer bytes than were promised: the line is cut there.
                self.close_connection = "Content-Length" in headers

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self.server is not None
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self) -> str:
        assert self.server is not None
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def answer(self, path: str, authorization: str) -> Answer:
        """The right answer."""
        if authorization not in {f"Bearer {SECRET}", f"Token {SECRET}"}:
            return 401, {}, b"{}"
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        places = [unquote(part) for part in parts.path.strip("/").split("/")]
        match places:
            case ["kobo", "data"]:
                return self._page(query, "limit", "start", "results", "count", "next", self._kobo)
            case ["plain"]:
                return self._page(query, "limit", "start", "results", "count", "next", self._plain)
            case ["odk.svc", "Submissions"]:
                return self._page(query, "$top", "$skip", "value", "@odata.count", "@odata.nextLink", self._odk)
            case ["odk", "submissions", instance, "attachments"]:
                return _json([{"name": name, "exists": True} for name in self.submissions[instance]])
            case ["odk", "submissions", instance, "attachments", name] | ["kobo", "files", instance, name]:
                return 200, {}, self.submissions[instance][name]
        return 404, {}, b"{}"

    def _kobo(self, key: str) -> dict[str, Any]:
        attached = [
            {"filename": f"reader/attachments/{name}", "download_url": f"{self.url}/kobo/files/{key}/{name}"}
            for name in self.submissions[key]
        ]
        return {"_id": key, "_submission_time": "2021-04-01T10:00:00", "_attachments": attached}

    def _odk(self, key: str) -> dict[str, Any]:
        present = len(self.submissions[key])
        return {"__id": key, "__system": {"submissionDate": "2021-04-01T10:00:00.000Z", "attachmentsPresent": present}}

    def _plain(self, key: str) -> dict[str, Any]:
        return {"id": key, **self.rows[int(key)]}

    def _page(
        self, query: dict[str, str], size: str, start: str, items: str, count: str, following: str,
        draw: Callable[[str], dict[str, Any]],
    ) -> Answer:  # fmt: skip
        keys = [str(n) for n in range(len(self.rows))] if draw == self._plain else list(self.submissions)
        at, most = int(query.get(start, 0)), int(query[size])
        page: dict[str, Any] = {items: self.shuffle(at // most, [draw(key) for key in keys[at : at + most]])}
        page[count] = len(keys)
        below = {"value": "/odk.svc/Submissions"}.get(items, "/kobo/data/" if draw == self._kobo else "/plain")
        if at + most < len(keys):
            page[following] = f"{self.url}{below}?{size}={most}&{start}={at + most}"
        return _json(page)


def _json(content: Any) -> Answer:
    return 200, {"Content-Type": "application/json"}, json.dumps(content).encode()


def declared(api: Api, shape: str = "kobo", **changes: Any) -> dict[str, Any]:
    """How sources.yaml declares it."""
    return {
        "id": "api", "kind": "http_api", "url": f"{api.url}/{shape}", "shape": shape, "token": {"file": "secret.txt"},
        "page_size": 2, "deadline_seconds": 60, "retries": 0,
    } | changes  # fmt: skip
