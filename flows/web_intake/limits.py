"""What the intake bears: bodies of a certain size that come within a certain time, so many at once, and few wrong tokens."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from flows.web_intake.refusals import TurnedAwayError, busy, too_large, too_slow

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Scope = MutableMapping[str, Any]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Answer = Callable[[Scope, TurnedAwayError], App]
"""What answers a request that is turned away."""

BODY_SECONDS = 300
"""A phone at the edge of the network sends 20 MB in that time."""

MOST_AT_ONCE = 8
"""Bodies that may be on their way at once; each is held in memory or in one temporary file."""

MOST_TRIES, TRIES_SECONDS = 30, 600
"""Wrong tokens from one address. A token has 125 random bits: this saves work, not the token."""


class BodyLimits:
    """Reads the whole body before the app sees the request, within limits; the app then finds it in memory."""

    def __init__(self, app: App, limit_mb: int, answer: Answer) -> None:
        self._app, self._limit_mb, self._answer = app, limit_mb, answer
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http" or scope["method"] not in ("POST", "PUT", "PATCH", "DELETE"):
            await self._app(scope, receive, send)
            return
        if self._under_way >= MOST_AT_ONCE:
            await self._answer(scope, busy())(scope, receive, send)
            return
        self._under_way += 1
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await self._body(scope, receive)
        except TimeoutError:
            await self._answer(scope, too_slow(BODY_SECONDS))(scope, receive, send)
        except TurnedAwayError as refused:
            await self._answer(scope, refused)(scope, receive, send)
        except ConnectionResetError:
            # The sender hung up: there is nobody to answer.
            pass
        else:
            await self._app(scope, _once(body, receive), send)
        finally:
            self._under_way -= 1

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        limit = self._limit_mb * 1_000_000
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > limit:
            raise too_large(self._limit_mb)
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ConnectionResetError
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > limit:
                raise too_large(self._limit_mb)
            if not message.get("more_body"):
                return b"".join(parts)


class Tries:
    """Counts wrong tokens by the address that they came from."""

    def __init__(self) -> None:
        self._wrong: dict[str, deque[float]] = defaultdict(deque)

    def seconds_to_wait(self, address: str) -> int:
        """How long this address has to wait before it may try again; 0 if it need not."""
        wrong = self._forget(address)
        return max(1, round(wrong[0] + TRIES_SECONDS - time.monotonic())) if len(wrong) >= MOST_TRIES else 0

    def count(self, address: str) -> None:
        """A wrong token came from there."""
        self._forget(address).append(time.monotonic())

    def _forget(self, address: str) -> deque[float]:
        long_ago = time.monotonic() - TRIES_SECONDS
        for known in [name for name, wrong in self._wrong.items() if wrong and wrong[-1] < long_ago]:
            del self._wrong[known]
        wrong = self._wrong[address]
        while wrong and wrong[0] < long_ago:
            wrong.popleft()
        return wrong


def _once(body: bytes, receive: Receive) -> Receive:
    """What gives the whole body first, and then whatever else comes."""
    told = False

    async def give() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return give
