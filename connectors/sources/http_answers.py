"""Answers of an HTTP API: whole, in time, from the server that was declared, and in our words where there is none."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from connectors.sources.deadline import Deadline
from connectors.sources.declared import HttpApiDeclared
from connectors.sources.errors import Located, SourceBusy
from connectors.sources.secrets import read_secret

LARGEST_BYTES = 200_000_000
"""No page and no workbook is larger; a server that says so is not what was declared."""

SCHEMES = {"odk": "Bearer", "kobo": "Token", "plain": "Bearer"}
"""What stands before the token."""

COME_AGAIN = (429, 503)
NOT_OURS = (401, 403, 404, 410)
DEFAULT_WAIT_SECONDS = 5.0


class HttpAnswers(Located):
    """A client for one API. Redirects are not followed and the account's proxies not used: the token goes to the declared server only."""

    def __init__(self, declared: HttpApiDeclared, deadline: Deadline) -> None:
        self._declared, self._deadline = declared, deadline
        self.source_id = declared.id
        self.location = declared.url.partition("?")[0]
        headers = {"Accept": "application/json, */*"}
        if declared.token is not None:
            headers["Authorization"] = f"{SCHEMES[declared.shape]} {read_secret(declared, declared.token, 'token')}"
        self._client = httpx.Client(
            headers=headers, verify=_trusted(declared), trust_env=False, follow_redirects=False,
            timeout=deadline.patience_seconds(),
        )  # fmt: skip

    def json(self, url: str, params: Mapping[str, str] | None = None) -> dict[str, Any] | list[Any]:
        """The JSON document there, its numbers exact. Raises: SourceFailed."""
        data = self.read(url, params)
        try:
            answer = json.loads(data, parse_float=Decimal)
        except ValueError:
            answer = None
        if not isinstance(answer, dict | list):
            raise self.broken("答复不是 JSON", "the answer is no JSON")
        return answer

    def read(self, url: str, params: Mapping[str, str] | None = None) -> bytes:
        """The bytes there, all of them. Raises: SourceFailed."""
        self._refuse_elsewhere(url)
        with self._failures(), self._client.stream("GET", url, params=params or None) as answer:
            self._refuse_status(answer)
            if "content-length" not in answer.headers and "chunked" not in answer.headers.get("transfer-encoding", ""):
                # Its end could be a cut.
                raise self.broken("答复没有注明长度", "the answer does not tell its length")
            data = bytearray()
            for piece in answer.iter_bytes():
                self._deadline.left_seconds()
                data += piece
                if len(data) > LARGEST_BYTES:
                    raise self.shut("答复过大", "the answer is too large")
        return bytes(data)

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _refuse_elsewhere(self, url: str) -> None:
        """Raises: SourceShut if the URL, which may come out of an answer, is not that of the declared server."""
        if _origin(url) != _origin(self._declared.url):
            raise self.shut("答复指向另一台服务器，没有跟去", "an answer points to another server, where we do not go")

    def _refuse_status(self, answer: httpx.Response) -> None:
        status = answer.status_code
        if status == httpx.codes.OK:
            return
        if status in COME_AGAIN:
            raise SourceBusy(self.source_id, self.location, _wait_seconds(answer.headers.get("retry-after", "")))
        if status in NOT_OURS or answer.is_redirect:
            raise self.shut(f"对方答复 {status}", f"it answered {status}")
        raise self.broken(f"对方答复 {status}", f"it answered {status}")

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError, RuntimeError) as error:
            # A client that was closed under us by the deadline says RuntimeError.
            self._deadline.left_seconds()
            kind = type(error).__name__
            raise self.broken(f"连接中断（{kind}）", f"the connection broke ({kind})") from None


def _trusted(declared: HttpApiDeclared) -> Any:
    import ssl

    return ssl.create_default_context(cafile=str(declared.ca_file) if declared.ca_file else None)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)


def _wait_seconds(text: str) -> float:
    """Retry-After: seconds, or a date."""
    if text.strip().isdigit():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return DEFAULT_WAIT_SECONDS
