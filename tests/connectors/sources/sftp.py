"""An SFTP server that a test can start and kill, the folder behind it, and how sources.yaml declares it."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh

from tests.connectors.sources.bench import SECRET, free_port, served

PROGRAM = Path(__file__).with_name("sftp_server.py")


@dataclass(slots=True)
class Server:
    """An SFTP server and the folder behind it; its key is the one in `known_hosts`."""

    folder: Path
    host_key: Path
    port: int = field(default_factory=free_port)
    stack: ExitStack = field(default_factory=ExitStack)

    @classmethod
    def made_in(cls, folder: Path) -> Server:
        """A server, not yet started; `known_hosts` lies in that folder."""
        (folder / "served" / "upload").mkdir(parents=True)
        key = asyncssh.generate_private_key("ssh-ed25519")
        host_key = folder / "host_key"
        key.write_private_key(host_key)
        (folder / "host_key.users").write_text("")
        made = cls(folder / "served", host_key)
        public = key.export_public_key().decode().strip()
        (folder / "known_hosts").write_text(f"[127.0.0.1]:{made.port} {public}\n")
        return made

    def start(self, *, die_after: int | None = None) -> None:
        more = [str(die_after)] if die_after is not None else []
        arguments = (str(self.folder), str(self.host_key), SECRET, *more)
        self.stack.enter_context(served(PROGRAM, *arguments, port=self.port))

    def put(self, name: str, data: bytes) -> Path:
        """Lay a file into what it serves."""
        path = self.folder / "upload" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def declared(self, **changes: Any) -> dict[str, Any]:
        """How sources.yaml declares it."""
        return {
            "id": "group-a", "kind": "sftp", "host": "127.0.0.1", "port": self.port, "user": "reader", "folder": "/upload",
            "known_hosts": "known_hosts", "password": {"file": "secret.txt"}, "deadline_seconds": 60, "retries": 0,
        } | changes  # fmt: skip
