"""The lease on publishing: who may, who waits, and who is too late."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from connectors.errors import LeaseBusyError
from connectors.settings import Settings
from connectors.warehouse.engine import connect
from connectors.warehouse.lease import hold, is_newest

HOLDER = textwrap.dedent("""
    import sys, time
    from pathlib import Path
    from connectors.settings import Settings
    from connectors.warehouse.lease import hold
    home = Path(sys.argv[1])
    with hold(Settings(home=home, inbox=home, keys_dir=home, url=sys.argv[2]), "publish", "first") as lease:
        print(lease.fence, flush=True)
        time.sleep(60)
""")


def holding_process(settings: Settings) -> subprocess.Popen[str]:
    """Another process that holds the lease."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(settings.home), str(settings.url)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "1"
    return process


def test_each_holder_gets_a_higher_fencing_number(settings: Settings) -> None:
    with hold(settings, "publish", "run 1") as first:
        pass
    with hold(settings, "publish", "run 2") as second:
        pass
    assert (first.fence, second.fence) == (1, 2)


def test_a_second_holder_waits_and_is_told_who_keeps_it(settings: Settings) -> None:
    late = hold(settings, "publish", "run 2", patience_seconds=0.2)
    with hold(settings, "publish", "run 1"), pytest.raises(LeaseBusyError, match="run 1"), late:
        pass


def test_a_killed_holder_is_followed_at_once(settings: Settings) -> None:
    with holding_process(settings) as process:
        process.kill()
        process.wait()
        began = time.monotonic()
        with hold(settings, "publish", "run 2", patience_seconds=30) as lease:
            assert lease.fence == 2
        # Far below the lifetime of a lease: nobody waited for it to expire.
        assert time.monotonic() - began < 30


def test_a_holder_that_stands_still_loses_the_lease_when_it_expires(settings: Settings) -> None:
    with holding_process(settings) as process:
        os.kill(process.pid, signal.SIGSTOP)
        try:
            with connect(settings) as conn:
                conn.execute("update ops.lease set expires_at = now() - interval '1 second'")
            with hold(settings, "publish", "run 2", patience_seconds=30) as lease, connect(settings) as conn:
                assert lease.fence == 2
                assert is_newest(conn, lease)
        finally:
            process.kill()
            process.wait()


def test_a_lease_that_was_taken_over_is_no_longer_the_newest(settings: Settings) -> None:
    with hold(settings, "publish", "run 1") as old:
        pass
    with hold(settings, "publish", "run 2"), connect(settings) as conn:
        assert not is_newest(conn, old)


def test_a_lease_whose_connections_are_lost_ends_quietly_and_stays_the_newest(settings: Settings) -> None:
    with connect(settings) as conn, hold(settings, "publish", "run 1") as lease:
        conn.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
        )
        assert is_newest(conn, lease)
    with hold(settings, "publish", "run 2") as second:
        assert second.fence == 2
