"""The account that the embedded server runs under: Postgres refuses to run as root."""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors.postgres.errors import ClusterAccountMissing

ROOT_CHOICES = ("postgres", "nobody")
"""Accounts that root tries in turn: the one made for Postgres where there is one, else the one that every system has."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account of this machine, and whether we have to step down to it."""

    name: str
    uid: int
    gid: int
    is_stepped_down: bool

    def subprocess_options(self) -> dict[str, Any]:
        """What `subprocess.run` needs to run a program as this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.is_stepped_down else {}

    def give(self, path: Path, mode: int) -> None:
        """Hand a file or folder that we have just made to this account. Never follows a link."""
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            if self.is_stepped_down:
                os.fchown(handle, self.uid, self.gid)
            os.fchmod(handle, mode)
        finally:
            os.close(handle)

    def can_reach(self, path: Path) -> bool:
        """Whether this account may pass through every folder above `path`, and `path` itself where it exists."""
        return all(self._may_search(folder) for folder in (path, *path.parents) if folder.exists())

    def _may_search(self, folder: Path) -> bool:
        facts = folder.stat()
        if facts.st_uid == self.uid:
            return bool(facts.st_mode & stat.S_IXUSR)
        if facts.st_gid == self.gid:
            return bool(facts.st_mode & stat.S_IXGRP)
        return bool(facts.st_mode & stat.S_IXOTH)


def account_named(name: str) -> Account:
    """That account, stepped down to if it is not ours. Raises: ClusterAccountMissing if passwd does not have it."""
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise ClusterAccountMissing(name) from None
    if entry.pw_uid == 0:
        raise ClusterAccountMissing(name)
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, is_stepped_down=os.geteuid() != entry.pw_uid)


def choose_account(wanted: str | None) -> Account:
    """The account for a new cluster: our own, or, for root, the wanted one or the first of `ROOT_CHOICES`.

    Raises: ClusterAccountMissing if there is none, or if ours is not in passwd (Postgres would not start).
    """
    if os.geteuid() != 0:
        try:
            return account_named(pwd.getpwuid(os.geteuid()).pw_name)
        except KeyError:
            raise ClusterAccountMissing(f"uid {os.geteuid()}") from None
    if wanted:
        return account_named(wanted)
    for name in ROOT_CHOICES:
        try:
            return account_named(name)
        except ClusterAccountMissing:
            continue
    raise ClusterAccountMissing(" / ".join(ROOT_CHOICES))
