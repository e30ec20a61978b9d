"""The keys of personal data: one makes tokens, others seal rows. Nothing else in the house knows a key.

    <keys_dir>/token.key         makes a person's token; never changes, or every person would count twice
    <keys_dir>/seal-k0001.key    seals rows; the newest (last by name) seals, all of them open
    <keys_dir>/receipt.key       signs receipts (`connectors.replies.signing`); nothing personal depends on it
    <home>/keyring.json          fingerprints of the keys that were ever used here, so that a lost one is noticed

A new seal key is put in by hand as the next `seal-k0002.key`; what was sealed with the former ones stays readable.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from connectors.errors import FolderUnwritable, KeyringError
from connectors.home import file_lock, make_home, write_private
from connectors.settings import Settings

KEY_BYTES = 32
"""AES-256 and HMAC-SHA-256 take 32 bytes; a key file holds them as 64 hexadecimal digits."""

NONCE_BYTES = 12
"""What AES-GCM takes. Drawn at random, so a key should seal fewer than 2**32 rows (NIST SP 800-38D, 8.3)."""

TOKEN_DIGITS = 32
"""128 bits: no two of a billion people share one, and it stays half as wide in every fact."""

TOKEN_KEY = "token"  # noqa: S105 - the name of a file, not what it holds
FIRST_SEAL_KEY = "k0001"


class Keyring:
    """The keys, loaded. Get one by `Keyring.load`."""

    def __init__(self, token_key: bytes, seal_keys: dict[str, bytes]) -> None:
        self.fingerprints = {TOKEN_KEY: _fingerprint(token_key)}
        self.fingerprints |= {f"seal-{key_id}": _fingerprint(key) for key_id, key in seal_keys.items()}
        self._token_key = token_key
        self._seals = {key_id: AESGCM(key) for key_id, key in seal_keys.items()}
        self._current = max(seal_keys)

    @classmethod
    def load(cls, settings: Settings) -> Keyring:
        """The keys of this home, made on first use.

        Raises: KeyringError if a key that was used before is missing, changed, not a key, or open to other accounts.
        """
        make_home(settings)
        with file_lock(settings.home / "keyring.lock"):
            known = _known_fingerprints(settings)
            if not known:
                _make_missing(settings)
            names = {TOKEN_KEY, *known, *(path.stem for path in settings.keys_dir.glob("seal-*.key"))}
            keys = {name: read_key(settings.keys_dir / f"{name}.key") for name in sorted(names)}
            fingerprints = {name: _fingerprint(key) for name, key in keys.items()}
            for name, fingerprint in known.items():
                if fingerprints[name] != fingerprint:
                    why_zh, why_en = "它不是以前使用的那个密钥", "it is another key than the one used before"
                    raise KeyringError(str(settings.keys_dir / f"{name}.key"), why_zh, why_en)
            if fingerprints != known:
                write_private(settings.home / "keyring.json", json.dumps(fingerprints, indent=1))
        seals = {name.removeprefix("seal-"): key for name, key in keys.items() if name.startswith("seal-")}
        return cls(keys[TOKEN_KEY], seals)

    def token(self, citizen_id: str) -> str:
        """The person's token, 32 hexadecimal digits, from the citizen ID as `expectations` normalises it."""
        return hmac.new(self._token_key, citizen_id.encode(), hashlib.sha256).hexdigest()[:TOKEN_DIGITS]

    def encrypt(self, plain: bytes, aad: bytes) -> tuple[str, bytes, bytes]:
        """Key id, nonce and AES-GCM ciphertext; `aad` binds the seal to its place and must be given again to open it."""
        nonce = os.urandom(NONCE_BYTES)
        return self._current, nonce, self._seals[self._current].encrypt(nonce, plain, aad)

    def decrypt(self, key_id: str, nonce: bytes, ciphertext: bytes, aad: bytes) -> bytes:
        """What was sealed. Raises: KeyringError if the key is unknown or the seal was broken, or made for another place."""
        seal = self._seals.get(key_id)
        if seal is None:
            raise KeyringError(f"seal-{key_id}.key", "密钥文件夹中没有它", "the folder of keys does not have it")
        try:
            return seal.decrypt(nonce, ciphertext, aad)
        except InvalidTag:
            why_zh, why_en = "密文已损坏，或不属于该处", "what it should open was changed, or sealed for another place"
            raise KeyringError(f"seal-{key_id}.key", why_zh, why_en) from None


def _make_missing(settings: Settings) -> None:
    """Make the first keys; those that are there already (brought by hand) are kept."""
    try:
        settings.keys_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        names = [TOKEN_KEY] if any(settings.keys_dir.glob("seal-*.key")) else [TOKEN_KEY, f"seal-{FIRST_SEAL_KEY}"]
        for name in names:
            path = settings.keys_dir / f"{name}.key"
            if not path.exists():
                write_private(path, secrets.token_hex(KEY_BYTES))
    except OSError as error:
        raise FolderUnwritable(str(settings.keys_dir), error.strerror or str(error)) from error


def read_key(path: Path) -> bytes:
    """The key in a file. Raises: KeyringError if it is missing, not a key, or open to other accounts."""
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii").strip()
        key = bytes.fromhex(text)
    except FileNotFoundError:
        raise KeyringError(
            str(path), "以前使用过它，而现在文件不存在", "it was used before, and the file is gone"
        ) from None
    except PermissionError:
        raise KeyringError(str(path), "当前账户不能读取", "this account may not read it") from None
    except ValueError:
        raise KeyringError(str(path), "内容不是密钥", "it does not hold a key") from None
    if len(key) != KEY_BYTES:
        raise KeyringError(str(path), "内容不是 64 位十六进制数", "it does not hold 64 hexadecimal digits")
    if mode & 0o077:
        raise KeyringError(
            str(path), f"其他账户可以读取（{mode & 0o777:04o}）", f"other accounts may read it ({mode & 0o777:04o})"
        )
    return key


def fingerprint_in(path: Path) -> str | None:
    """The fingerprint of the key in a file, None if there is no file. Raises: KeyringError if it is not a key or open to others."""
    return _fingerprint(read_key(path)) if path.exists() else None


def _known_fingerprints(settings: Settings) -> dict[str, str]:
    try:
        known: dict[str, str] = json.loads((settings.home / "keyring.json").read_text(encoding="ascii"))
    except FileNotFoundError:
        return {}
    return known


def _fingerprint(key: bytes) -> str:
    return hashlib.sha256(b"union-warehouse keyring" + key).hexdigest()[:16]
