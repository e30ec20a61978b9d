"""Where the embedded cluster of a home lies: decided once, recorded in the home, never decided again.

    <base>/             made by whoever started it first; root's own when run as root, so that no other account can plant links
        data/           the cluster, of the server's account, 0700
        log/            the server's log, of the server's account, 0700
        socket/         the private socket, of the server's account, 0700 (elsewhere if its path were too long)
        postgresql.conf written by us at each start
        programs-<v>/   a copy of the programs, where the account cannot read the installed ones

`<base>` is `<home>/postgres`, or, for root with a home that the account cannot reach (such as one under /root),
`/var/lib/union-warehouse/<hash of the home's path>`. Folders of other people are never opened up for it.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tempfile
from dataclasses import asdict, dataclass, replace
from itertools import count
from pathlib import Path

from connectors.errors import FolderUnwritable
from connectors.home import write_private
from connectors.postgres.account import Account, account_named, choose_account
from connectors.postgres.errors import ClusterNotOurs
from connectors.settings import Settings

SYSTEM_FOLDER = Path("/var/lib/union-warehouse")
"""Where root keeps clusters whose home the server's account cannot reach."""

PORT = 5432
"""Nothing listens on it: it only names the socket file."""

LONGEST_SOCKET_PATH = 107
"""Bytes that the kernel allows a unix socket's path (Linux `sun_path`; 103 on macOS, which is shorter and counted below)."""


@dataclass(frozen=True, slots=True)
class Location:
    """Where a cluster lies and whose it is. `provision` says how far our role and database have been made in it; 0 is not at all."""

    base: str
    socket_dir: str
    account: str
    provision: int

    @property
    def data(self) -> Path:
        """The cluster itself."""
        return Path(self.base) / "data"

    @property
    def log(self) -> Path:
        """The folder of the server's log."""
        return Path(self.base) / "log"

    @property
    def config(self) -> Path:
        """The server's configuration, ours."""
        return Path(self.base) / "postgresql.conf"

    @property
    def socket(self) -> Path:
        """The socket file."""
        return Path(self.socket_dir) / f".s.PGSQL.{PORT}"


def recorded_location(settings: Settings) -> Location | None:
    """The location that this home records, or none if it has no cluster yet."""
    try:
        facts = json.loads(_record(settings).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (PermissionError, NotADirectoryError) as error:
        raise FolderUnwritable(str(settings.home), error.strerror or "") from None
    # Version 0.2 recorded a yes or no: a home of its time is provisioned anew, which harms nothing.
    facts = {"provision": 0} | {name: fact for name, fact in facts.items() if name != "is_provisioned"}
    # Paths inside the home are recorded relative to it, so that a home can be moved.
    return Location(**{**facts, **{name: str(settings.home / facts[name]) for name in ("base", "socket_dir")}})


def record_location(settings: Settings, location: Location) -> Location:
    """Write the location into the home, whole or not at all, and give it back."""
    facts = asdict(location)
    for name in ("base", "socket_dir"):
        if Path(facts[name]).is_relative_to(settings.home):
            facts[name] = str(Path(facts[name]).relative_to(settings.home))
    write_private(_record(settings), json.dumps(facts, indent=1))
    return location


def settle_location(settings: Settings) -> tuple[Location, Account]:
    """The location of this home's cluster, with its folders there and safe; decided now if it never was.

    The caller holds the home's lock. Raises: ClusterNotOurs, ClusterAccountMissing.
    """
    location = recorded_location(settings)
    if location is None:
        account = choose_account(settings.postgres_account)
        base = _choose_base(settings, account)
        location = record_location(settings, Location(str(base), str(base / "socket"), account.name, 0))
    else:
        account = account_named(location.account)
        if account.is_stepped_down and os.geteuid() != 0:
            raise ClusterNotOurs(str(location.data), account.name, choose_account(None).name)
    for folder in (Path(location.base).parent, Path(location.base)):
        if not folder.exists():
            folder.mkdir()
            folder.chmod(0o711)
    _private_folder(location.log, account)
    return _with_safe_socket(settings, location, account), account


def _record(settings: Settings) -> Path:
    return settings.home / "postgres.json"


def _choose_base(settings: Settings, account: Account) -> Path:
    if not account.is_stepped_down or account.can_reach(settings.home):
        return settings.home / "postgres"
    name = hashlib.sha256(os.fsencode(settings.home)).hexdigest()[:16]
    if settings.secrets_dir.exists():
        return SYSTEM_FOLDER / name
    # What lies there already belonged to a home of this path that was deleted; its passwords and keys went with it.
    return next(
        folder for n in count(1) if not (folder := SYSTEM_FOLDER / (name if n == 1 else f"{name}-{n}")).exists()
    )


def _private_folder(folder: Path, account: Account) -> None:
    """Make a folder of the account's own."""
    if not folder.exists():
        folder.mkdir(mode=0o700)
        account.give(folder, 0o700)


def _with_safe_socket(settings: Settings, location: Location, account: Account) -> Location:
    """The location with a socket folder that is ours alone and whose path is short enough, made anew if need be."""
    limit = LONGEST_SOCKET_PATH - (4 if os.uname().sysname == "Darwin" else 0)
    inside = Path(location.base) / "socket"
    if len(os.fsencode(inside / location.socket.name)) <= limit:
        _private_folder(inside, account)
        return location if location.socket_dir == str(inside) else _moved(settings, location, inside)
    if _is_private(Path(location.socket_dir), account):
        return location
    # mkdtemp gives a name that nobody could have foreseen, made by us with mode 0700, in a folder where only we may replace it.
    made = Path(tempfile.mkdtemp(prefix="warehouse-", dir="/tmp"))
    account.give(made, 0o700)
    return _moved(settings, location, made)


def _moved(settings: Settings, location: Location, socket_dir: Path) -> Location:
    return record_location(settings, replace(location, socket_dir=str(socket_dir)))


def _is_private(folder: Path, account: Account) -> bool:
    try:
        facts = folder.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(facts.st_mode) and facts.st_uid == account.uid and stat.S_IMODE(facts.st_mode) == 0o700
