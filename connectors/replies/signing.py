"""The key that receipts are signed with (Ed25519): whoever has its public half can tell a genuine receipt from another.

<keys_dir>/receipt.key   the private key, 64 hexadecimal digits, mode 0600; made at the first receipt
<home>/receipt.pub       the public key (PEM), to be handed out; a private key that is lost is noticed by it
"""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from connectors.errors import FolderUnwritable, KeyringError
from connectors.home import file_lock, make_home, write_private
from connectors.keys import KEY_BYTES, read_key
from connectors.settings import Settings

KEY_FILE, PUBLIC_FILE = "receipt.key", "receipt.pub"


class PublicKey:
    """The half that verifies. `key_id` names it in receipts."""

    def __init__(self, key: Ed25519PublicKey) -> None:
        self._key = key
        raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.key_id = hashlib.sha256(b"union-warehouse receipt" + raw).hexdigest()[:16]

    @classmethod
    def from_pem(cls, pem: bytes) -> PublicKey:
        """The key of a PEM text. Raises: ValueError if it is no Ed25519 public key."""
        key = load_pem_public_key(pem)
        if not isinstance(key, Ed25519PublicKey):
            raise ValueError("not an Ed25519 public key")
        return cls(key)

    def to_pem(self) -> str:
        """The key as a PEM text."""
        return self._key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether the private half of this key signed the message."""
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True


class SigningKey:
    """The half that signs. Get it by `SigningKey.load`."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = PublicKey(key.public_key())

    @classmethod
    def load(cls, settings: Settings) -> SigningKey:
        """The key of this home, made on first use.

        Raises: KeyringError if the key that was used before is missing, changed, not a key, or open to other accounts.
        """
        make_home(settings)
        path, public_path = settings.keys_dir / KEY_FILE, settings.home / PUBLIC_FILE
        with file_lock(settings.home / "keyring.lock"):
            known = public_path.read_text(encoding="ascii") if public_path.exists() else None
            if known is None and not path.exists():
                try:
                    settings.keys_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
                    write_private(path, secrets.token_hex(KEY_BYTES))
                except OSError as error:
                    raise FolderUnwritable(str(settings.keys_dir), error.strerror or str(error)) from error
            key = cls(Ed25519PrivateKey.from_private_bytes(read_key(path)))
            if known is None:
                write_private(public_path, key.public.to_pem())
            elif known != key.public.to_pem():
                why_zh, why_en = "它不是以前使用的那个密钥", "it is another key than the one used before"
                raise KeyringError(str(path), why_zh, why_en)
        return key

    def sign(self, message: bytes) -> bytes:
        """The signature (64 bytes); the same message has the same."""
        return self._key.sign(message)


def public_key_in(path: Path) -> str | None:
    """The public half (PEM) of the private key in a file, None if there is no file. Raises: KeyringError if it is none."""
    if not path.exists():
        return None
    return SigningKey(Ed25519PrivateKey.from_private_bytes(read_key(path))).public.to_pem()


def public_key_of(settings: Settings) -> PublicKey | None:
    """The public key of this home; None before the first receipt."""
    try:
        return PublicKey.from_pem((settings.home / PUBLIC_FILE).read_bytes())
    except FileNotFoundError:
        return None
