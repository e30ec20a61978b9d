"""What the tests of the embedded server do to it."""

import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import psycopg

from connectors.postgres import status
from connectors.postgres.location import Location, recorded_location
from connectors.settings import PROJECT_FOLDER, Settings


def location_of(settings: Settings) -> Location:
    location = recorded_location(settings)
    assert location is not None
    return location


def start_in_child(home: Path, *, new_session: bool = False) -> subprocess.Popen[str]:
    program = (
        "from connectors.settings import load_settings; from connectors.postgres import ensure_database;"
        f"print(ensure_database(load_settings({{'WAREHOUSE_HOME': {str(home)!r}}})))"
    )
    return subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=PROJECT_FOLDER,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=new_session,
    )


def kill_postmaster(settings: Settings) -> int:
    pid = status(settings).pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    # The signal is sent, not yet obeyed.
    while status(settings).is_running:
        time.sleep(0.01)
    return pid


def remember(url: str) -> None:
    with closing(psycopg.connect(url, autocommit=True)) as conn:
        conn.execute("create table kept as select 42 as answer")


def remembered(url: str) -> object:
    with closing(psycopg.connect(url)) as conn:
        return conn.execute("select answer from kept").fetchone()
