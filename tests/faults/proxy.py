"""Between a run and its server: speaks enough of Postgres's protocol to see each commit, and cuts the connection at the one it is told.

What commits: `COMMIT` of a transaction that wrote, and a statement that writes outside of one. The run reaches the proxy by TCP, the proxy the
server by its socket. Of each connection, the messages of either side are taken apart and passed on whole.
"""

from __future__ import annotations

import asyncio
import re
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

COMMENT = re.compile(rb"/\*.*?\*/|--[^\n]*", re.DOTALL)
HARMLESS = re.compile(
    rb"(select|show|set|reset|begin|start|rollback|savepoint|release|fetch|close|declare|discard|deallocate|values)\b",
    re.IGNORECASE,
)
"""Statements that make nothing last. What is not known to be one counts as writing."""

COMMIT = re.compile(rb"(commit|end)\b", re.IGNORECASE)

ENCRYPTION = {80877103, 80877104}
"""Codes of the packets that ask for TLS or GSS before all else; the answer is no."""

CANCEL = 80877102


@dataclass(slots=True)
class _Session:
    """One connection of the run: what the server said last of its transaction, and what was written in it."""

    status: bytes = b"I"
    prepared: dict[bytes, bytes] = field(default_factory=dict)
    wrote: str = ""
    is_to_be_cut: bool = False
    """The commit is on its way to the server; its answer is not to come back."""


class Proxy:
    """Use it as a context manager; it listens on `port` of 127.0.0.1 and talks to the server behind `socket`."""

    def __init__(self, socket: Path) -> None:
        self.port = 0
        self.commits: list[str] = []
        """What each commit since `expect` made last: the last writing statement before it, in a few words."""
        self._socket = socket
        self._cut_at, self._is_after = 0, False
        self._has_cut = False
        self._loop = asyncio.new_event_loop()
        self._is_up = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="proxy", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._is_up.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def expect(self, cut_at: int = 0, *, is_after: bool = False) -> None:
        """Count anew, and cut at the commit of this number: before it reaches the server, or after, before its answer comes back."""
        self.commits, self._cut_at, self._is_after, self._has_cut = [], cut_at, is_after, False

    @property
    def has_cut(self) -> bool:
        """Whether the commit came, and was cut."""
        return self._has_cut

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._connected, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._is_up.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _connected(self, run: asyncio.StreamReader, to_run: asyncio.StreamWriter) -> None:
        try:
            server, to_server = await asyncio.open_unix_connection(str(self._socket))
        except OSError:
            to_run.close()
            return
        session = _Session()
        both = [
            asyncio.create_task(self._up(session, run, to_run, to_server)),
            asyncio.create_task(self._down(session, server, to_run)),
        ]
        with suppress(asyncio.CancelledError):
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        for task in both:
            task.cancel()
        for writer in (to_run, to_server):
            writer.close()

    async def _up(
        self,
        session: _Session,
        run: asyncio.StreamReader,
        to_run: asyncio.StreamWriter,
        to_server: asyncio.StreamWriter,
    ) -> None:
        """From the run to the server, until one of them goes or the commit is to be cut before it."""
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                size = await run.readexactly(4)
                body = await run.readexactly(int.from_bytes(size) - 4)
                if int.from_bytes(body[:4]) not in ENCRYPTION:
                    break
                to_run.write(b"N")
            to_server.write(size + body)
            if int.from_bytes(body[:4]) == CANCEL:
                return
            while True:
                kind, size = await run.readexactly(1), await run.readexactly(4)
                body = await run.readexactly(int.from_bytes(size) - 4)
                if self._is_a_commit(session, kind, body) and self._is_due(session):
                    return
                to_server.write(kind + size + body)
                await to_server.drain()

    async def _down(self, session: _Session, server: asyncio.StreamReader, to_run: asyncio.StreamWriter) -> None:
        """From the server to the run, until one of them goes or a commit that is to be cut after it is done."""
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                kind, size = await server.readexactly(1), await server.readexactly(4)
                body = await server.readexactly(int.from_bytes(size) - 4)
                if kind == b"Z":
                    session.status = body
                if not session.is_to_be_cut:
                    to_run.write(kind + size + body)
                    await to_run.drain()
                elif kind == b"Z":
                    return

    def _is_a_commit(self, session: _Session, kind: bytes, body: bytes) -> bool:
        text = _statement(session, kind, body)
        if text is None:
            return False
        if COMMIT.match(text):
            return bool(session.wrote)
        if text and not HARMLESS.match(text):
            session.wrote = _few_words(text)
            return session.status == b"I"
        if session.status == b"I":
            session.wrote = ""
        return False

    def _is_due(self, session: _Session) -> bool:
        """Count a commit; whether it must not go on to the server."""
        self.commits.append(session.wrote)
        session.wrote = ""
        if len(self.commits) != self._cut_at:
            return False
        self._has_cut = True
        session.is_to_be_cut = self._is_after
        return not self._is_after


def _statement(session: _Session, kind: bytes, body: bytes) -> bytes | None:
    """The statement that a message of the run has the server execute, if it has it execute one."""
    if kind == b"Q":
        return _bare(body.rstrip(b"\0"))
    if kind == b"P":
        name, text = body.split(b"\0")[:2]
        session.prepared[name] = _bare(text)
    elif kind == b"B":
        return session.prepared.get(body.split(b"\0")[1], b"")
    return None


def _bare(text: bytes) -> bytes:
    return COMMENT.sub(b"", text).strip()


def _few_words(text: bytes) -> str:
    """`create table` and the like with what it is about, for a table of many."""
    return " ".join(text.decode(errors="replace").replace('"', "").split()[:4])[:50]
