"""The lease on publishing: one run at a time may build and publish, and a run woken from the dead may not.

A holder keeps a session advisory lock, which Postgres drops the moment its process is gone, so a killed run is followed at
once. A holder that is alive but stands still (SIGSTOP, a lost machine) loses the lease when it expires. Either way the next
holder gets a higher fencing number, and `publish` refuses every number but the newest.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psycopg

from connectors.errors import DatabaseError, LeaseBusyError
from connectors.settings import Settings
from connectors.warehouse.engine import connect
from connectors.warehouse.roles import LOADER

LIFETIME_SECONDS = 120
"""How long a holder may be silent: far above a pause of a busy machine, far below a night."""

PATIENCE_SECONDS = 1800
"""How long a run waits for another to publish: several nights' worth."""


@dataclass(frozen=True, slots=True)
class Lease:
    """Who may publish, and the fencing number that proves it."""

    name: str
    holder: str
    fence: int


@contextmanager
def hold(settings: Settings, name: str, holder: str, patience_seconds: float = PATIENCE_SECONDS) -> Iterator[Lease]:
    """The lease of that name, kept alive until the block ends. Raises: LeaseBusyError if another keeps it for too long."""
    with connect(settings, LOADER) as conn:
        lease = _take(conn, name, holder, patience_seconds)
        ended = threading.Event()
        beat = threading.Thread(target=_renew, args=(settings, lease, ended), name=f"lease-{name}", daemon=True)
        beat.start()
        try:
            yield lease
        finally:
            ended.set()
            beat.join()
            # A connection that was lost took the lock along, and the fencing number decided who might publish.
            with suppress(psycopg.OperationalError):
                with conn.transaction():
                    conn.execute(
                        "update ops.lease set expires_at = now() where name = %s and fence = %s",
                        (lease.name, lease.fence),
                    )
                conn.execute("select pg_advisory_unlock_all()")


def is_newest(conn: psycopg.Connection[Any], lease: Lease) -> bool:
    """Whether no later holder has taken the lease; locks its row, so that it stays true until the transaction ends."""
    row = conn.execute("select fence from ops.lease where name = %s for update", (lease.name,)).fetchone()
    return row is not None and row[0] == lease.fence


def _take(conn: psycopg.Connection[Any], name: str, holder: str, patience_seconds: float) -> Lease:
    deadline = time.monotonic() + patience_seconds
    while True:
        row = conn.execute("select pg_try_advisory_lock(hashtextextended('lease:' || %s, 0))", (name,)).fetchone()
        is_alone = bool(row and row[0])
        taken = conn.execute(
            "insert into ops.lease as l (name, holder, fence, expires_at)"
            " values (%(name)s, %(holder)s, 1, now() + %(life)s * interval '1 second')"
            " on conflict (name) do update set holder = excluded.holder, fence = l.fence + 1, expires_at = excluded.expires_at"
            " where %(alone)s or l.expires_at < now() returning fence",
            {"name": name, "holder": holder, "life": LIFETIME_SECONDS, "alone": is_alone},
        ).fetchone()
        if taken is not None:
            return Lease(name, holder, int(taken[0]))
        if time.monotonic() > deadline:
            busy = conn.execute("select holder from ops.lease where name = %s", (name,)).fetchone()
            raise LeaseBusyError(name, busy[0] if busy else "?", patience_seconds)
        time.sleep(0.5)


def _renew(settings: Settings, lease: Lease, ended: threading.Event) -> None:
    while not ended.wait(LIFETIME_SECONDS / 4):
        # Anew each time: a server that restarted meanwhile is no reason to lose the lease.
        with suppress(psycopg.OperationalError, DatabaseError), connect(settings, LOADER) as conn:
            conn.execute(
                "update ops.lease set expires_at = now() + %s * interval '1 second' where name = %s and fence = %s",
                (LIFETIME_SECONDS, lease.name, lease.fence),
            )
