"""An SFTP server over a folder (asyncssh, which is not the client's library): PORT FOLDER HOST_KEY PASSWORD [DIE_AFTER_BYTES].

With DIE_AFTER_BYTES it kills itself, as with kill -9, once it has given so many bytes of files.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import asyncssh

PORT, FOLDER, HOST_KEY, PASSWORD = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
USERS = f"{HOST_KEY}.users"
DIE_AFTER = int(sys.argv[5]) if len(sys.argv) > 5 else None
given = [0]


class Files(asyncssh.SFTPServer):
    def __init__(self, channel: Any) -> None:
        super().__init__(channel, chroot=FOLDER)

    def read(self, file_obj: Any, offset: int, size: int) -> bytes:
        data = bytes(super().read(file_obj, offset, size))  # type: ignore[arg-type]
        given[0] += len(data)
        if DIE_AFTER is not None and given[0] > DIE_AFTER:
            # What was given before is on its way.
            time.sleep(0.2)
            os.kill(os.getpid(), signal.SIGKILL)
        return data


class Door(asyncssh.SSHServer):
    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("reader", PASSWORD)


async def main() -> None:
    await asyncssh.listen(
        "127.0.0.1",
        PORT,
        server_factory=Door,
        server_host_keys=[HOST_KEY],
        sftp_factory=Files,
        authorized_client_keys=USERS if Path(USERS).stat().st_size else None,
    )
    await asyncio.Event().wait()


asyncio.run(main())
