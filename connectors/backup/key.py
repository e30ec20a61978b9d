"""The key of backups: <keys_dir>/backup.key, 64 hexadecimal digits, mode 0600, made at the first backup.

It opens the database of a backup, but none of the personal data in it: those stay sealed with the keyring (`connectors.keys`).
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field

from connectors.errors import FolderUnwritable
from connectors.home import make_home, write_private
from connectors.keys import KEY_BYTES, read_key
from connectors.settings import Settings

KEY_FILE = "backup.key"
KEY_ID_BYTES = 8


@dataclass(frozen=True, slots=True)
class BackupKey:
    """A key and the id by which backups name it; `secret` is empty where there is no key."""

    path: str
    key_id: str
    secret: bytes = field(repr=False)


def backup_key(settings: Settings, *, may_make: bool = False) -> BackupKey:
    """The backup key; one without a secret, which opens nothing, if there is none and none may be made.

    Raises: KeyringError if it is not a key or open to other accounts; FolderUnwritable.
    """
    path = settings.keys_dir / KEY_FILE
    if not path.exists():
        if not may_make:
            return BackupKey(str(path), "", b"")
        make_home(settings)
        try:
            settings.keys_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(path, secrets.token_hex(KEY_BYTES))
        except OSError as error:
            raise FolderUnwritable(str(settings.keys_dir), error.strerror or str(error)) from error
    secret = read_key(path)
    return BackupKey(
        str(path), hashlib.sha256(b"union-warehouse backup key" + secret).digest()[:KEY_ID_BYTES].hex(), secret
    )
