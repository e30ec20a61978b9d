"""Whether the embedded server lives: told by its socket, its pid file and what the pid really is."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

from connectors.postgres.errors import ClusterNotOurs, ClusterWontStart
from connectors.postgres.location import Location

PROC = Path("/proc")
"""Where Linux shows processes; elsewhere Postgres's own check of its pid file has to do."""

ORPHANS_SECONDS = 90
"""How long a server may outlive its postmaster or its pid file: backends notice the first within a second, a postmaster the
second within a minute."""


def is_accepting(location: Location) -> bool:
    """Whether the server takes connections now. Raises: ClusterNotOurs if we may not touch its socket."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(5)
            probe.connect(str(location.socket))
    except PermissionError:
        raise ClusterNotOurs(str(location.data), location.account, f"uid {os.geteuid()}") from None
    except OSError:
        return False
    # It listens while it still recovers; the last line of its pid file says when it is done.
    return _pid_file_lines(location)[-1:] == ["ready"]


def postmaster_pid(location: Location) -> int | None:
    """The pid of the living postmaster of this cluster; none if it is dead, a zombie, or its pid now belongs to another program."""
    lines = _pid_file_lines(location)
    if not lines or not lines[0].isdigit():
        return None
    pid = int(lines[0])
    return pid if _is_server_process(pid, location) else None


def has_lost_its_socket(location: Location) -> bool:
    """Whether a living server is ready but nobody can reach it, because its socket was deleted; it never makes it anew."""
    return _pid_file_lines(location)[-1:] == ["ready"] and not location.socket.is_socket()


def clear_away_the_dead(location: Location) -> None:
    """Make way for a new postmaster after one was killed: wait for its backends to end, drop the files that hold its pid.

    The caller holds the home's lock and has seen that there is no postmaster. One may still come: of a start whose own process was
    killed before the postmaster had written its pid. Then nothing is dropped. Raises: ClusterWontStart if backends do not end.
    """
    if not PROC.exists():
        return
    deadline = time.monotonic() + ORPHANS_SECONDS
    while orphans := [
        int(p.name) for p in PROC.iterdir() if p.name.isdigit() and _is_server_process(int(p.name), location)
    ]:
        if postmaster_pid(location) is not None:
            return
        if time.monotonic() > deadline:
            reason = f"processes of a killed server still work on it: {', '.join(map(str, orphans))}"
            raise ClusterWontStart(str(location.data), "waiting for the former server", reason, str(location.log))
        time.sleep(0.1)
    # Postgres would take any living process of that pid, even a zombie, for its predecessor and refuse to start.
    for left in (
        location.data / "postmaster.pid",
        location.socket,
        location.socket.with_name(f"{location.socket.name}.lock"),
    ):
        left.unlink(missing_ok=True)


def _is_server_process(pid: int, location: Location) -> bool:
    if not PROC.exists():
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True
    try:
        # Every process of a server has the cluster as its working folder; a zombie has none, a stranger's may not be read.
        is_inside = (PROC / str(pid) / "cwd").samefile(location.data)
        return is_inside and (PROC / str(pid) / "comm").read_text().strip() == "postgres"
    except OSError:
        return False


def _pid_file_lines(location: Location) -> list[str]:
    try:
        return [line.strip() for line in (location.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()]
    except PermissionError:
        raise ClusterNotOurs(str(location.data), location.account, f"uid {os.geteuid()}") from None
    except FileNotFoundError:
        return []
