"""The embedded server: made, started, stopped. It is its own process group and outlives the command that started it."""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
import time
from pathlib import Path

from connectors.home import file_lock, make_home
from connectors.postgres.account import Account
from connectors.postgres.configuration import write_configuration
from connectors.postgres.errors import ClusterNotOurs, ClusterVersionDiffers, ClusterWontStart
from connectors.postgres.location import Location, recorded_location, settle_location
from connectors.postgres.passwords import ADMIN_ROLE, password
from connectors.postgres.processes import (
    clear_away_the_dead,
    has_lost_its_socket,
    is_accepting,
    postmaster_pid,
)
from connectors.postgres.programs import installed_version, run_program
from connectors.settings import Settings

START_SECONDS = 300
"""How long a start may take: a crash in the middle of a big load is replayed first."""

STOP_SECONDS = 120
"""How long the last checkpoint may take."""


def lock_path(settings: Settings) -> Path:
    """The file whose lock is held while the server of this home is made, started or stopped."""
    return settings.home / "postgres.lock"


def start_server(settings: Settings) -> Location:
    """Make the cluster if there is none, and start it if it does not run; harmless when it does. The caller holds the home's lock.

    Raises: ClusterError.
    """
    location, account = settle_location(settings)
    for leftover in Path(location.base).glob("making-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    if not (location.data / "PG_VERSION").exists():
        _make_cluster(settings, location, account)
    _check_version(location)
    if is_accepting(location):
        return location
    if postmaster_pid(location) is not None and has_lost_its_socket(location):
        # Whoever is connected still loses that connection, and finds the server again at the next try.
        _end(location, account)
    if postmaster_pid(location) is None:
        clear_away_the_dead(location)
    if postmaster_pid(location) is None:
        _launch(location, account)
    _wait_until_accepting(location)
    return location


def stop_server(settings: Settings) -> bool:
    """Stop the embedded server, ending its sessions; false if it did not run. Raises: ClusterError."""
    location = recorded_location(settings)
    if location is None:
        return False
    refuse_strangers(location)
    with file_lock(lock_path(settings), START_SECONDS):
        if postmaster_pid(location) is None:
            return False
        location, account = settle_location(settings)
        _end(location, account)
        return True


def refuse_strangers(location: Location) -> None:
    """Raises: ClusterNotOurs unless we are root or the account of the cluster."""
    facts = Path(location.base).stat() if Path(location.base).exists() else None
    if facts is not None and os.geteuid() not in (0, facts.st_uid):
        raise ClusterNotOurs(str(location.data), location.account, f"uid {os.geteuid()}")


def make_home_and_lock(settings: Settings) -> Path:
    """The home's lock file, with the home made if need be."""
    make_home(settings)
    return lock_path(settings)


def _make_cluster(settings: Settings, location: Location, account: Account) -> None:
    """Make the cluster aside and move it into place, so that a kill leaves none or a whole one."""
    base = Path(location.base)
    aside = Path(tempfile.mkdtemp(prefix="making-", dir=base))
    account.give(aside, 0o700)
    secret = aside / "password"
    secret.write_text(password(settings, ADMIN_ROLE), encoding="ascii")
    account.give(secret, 0o600)
    cluster = aside / "data"
    run_program(
        location,
        account,
        "initdb",
        "initdb",
        f"--pgdata={cluster}",
        f"--username={ADMIN_ROLE}",
        f"--pwfile={secret}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        # Needs no locale of the system and orders by code point everywhere alike.
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
        "--data-checksums",
    )
    secret.unlink()
    cluster.rename(location.data)
    aside.rmdir()


def _check_version(location: Location) -> None:
    found = (location.data / "PG_VERSION").read_text().strip()
    installed = installed_version().split(".")[0]
    if found != installed:
        raise ClusterVersionDiffers(str(location.data), found, installed)


def _launch(location: Location, account: Account) -> None:
    write_configuration(location)
    before = _log_sizes(location)
    options = f"-c config_file={shlex.quote(str(location.config))}"
    start = ["start", "-s", "-w", "-t", str(START_SECONDS), "-D", str(location.data), "-o", options]
    start += ["-l", str(location.log / "start.log")]
    done = run_program(location, account, "pg_ctl start", "pg_ctl", *start, is_checked=False)
    # One that a killed command has left on its way is as good as ours.
    if done.returncode and postmaster_pid(location) is None:
        reason = _last_fatal(location, before) or " ".join((done.stderr or done.stdout).split())
        raise ClusterWontStart(str(location.data), "pg_ctl start", reason.rstrip("."), str(location.log))


def _log_sizes(location: Location) -> dict[Path, int]:
    return {path: path.stat().st_size for path in location.log.iterdir()}


def _end(location: Location, account: Account) -> None:
    arguments = ["stop", "-s", "-w", "-t", str(STOP_SECONDS), "-m", "fast", "-D", str(location.data)]
    run_program(location, account, "pg_ctl stop", "pg_ctl", *arguments)


def _last_fatal(location: Location, before: dict[Path, int]) -> str | None:
    """What the server said last before it gave up, of all that was logged since."""
    said = [p.read_bytes()[before.get(p, 0) :].decode(errors="replace") for p in sorted(location.log.iterdir())]
    fatal = [line.partition("FATAL:")[2].strip() for text in said for line in text.splitlines() if "FATAL:" in line]
    return fatal[-1] if fatal else None


def _wait_until_accepting(location: Location) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not is_accepting(location):
        if postmaster_pid(location) is None:
            raise ClusterWontStart(str(location.data), "recovery", "the server has ended again", str(location.log))
        if time.monotonic() > deadline:
            reason = f"it does not accept connections after {START_SECONDS} s"
            raise ClusterWontStart(str(location.data), "recovery", reason, str(location.log))
        time.sleep(0.05)
