"""The archive: every byte ever received, unchanged, under its SHA-256 and sealed, because workbooks hold personal data.

    <home>/archive/ab/ab12…   MAGIC, then for each piece of up to 4 MB: its length, key id, nonce and ciphertext (AES-GCM)

A piece is bound to its place and to whether it is the last, so that none can be swapped, repeated or cut off unnoticed; the
bytes as a whole are held against their SHA-256 whenever they are read. What an older key sealed may be sealed anew in place: the
bytes stay, and who has the file open reads on.

Where a person in it was erased, or it was kept long enough, a redacted copy (perhaps of nothing) stands under the name of the
original, begins with REDACTED, and is bound to that name; who asks for the original gets the copy, and the original does not come
back, should somebody send it again.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import struct
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from connectors.errors import ArchiveError, FolderUnwritable, KeyringError
from connectors.home import settle
from connectors.keys import Keyring
from connectors.settings import Settings

MAGIC, REDACTED = b"UWARCH1\n", b"UWARCR1\n"

PIECE_BYTES = 4_000_000
"""What is sealed at once: a file of any size goes in and out without filling the memory."""

DRAFT_DAYS = 1
"""A draft that nobody has written in for so long is that of a run that was killed."""

_HEAD = struct.Struct(">IBBB")
"""Of each piece: length of the ciphertext, of the key id, of the nonce; 1 where it is the last."""


class Archive:
    """Bytes by their SHA-256. What is put in twice is kept once; no bytes are ever changed or removed, but where a person is erased or the
    time of keeping is over."""

    def __init__(self, settings: Settings, keyring: Keyring) -> None:
        self._folder, self._keyring = settings.archive_dir, keyring
        self._unsettled: set[Path] = set()

    def put(self, data: bytes) -> str:
        """Keep these bytes; gives their SHA-256. They survive a power cut once `settle` has returned. Raises: FolderUnwritable."""
        sha256 = hashlib.sha256(data).hexdigest()
        if self.path(sha256).exists() and not self._is_shut(sha256):
            # Perhaps put there by a run that was killed before it settled.
            self._unsettled.add(self.path(sha256).parent)
        else:
            self.put_pieces([data])
        return sha256

    def put_pieces(self, pieces: Iterable[bytes]) -> str:
        """Keep bytes that come piece by piece, however many; as `put`."""
        return self._put_whole(pieces, self._write, keeps_redacted=True)

    def redact(self, sha256: str, data: bytes) -> None:
        """Put these bytes in the place of those with this SHA-256, for good; killed at any moment, it is the one or the other.

        Raises: FolderUnwritable.
        """
        self._put_whole([data], lambda file, pieces: self._write(file, pieces, redacts=sha256))

    def is_redacted(self, sha256: str) -> bool:
        """Whether a redacted copy stands in the place of the bytes with this SHA-256."""
        try:
            with self.path(sha256).open("rb") as file:
                return file.read(len(REDACTED)) == REDACTED
        except FileNotFoundError:
            return False

    def settle(self) -> None:
        """Make the names of all that was put in since the last call as safe as its bytes; once for many files, because a folder
        costs as much as a file. Raises: FolderUnwritable."""
        try:
            for folder in (*sorted(self._unsettled), *([self._folder] if self._unsettled else [])):
                settle(folder)
        except OSError as error:
            raise FolderUnwritable(str(self._folder), error.strerror or str(error)) from error
        self._unsettled.clear()

    def settle_all(self) -> None:
        """As `settle`, for whatever anybody put in. Raises: FolderUnwritable."""
        self._unsettled.update(self._folder.glob("[0-9a-f][0-9a-f]"))
        self.settle()

    def clear_away(self) -> None:
        """Remove the drafts that killed runs left: as large as what they were of, and nobody else's. Raises: FolderUnwritable."""
        oldest = time.time() - DRAFT_DAYS * 86_400
        try:
            for draft in self._folder.glob(".*-*"):
                if draft.stat().st_mtime < oldest:
                    draft.unlink(missing_ok=True)
        except FileNotFoundError:
            # Another run clears away too.
            return
        except OSError as error:
            raise FolderUnwritable(str(self._folder), error.strerror or str(error)) from error

    def get(self, sha256: str, at_most: int | None = None) -> bytes:
        """The bytes with this SHA-256, or only the first `at_most` of them.

        Raises: ArchiveError if they are not there, or not those bytes (which the first few alone cannot tell).
        """
        parts: list[bytes] = []
        size = 0
        for part in self._pieces(sha256):
            parts.append(part)
            size += len(part)
            if at_most is not None and size > at_most:
                return b"".join(parts)[:at_most]
        data = b"".join(parts)
        if hashlib.sha256(data).hexdigest() != sha256 and not self.is_redacted(sha256):
            raise self._differs(sha256)
        return data

    def check(self, sha256: str) -> None:
        """See that the bytes with this SHA-256 are there and are those. Raises: ArchiveError."""
        digest = hashlib.sha256()
        for part in self._pieces(sha256):
            digest.update(part)
        if digest.hexdigest() != sha256 and not self.is_redacted(sha256):
            raise self._differs(sha256)

    def size(self, sha256: str) -> int:
        """How many bytes the file that holds them has, sealed. Raises: ArchiveError if it is not there."""
        try:
            return self.path(sha256).stat().st_size
        except FileNotFoundError as error:
            raise self._error(sha256, "文件不存在", "the file is not there") from error

    def put_sealed(self, sha256: str, parts: Iterable[bytes]) -> None:
        """Bring back the file that holds these bytes, as it was sealed; its parts come from a backup.

        Raises: ArchiveError if they are not those bytes, or sealed with another key; FolderUnwritable.
        """
        self._put_whole(parts, lambda file, given: self._copy(file, given, sha256))
        self.check(sha256)

    def names(self) -> Iterator[str]:
        """The SHA-256 of all that is kept, in order."""
        for folder in sorted(self._folder.glob("[0-9a-f][0-9a-f]")):
            yield from sorted(path.name for path in folder.iterdir())

    def sealed_with(self, sha256: str) -> frozenset[str]:
        """The ids of the keys that its pieces are sealed with, read from their heads. Raises: ArchiveError."""
        with self._opened(sha256) as file:
            found = set()
            self._begins_redacted(file, sha256)
            for key_id, _, length, _ in self._heads(file, sha256):
                found.add(key_id)
                file.seek(length, os.SEEK_CUR)
            return frozenset(found)

    def reseal(self, sha256: str) -> None:
        """Seal these bytes anew with the key that seals now; killed at any moment, they are there as before.

        Raises: ArchiveError, FolderUnwritable.
        """
        self._put_whole(self._pieces(sha256), lambda file, pieces: self._write_same(file, pieces, sha256))

    def path(self, sha256: str) -> Path:
        """Where the bytes with this SHA-256 are, or would be."""
        return self._folder / sha256[:2] / sha256

    def _put_whole(
        self,
        pieces: Iterable[bytes],
        write: Callable[[BinaryIO, Iterable[bytes]], str],
        *,
        keeps_redacted: bool = False,
    ) -> str:
        temporary = self._folder / f".{os.getpid()}-{secrets.token_hex(8)}"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _new_file(temporary) as file:
                sha256 = write(file, pieces)
                file.flush()
                os.fsync(file.fileno())
            target = self.path(sha256)
            target.parent.mkdir(mode=0o700, exist_ok=True)
            if not (keeps_redacted and self.is_redacted(sha256)):
                temporary.replace(target)
            self._unsettled.add(target.parent)
        except OSError as error:
            raise FolderUnwritable(str(self._folder), error.strerror or str(error)) from error
        finally:
            temporary.unlink(missing_ok=True)
        return sha256

    @staticmethod
    def _copy(file: BinaryIO, parts: Iterable[bytes], sha256: str) -> str:
        for part in parts:
            file.write(part)
        return sha256

    def _write_same(self, file: BinaryIO, pieces: Iterable[bytes], sha256: str) -> str:
        if self._write(file, pieces, redacts=sha256 if self.is_redacted(sha256) else None) != sha256:
            raise self._differs(sha256)
        return sha256

    def _write(self, file: BinaryIO, pieces: Iterable[bytes], redacts: str | None = None) -> str:
        """Seal bytes into a file, as themselves or as the redacted copy of others; gives the SHA-256 that they stand for."""
        digest = hashlib.sha256()
        file.write(REDACTED if redacts else MAGIC)
        number, waiting = 0, b""
        for piece in _even(pieces):
            digest.update(piece)
            if number:
                self._seal(file, waiting, _place(number, False, redacts), is_last=False)
            number, waiting = number + 1, piece
        self._seal(file, waiting, _place(max(number, 1), True, redacts), is_last=True)
        return redacts or digest.hexdigest()

    def _seal(self, file: BinaryIO, piece: bytes, place: bytes, *, is_last: bool) -> None:
        key_id, nonce, ciphertext = self._keyring.encrypt(piece, place)
        file.write(_HEAD.pack(len(ciphertext), len(key_id), len(nonce), is_last) + key_id.encode() + nonce)
        file.write(ciphertext)

    def _pieces(self, sha256: str) -> Iterator[bytes]:
        with self._opened(sha256) as file:
            redacts = sha256 if self._begins_redacted(file, sha256) else None
            for number, (key_id, nonce, length, is_last) in enumerate(self._heads(file, sha256), 1):
                yield self._keyring.decrypt(key_id, nonce, _exactly(file, length), _place(number, is_last, redacts))

    def _begins_redacted(self, file: BinaryIO, sha256: str) -> bool:
        """Read past how a file begins; gives whether it is a redacted copy. Raises: ArchiveError."""
        begins = file.read(len(MAGIC))
        if begins not in (MAGIC, REDACTED):
            raise self._error(sha256, "不是档案文件", "the file is not one of the archive")
        return begins == REDACTED

    def _heads(self, file: BinaryIO, sha256: str) -> Iterator[tuple[str, bytes, int, bool]]:
        """Of each piece: key id, nonce, length of the ciphertext, which is read or passed by before the next, and whether it is the last."""
        is_last = 0
        while not is_last:
            length, key_length, nonce_length, is_last = _HEAD.unpack(_exactly(file, _HEAD.size))
            yield _exactly(file, key_length).decode(), _exactly(file, nonce_length), length, bool(is_last)
        if file.read(1):
            raise self._error(sha256, "文件末尾有多余内容", "something follows its end")

    @contextmanager
    def _opened(self, sha256: str) -> Iterator[BinaryIO]:
        """The file that holds these bytes; what is wrong with it becomes an ArchiveError."""
        try:
            with self.path(sha256).open("rb") as file:
                yield file
        except FileNotFoundError as error:
            raise self._error(sha256, "文件不存在", "the file is not there") from error
        except OSError as error:
            why = error.strerror or str(error)
            raise self._error(sha256, why, why) from error
        except (EOFError, UnicodeDecodeError) as error:
            raise self._error(sha256, "文件不完整", "the file is cut off or damaged") from error
        except KeyringError as error:
            raise self._error(sha256, error.why_zh, error.why_en) from error

    def _is_shut(self, sha256: str) -> bool:
        """Whether it is sealed with a key that was destroyed since: its bytes, when they come again, are kept again."""
        return bool(self._keyring.retired) and bool(self.sealed_with(sha256) & self._keyring.retired.keys())

    def _differs(self, sha256: str) -> ArchiveError:
        return self._error(sha256, "内容与其 SHA-256 不符", "they do not have that SHA-256")

    def _error(self, sha256: str, why_zh: str, why_en: str) -> ArchiveError:
        return ArchiveError(sha256, str(self.path(sha256)), why_zh, why_en)


def sealing_key(beginning: bytes) -> str:
    """The id of the key that a file of the archive begins to be sealed with, from its first bytes."""
    _, length, _, _ = _HEAD.unpack_from(beginning, len(MAGIC))
    start = len(MAGIC) + _HEAD.size
    return beginning[start : start + length].decode()


def _new_file(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb")


def _exactly(file: BinaryIO, length: int) -> bytes:
    data = file.read(length)
    if len(data) < length:
        raise EOFError
    return data


def _place(number: int, is_last: bool, redacts: str | None) -> bytes:
    return f"archive piece {number}{' last' if is_last else ''}{f' for {redacts}' if redacts else ''}".encode()


def _even(pieces: Iterable[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        for start in range(0, len(piece), PIECE_BYTES):
            yield piece[start : start + PIECE_BYTES]
