"""A sealed stream: bytes of any length under one key, in pieces that can be neither changed, swapped, repeated nor cut off.

    MAGIC, kind (1 byte), key id (8 bytes), salt (32 bytes); then for each piece its length and AES-256-GCM ciphertext

The key of each stream is its own (HKDF-SHA-256 of the backup key over the salt), so a piece's number serves as its nonce; the
nonce's last byte says whether it is the last, and the head is authenticated with each.
"""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from connectors.backup.errors import BackupDamaged, BackupKeyDiffers
from connectors.backup.key import KEY_ID_BYTES, BackupKey

MAGIC = b"UWBACK1\n"
PIECE_BYTES = 1 << 20
TAG_BYTES = 16
SALT_BYTES = 32
HEAD_BYTES = len(MAGIC) + 1 + KEY_ID_BYTES + SALT_BYTES
_LENGTH = struct.Struct(">IB")
"""Of each piece: length of the ciphertext; 1 where it is the last."""


class SealedWriter:
    """Writes one stream into a file; nothing is whole before `finish`."""

    def __init__(self, file: BinaryIO, key: BackupKey, kind: bytes) -> None:
        salt = os.urandom(SALT_BYTES)
        self._head = MAGIC + kind + bytes.fromhex(key.key_id) + salt
        self._file, self._cipher = file, _cipher(key, salt, kind)
        self._waiting, self._number = bytearray(), 0
        self._digest = hashlib.sha256()
        self.stream_id, self.size = salt.hex(), 0
        self._put(self._head)

    @property
    def sha256(self) -> str:
        """The SHA-256 of what the file holds so far."""
        return self._digest.hexdigest()

    def write(self, data: bytes) -> None:
        """Add bytes."""
        self._waiting += data
        while len(self._waiting) > PIECE_BYTES:
            self._seal(bytes(self._waiting[:PIECE_BYTES]), is_last=False)
            del self._waiting[:PIECE_BYTES]

    def finish(self) -> None:
        """Write the last piece."""
        self._seal(bytes(self._waiting), is_last=True)

    def _seal(self, piece: bytes, *, is_last: bool) -> None:
        sealed = self._cipher.encrypt(_nonce(self._number, is_last), piece, self._head)
        self._number += 1
        self._put(_LENGTH.pack(len(sealed), is_last) + sealed)

    def _put(self, data: bytes) -> None:
        self._file.write(data)
        self._digest.update(data)
        self.size += len(data)


class SealedReader:
    """Reads one stream. Every byte that it gives is authentic; that none is missing at the end is known when `read` gives none.

    Raises: BackupDamaged, BackupKeyDiffers.
    """

    def __init__(self, path: Path, key: BackupKey, kind: bytes) -> None:
        self._path, self._digest = path, hashlib.sha256()
        try:
            self._file = path.open("rb")
        except FileNotFoundError:
            raise BackupDamaged(str(path), "文件不存在", "it is not there") from None
        try:
            self._head = self._take(HEAD_BYTES)
            if not self._head.startswith(MAGIC + kind):
                raise self._damaged("不是备份文件", "it is no such file of a backup")
            key_id = self._head[len(MAGIC) + 1 :][:KEY_ID_BYTES].hex()
            if key_id != key.key_id:
                raise BackupKeyDiffers(str(path), key_id, key.path)
        except BaseException:
            self._file.close()
            raise
        salt = self._head[-SALT_BYTES:]
        self.stream_id = salt.hex()
        self._cipher = _cipher(key, salt, kind)
        self._number, self._is_done, self._ready = 0, False, bytearray()

    def __enter__(self) -> SealedReader:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    @property
    def sha256(self) -> str:
        """The SHA-256 of what was read of the file so far."""
        return self._digest.hexdigest()

    def read(self, at_most: int = PIECE_BYTES) -> bytes:
        """Up to so many bytes; none at the end."""
        while not self._ready and not self._is_done:
            self._ready += self._open_piece()
        part = bytes(self._ready[:at_most])
        del self._ready[: len(part)]
        return part

    def exactly(self, length: int) -> bytes:
        """So many bytes."""
        return b"".join(self.parts(length))

    def parts(self, length: int) -> Iterator[bytes]:
        """So many bytes, part by part."""
        while length:
            part = self.read(min(length, PIECE_BYTES))
            if not part:
                raise self._damaged("内容不完整", "it is cut off")
            length -= len(part)
            yield part

    def _open_piece(self) -> bytes:
        length, last = _LENGTH.unpack(self._take(_LENGTH.size))
        if length > PIECE_BYTES + TAG_BYTES:
            raise self._damaged("内容已被改动或损坏", "it was changed or damaged")
        try:
            piece = self._cipher.decrypt(_nonce(self._number, last), self._take(length), self._head)
        except InvalidTag:
            raise self._damaged("内容已被改动或损坏", "it was changed or damaged") from None
        self._number += 1
        if last:
            self._is_done = True
            if self._file.read(1):
                raise self._damaged("文件末尾有多余内容", "something follows its end")
        return piece

    def _take(self, length: int) -> bytes:
        try:
            data = self._file.read(length)
        except OSError as error:
            raise self._damaged(error.strerror or "", error.strerror or "") from error
        if len(data) < length:
            raise self._damaged("文件不完整", "it is cut off")
        self._digest.update(data)
        return data

    def _damaged(self, why_zh: str, why_en: str) -> BackupDamaged:
        return BackupDamaged(str(self._path), why_zh, why_en)


def _cipher(key: BackupKey, salt: bytes, kind: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt, b"union-warehouse backup " + kind).derive(key.secret))


def _nonce(number: int, last: int) -> bytes:
    """The byte goes in as it stands in the file, so that none but 0 and 1 passes for it."""
    return number.to_bytes(11, "big") + bytes([last])
