"""Between a look and its server: passes bytes on and, after so many from the server, cuts the line or stands still for good."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self


class Relay:
    """Use it as a context manager; it listens on `port` of 127.0.0.1."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._limit: int | None = None
        self._then: Callable[[], None] | None = None
        self._is_hanging = False
        self._given = 0
        self._lines: list[socket.socket] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, name="relay", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for line in [self._listener, *self._lines]:
            with suppress(OSError):
                line.close()

    def cut_after(self, limit: int, then: Callable[[], None] | None = None) -> None:
        """Cut every line once the server has said so many bytes from now on, and do that."""
        self._given, self._limit, self._then, self._is_hanging = 0, limit, then, False

    def hang_after(self, limit: int) -> None:
        """Stand still, the line open, once the server has said so many bytes from now on."""
        self._given, self._limit, self._then, self._is_hanging = 0, limit, None, True

    def pass_on(self) -> None:
        """Pass everything on again."""
        self._limit = None

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                try:
                    server = socket.create_connection(("127.0.0.1", self._server_port))
                except OSError:
                    client.close()
                    continue
                self._lines += [client, server]
                threading.Thread(target=self._pump, args=(client, server, False), daemon=True).start()
                threading.Thread(target=self._pump, args=(server, client, True), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, is_server: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if is_server and self._limit is not None:
                    room = self._limit - self._given
                    self._given += len(data)
                    if room < len(data):
                        target.sendall(data[: max(room, 0)])
                        if self._is_hanging:
                            threading.Event().wait(60)
                        if self._then:
                            self._then()
                        break
                target.sendall(data)
        for line in (source, target):
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()
