"""A machine whose clock is set by the test: `warehouse` and its Postgres live under libfaketime, in a time zone of their own.

The embedded server is started with a clean environment, so that nothing of ours reaches it; a real clock in it would not be harmless, as it
bounds when a file can have been received. Here it is therefore started by the test, under the same clock.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg

from connectors.home import make_home
from connectors.postgres import ensure_database, stop
from connectors.postgres.location import settle_location
from connectors.postgres.programs import installed_programs
from tests.conftest import FAST, memory_folder, settings_in

ROOT = Path(__file__).parent.parent.parent
LIBRARIES = ("/usr/lib", "/usr/lib64", "/usr/local/lib")
NOTICED_SECONDS = 1.5
"""libfaketime looks at its file once a second."""


def why_not() -> str | None:
    """What is missing here, if anything."""
    if _libfaketime() is None:
        return "no libfaketime here (bin/install-faketime installs it for root on Debian)"
    if shutil.which("cc") is None:
        return "no C compiler here, which libfaketime 0.9.10 needs to leave sleeps alone (see real_sleep.c)"
    return None


def _libfaketime() -> Path | None:
    found = (path for folder in LIBRARIES for path in Path(folder).glob("**/faketime/libfaketimeMT.so.1"))
    return next(found, None)


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine: its home, its database and the environment in which everything on it runs."""

    home: Path
    url: str
    environment: dict[str, str]

    def set_clock(self, moment: datetime) -> None:
        """It is that moment now, and time goes on from there."""
        _write_clock(Path(self.environment["FAKETIME_TIMESTAMP_FILE"]), moment)
        time.sleep(NOTICED_SECONDS)

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Call `warehouse` there, to its end."""
        code = "from flows.command import main; main()"
        return subprocess.run(
            [sys.executable, "-c", code, *arguments],
            cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=1500, check=False,
        )  # fmt: skip

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """Ask its database."""
        with psycopg.connect(self.url, autocommit=True) as conn:
            return conn.execute(query).fetchall()  # type: ignore[call-overload, no-any-return]


@contextmanager
def machine(zone: str, moment: datetime) -> Iterator[Machine]:
    """A machine in that time zone, with nothing on it, begun at that moment."""
    folder = Path(tempfile.mkdtemp(prefix="timewarp-", dir=memory_folder()))
    # The server runs as another account where we are root.
    folder.chmod(0o711)
    settings = settings_in(folder / "home")
    try:
        _write_clock(folder / "clock", moment)
        preloaded = [_real_sleep(folder), _libfaketime()]
        clock = {
            "TZ": zone,
            "LD_PRELOAD": ":".join(map(str, preloaded)),
            "FAKETIME_TIMESTAMP_FILE": str(folder / "clock"),
            "FAKETIME_CACHE_DURATION": "1",
            # Waiting takes as long as it takes; files have the times that the test gives them.
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }
        make_home(settings)
        base = settings.home / "postgres"
        base.mkdir()
        base.chmod(0o711)
        (base / "custom.conf").write_text(FAST)
        url = ensure_database(settings)
        stop(settings)
        location, account = settle_location(settings)
        options = f"-c config_file={location.config}"
        subprocess.run(
            [installed_programs() / "pg_ctl", "start", "-s", "-w", "-D", location.data, "-o", options, "-l", location.log / "start.log"],
            env=clock | {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C"},
            cwd=location.log, check=True, timeout=120, stdin=subprocess.DEVNULL, **account.subprocess_options(),
        )  # fmt: skip
        own = {k: v for k, v in os.environ.items() if not k.startswith(("WAREHOUSE_", "PREFECT_"))}
        home = {"WAREHOUSE_HOME": str(settings.home)}
        yield Machine(settings.home, url, own | home | clock)
    finally:
        stop(settings)
        shutil.rmtree(folder)


def _write_clock(file: Path, moment: datetime) -> None:
    """The way from the real clock to that moment, for all who look."""
    new = file.with_suffix(".new")
    new.write_text(f"{moment.timestamp() - time.time():+.3f}\n")
    new.chmod(0o644)
    new.replace(file)


def _real_sleep(folder: Path) -> Path:
    library = folder / "real_sleep.so"
    source = Path(__file__).with_name("real_sleep.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", library, source], check=True, timeout=60)
    library.chmod(0o755)
    return library
