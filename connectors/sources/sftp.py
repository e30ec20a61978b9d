"""A folder of an SFTP server as a source. The server must be the one whose key stands in the known_hosts file; nothing is written there.

paramiko itself, not fsspec's file system over it: that one knows no known_hosts file of ours and no timeouts.
"""

from __future__ import annotations

import socket
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import paramiko

from connectors.archive import Archive
from connectors.sources.declared import SftpDeclared
from connectors.sources.errors import Located, SourceFailed
from connectors.sources.remote_files import copy_whole, is_delivery, safe_name
from connectors.sources.secrets import read_secret
from connectors.sources.source import Copied, Ground, Listing, ObjectChangedError, SourceObject

DEEPEST = 20
"""Folders in folders: deeper ones are a loop of links that a server shows as folders."""


class SftpSource(Located):
    """A folder with all its subfolders, connected. Raises: SourceFailed."""

    def __init__(self, declared: SftpDeclared, ground: Ground) -> None:
        self.source_id = declared.id
        self._declared, self._deadline = declared, ground.deadline
        self.location = f"sftp://{declared.host}:{declared.port}/{declared.folder.lstrip('/')}"
        self._client = paramiko.SSHClient()
        ground.deadline.on_close(self._client.close)
        try:
            with self._failures():
                self._sftp = self._connect()
        except SourceFailed:
            self.close()
            raise

    def list(self) -> Listing:
        """What lies in the folder now; links and the like are never followed, a folder that may not be read is skipped."""
        objects: list[SourceObject] = []
        skipped = 0
        folders = [(self._declared.folder, "", 0)]
        while folders:
            folder, below, depth = folders.pop()
            try:
                entries = self._entries(folder)
            except PermissionError:
                if depth == 0:
                    raise self.shut("无权读取该文件夹", "that folder may not be read") from None
                skipped += 1
                continue
            for entry in entries:
                name = f"{below}{entry.filename}"
                mode = entry.st_mode or 0
                if not is_delivery(name):
                    continue
                if stat.S_ISDIR(mode) and depth < DEEPEST:
                    folders.append((f"{folder}/{entry.filename}", f"{name}/", depth + 1))
                elif stat.S_ISREG(mode):
                    objects.append(_object(name, f"{folder}/{entry.filename}", entry))
                else:
                    skipped += 1
        objects.sort(key=lambda found: found.name)
        return Listing(objects, skipped)

    def young(self, objects: Sequence[SourceObject]) -> Sequence[SourceObject]:
        """All: the server's clock is not ours, so nothing tells what was changed just now."""
        return objects

    def copy(self, found: SourceObject, archive: Archive) -> Copied:
        """The file's bytes, if it is the same before and after. Raises: as `Source.copy`."""
        with self._failures():
            try:
                self._refuse_changed(found)
                with self._sftp.open(found.location, "rb") as file:
                    file.prefetch(found.size_bytes)
                    copied = copy_whole(found, file.read, archive, self._deadline)
                self._refuse_changed(found)
            except FileNotFoundError:
                raise ObjectChangedError from None
        return copied

    def probe(self) -> int:
        """How many files there are."""
        return len(self.list().objects)

    def close(self) -> None:
        """Hang up."""
        self._client.close()

    def _connect(self) -> paramiko.SFTPClient:
        d = self._declared
        self._client.load_host_keys(str(d.known_hosts))
        self._client.set_missing_host_key_policy(paramiko.RejectPolicy())
        patience = self._deadline.patience_seconds()
        self._client.connect(
            d.host,
            port=d.port,
            username=d.user,
            password=read_secret(d, d.password, "password") if d.password else None,
            key_filename=str(d.key.file) if d.key else None,
            passphrase=read_secret(d, d.passphrase, "passphrase") if d.passphrase else None,
            # Nobody's agent and no key of the account that runs us: only what was declared.
            allow_agent=False,
            look_for_keys=False,
            timeout=patience,
            banner_timeout=patience,
            auth_timeout=patience,
            channel_timeout=patience,
        )
        sftp = self._client.open_sftp()
        channel = sftp.get_channel()
        assert channel is not None  # noqa: S101 - it was opened just now
        channel.settimeout(patience)
        return sftp

    def _entries(self, folder: str) -> Sequence[paramiko.SFTPAttributes]:
        with self._failures():
            self._deadline.left_seconds()
            try:
                return self._sftp.listdir_attr(folder)
            except FileNotFoundError:
                raise self.shut(f"没有文件夹 {folder}", f"there is no folder {folder}") from None

    def _refuse_changed(self, found: SourceObject) -> None:
        """Raises: ObjectChangedError unless the file is still what was listed."""
        self._deadline.left_seconds()
        now = self._sftp.lstat(found.location)
        if _object(found.name, found.location, now) != found or not stat.S_ISREG(now.st_mode or 0):
            raise ObjectChangedError

    @contextmanager
    def _failures(self) -> Iterator[None]:
        """What paramiko raises, in our words; a file that is not there or may not be read stays as it is."""
        try:
            yield
        except (FileNotFoundError, PermissionError):
            raise
        except paramiko.BadHostKeyException:
            raise self.shut(
                "服务器的主机密钥与 known_hosts 不符，可能是冒充的服务器，没有登录",
                "the server's host key is not the one in known_hosts; it may be another server, so we did not log in",
            ) from None
        except paramiko.AuthenticationException:
            raise self.shut("服务器拒绝登录（账号、密码或密钥不对）", "it refused our user, password or key") from None
        except (paramiko.SSHException, EOFError, OSError, socket.gaierror) as error:
            with suppress(Exception):
                self._client.close()
            if "not found in known_hosts" in str(error):
                raise self.shut(
                    "known_hosts 中没有这台服务器；核实指纹后用 ssh-keyscan 加入",
                    "the server is not in known_hosts; check its fingerprint and add it (ssh-keyscan)",
                ) from None
            self._deadline.left_seconds()
            why = getattr(error, "strerror", None) or type(error).__name__
            raise self.broken(f"连接中断（{why}）", f"the connection broke ({why})") from None


def _object(name: str, location: str, entry: paramiko.SFTPAttributes) -> SourceObject:
    """The file as the server tells it: its times are whole seconds."""
    return SourceObject(safe_name(name), location, entry.st_size or 0, (entry.st_mtime or 0) * 1_000_000_000)
