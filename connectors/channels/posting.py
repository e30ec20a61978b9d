"""One JSON document posted to one URL, with what came of it: sent or not, answered or not."""

from __future__ import annotations

import ipaddress
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import IO, Any
from urllib.parse import urlsplit

from connectors.channels.message import Answer

MOST_BYTES_READ = 64 * 1024
"""Of an answer. A bot's is a hundred bytes."""

REFUSED_FOR_GOOD = frozenset({400, 405, 406, 410, 413, 414, 415, 422})
"""HTTP says that this message is wrong; the same again would be too. 401, 403 and 404 mean our configuration, which staff can mend."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A message is for the address that was configured and for no other."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> None:
        """Go nowhere else."""
        return


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def post_json(
    url: str, document: object, seconds: float, headers: Mapping[str, str] | None = None
) -> tuple[int, str] | Answer:
    """Status and text of the answer to this document; an `Answer` where there was none, or one that needs no reading of the text.

    The URL may hold a key: it is in no log and in no exception of ours, which is why the standard library does this.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        return Answer("temporary", "", "网址须以 https:// 开头（http:// 只可用于本机）")
    body = json.dumps(document, ensure_ascii=False).encode()
    request = urllib.request.Request(  # noqa: S310 - the scheme was looked at above
        url,
        data=body,
        method="POST",
        headers={"Content-Type": "application/json; charset=utf-8", "User-Agent": "union-warehouse", **(headers or {})},
    )
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        with opener.open(request, timeout=seconds) as response:
            return response.status, _text(response)
    except urllib.error.HTTPError as error:
        with error:
            said = _text(error)
            if error.code in REFUSED_FOR_GOOD:
                return Answer("permanent", str(error.code), said)
            return Answer("temporary", str(error.code), said)
    except urllib.error.URLError as error:
        # It could not be connected to, or the request did not get out: nothing has arrived.
        return Answer("temporary", "", f"连接不上：{_kind(error.reason)}")
    except OSError as error:
        return Answer("unanswered", "", f"没有回应：{_kind(error)}")


def read_object(text: str) -> dict[str, Any]:
    """The JSON object that a text is; empty for anything else."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def judged(answered: tuple[int, str] | Answer, field: str, never: frozenset[int]) -> Answer:
    """What a bot's answer means: delivered only where `field` of its JSON is 0; codes in `never` are about the message itself."""
    if isinstance(answered, Answer):
        return answered
    status, text = answered
    code = read_object(text).get(field)
    if code == 0 and not isinstance(code, bool):
        return Answer("delivered", str(status), text)
    return Answer("permanent" if code in never else "temporary", str(status), text)


def _text(response: IO[bytes]) -> str:
    try:
        return response.read(MOST_BYTES_READ).decode("utf-8", errors="replace")
    except OSError:
        return ""


def _kind(error: object) -> str:
    """The class of an error, and its number where it has one; never its text, which may quote the URL."""
    number = getattr(error, "errno", None)
    return f"{type(error).__name__} {number}" if number else type(error).__name__
