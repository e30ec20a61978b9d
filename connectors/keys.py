"""The keys of personal data: one makes tokens, others seal rows. Nothing else in the house knows a key.

    <keys_dir>/token.key         makes a person's token; never changes, or every person would count twice
    <keys_dir>/seal-k0001.key    seals rows; the newest (last by name) seals, all of them open
    <keys_dir>/seal-k0001.retired   in the place of a seal key that was destroyed: its fingerprint, so that it is not missed
    <keys_dir>/receipt.key       signs receipts (`connectors.replies.signing`); nothing personal depends on it
    <home>/keyring.json          fingerprints of the keys that were ever used here, so that a lost one is noticed

`warehouse keys new` makes the next seal key; what was sealed with the former ones stays readable until they are retired.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from connectors.errors import FolderUnwritable, KeyringError
from connectors.home import file_lock, make_home, settle, write_private
from connectors.settings import Settings

KEY_BYTES = 32
"""AES-256 and HMAC-SHA-256 take 32 bytes; a key file holds them as 64 hexadecimal digits."""

NONCE_BYTES = 12
"""What AES-GCM takes. Drawn at random, so a key should seal fewer than 2**32 rows (NIST SP 800-38D, 8.3)."""

TOKEN_DIGITS = 32
"""128 bits: no two of a billion people share one, and it stays half as wide in every fact."""

TOKEN_KEY = "token"  # noqa: S105 - the name of a file, not what it holds
SEAL = "seal-"
FIRST_SEAL_KEY = "k0001"
KEY_ID = re.compile("k[0-9]{4}")
RETIRED_EN = "it was retired and destroyed, and what was sealed with it cannot be opened any more"


class Keyring:
    """The keys, loaded. Get one by `Keyring.load`."""

    def __init__(
        self, keys_dir: Path, token_key: bytes, seal_keys: Mapping[str, bytes], retired: Mapping[str, str]
    ) -> None:
        self.fingerprints = {TOKEN_KEY: _fingerprint(token_key)}
        self.fingerprints |= {f"{SEAL}{key_id}": _fingerprint(key) for key_id, key in seal_keys.items()}
        self.retired = dict(retired)
        """The fingerprints of the seal keys that were destroyed, by the key's id."""
        self._keys_dir, self._token_key = keys_dir, token_key
        self._seals = {key_id: AESGCM(key) for key_id, key in seal_keys.items()}
        self.current = max(seal_keys)
        """The id of the key that seals: the newest when the keyring was loaded."""

    @classmethod
    def load(cls, settings: Settings) -> Keyring:
        """The keys of this home, made on first use.

        Raises: KeyringError if a key that was used before is missing, changed, not a key, or open to other accounts. One that was
        retired is not missed, and not used should its file come back.
        """
        make_home(settings)
        with file_lock(settings.home / "keyring.lock"):
            known = _known_fingerprints(settings)
            if not known:
                _make_missing(settings)
            retired = retired_keys(settings.keys_dir)
            names = {TOKEN_KEY, *known, *(path.stem for path in settings.keys_dir.glob(f"{SEAL}*.key"))}
            names -= {f"{SEAL}{key_id}" for key_id in retired}
            keys = {name: read_key(settings.keys_dir / f"{name}.key") for name in sorted(names)}
            fingerprints = {name: _fingerprint(key) for name, key in keys.items()}
            for name, fingerprint in known.items():
                if name in names and fingerprints[name] != fingerprint:
                    why_zh, why_en = "它不是以前使用的那个密钥", "it is another key than the one used before"
                    raise KeyringError(str(settings.keys_dir / f"{name}.key"), why_zh, why_en)
            if fingerprints != known:
                write_private(settings.home / "keyring.json", json.dumps(fingerprints, indent=1))
        seals = {name.removeprefix(SEAL): key for name, key in keys.items() if name.startswith(SEAL)}
        if not seals:
            why_zh, why_en = "没有可用来加密的密钥", "there is no key to seal with"
            raise KeyringError(str(settings.keys_dir / f"{SEAL}*.key"), why_zh, why_en)
        return cls(settings.keys_dir, keys[TOKEN_KEY], seals, retired)

    def token(self, citizen_id: str) -> str:
        """The person's token, 32 hexadecimal digits, from the citizen ID as `expectations` normalises it."""
        return hmac.new(self._token_key, citizen_id.encode(), hashlib.sha256).hexdigest()[:TOKEN_DIGITS]

    def encrypt(self, plain: bytes, aad: bytes) -> tuple[str, bytes, bytes]:
        """Key id, nonce and AES-GCM ciphertext; `aad` binds the seal to its place and must be given again to open it."""
        nonce = os.urandom(NONCE_BYTES)
        return self.current, nonce, self._seals[self.current].encrypt(nonce, plain, aad)

    def decrypt(self, key_id: str, nonce: bytes, ciphertext: bytes, aad: bytes) -> bytes:
        """What was sealed. Raises: KeyringError if the key is unknown or the seal was broken, or made for another place."""
        seal = self._seals.get(key_id) or self._newer(key_id)
        try:
            return seal.decrypt(nonce, ciphertext, aad)
        except InvalidTag:
            why_zh, why_en = "密文已损坏，或不属于该处", "what it should open was changed, or sealed for another place"
            raise KeyringError(f"seal-{key_id}.key", why_zh, why_en) from None

    def _newer(self, key_id: str) -> AESGCM:
        """A key that was made after this keyring was loaded: while a night runs, what it knows may be sealed anew with it."""
        path = self._keys_dir / f"{SEAL}{key_id}.key"
        if key_id in self.retired or key_id in retired_keys(self._keys_dir):
            raise KeyringError(str(path), "该密钥已停用并销毁，用它加密的内容不能再打开", RETIRED_EN)
        if not KEY_ID.fullmatch(key_id) or not path.exists():
            raise KeyringError(str(path), "密钥文件夹中没有它", "the folder of keys does not have it")
        self._seals[key_id] = AESGCM(read_key(path))
        return self._seals[key_id]


def retired_keys(keys_dir: Path) -> dict[str, str]:
    """The fingerprints of the seal keys that were destroyed, by the key's id. Raises: FolderUnwritable if they cannot be read."""
    try:
        return {
            path.stem.removeprefix(SEAL): path.read_text(encoding="ascii").strip()
            for path in sorted(keys_dir.glob(f"{SEAL}*.retired"))
        }
    except OSError as error:
        raise FolderUnwritable(str(keys_dir), error.strerror or str(error)) from error


def make_seal_key(settings: Settings, key_id: str) -> str:
    """Make a seal key of that id, which nothing had before; gives its fingerprint. Raises: FolderUnwritable."""
    path = settings.keys_dir / f"{SEAL}{key_id}.key"
    key = secrets.token_bytes(KEY_BYTES)
    try:
        write_private(path, key.hex())
        settle(path.parent)
    except OSError as error:
        raise FolderUnwritable(str(settings.keys_dir), error.strerror or str(error)) from error
    return _fingerprint(key)


def destroy_seal_key(settings: Settings, key_id: str, fingerprint: str) -> None:
    """Leave the fingerprint of a key in its place, then write over its file and remove it. Harmless when repeated.

    Copies kept elsewhere, and what a disk keeps of what was written over, are beyond it. Raises: FolderUnwritable.
    """
    path = settings.keys_dir / f"{SEAL}{key_id}.key"
    try:
        write_private(path.with_suffix(".retired"), fingerprint)
        settle(path.parent)
        if path.exists():
            with path.open("r+b") as file:
                file.write(b"0" * (2 * KEY_BYTES))
                file.flush()
                os.fsync(file.fileno())
            path.unlink()
            settle(path.parent)
    except OSError as error:
        raise FolderUnwritable(str(settings.keys_dir), error.strerror or str(error)) from error


def _make_missing(settings: Settings) -> None:
    """Make the first keys; those that are there already (brought by hand) are kept."""
    try:
        settings.keys_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        has_seal = any(settings.keys_dir.glob(f"{SEAL}*.key"))
        names = [TOKEN_KEY] if has_seal else [TOKEN_KEY, f"{SEAL}{FIRST_SEAL_KEY}"]
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
