"""The product under measurement: a fresh home, its embedded Postgres, and `warehouse run` as anybody would call it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from benchmarks.columns import COLUMNS
from benchmarks.measure import CommandFailedError, Cost, measure
from benchmarks.workbooks import LAST_DAY
from connectors.settings import environment_with

BUSINESS_DATE = LAST_DAY.replace(year=LAST_DAY.year + 1, month=1, day=31)
"""A night on which everything is due, whatever the size: the same calendar, so that sizes differ by workbooks only."""

WAREHOUSE = Path(sys.executable).with_name("warehouse")


class Product:
    """A home of its own under a folder, with the server running."""

    def __init__(self, folder: Path, inbox: Path) -> None:
        self.folder = folder
        self.environment = environment_with(
            WAREHOUSE_HOME=str(folder / "home"), WAREHOUSE_INBOX=str(inbox), WAREHOUSE_URL="", WAREHOUSE_KEYS_DIR=""
        )
        self.url = ""
        self.postmaster: int | None = None

    def night(self, name: str) -> Cost:
        """Run one night and give its cost. Raises: CommandFailedError if it was our failure (exit 2 or 3)."""
        command = [str(WAREHOUSE), "run", "--date", BUSINESS_DATE.isoformat()]
        return measure(command, self.folder / f"{name}.log", self.environment, self.postmaster, good=(0, 1))[0]

    def rows_loaded(self) -> int:
        """How many rows of reports the warehouse holds."""
        tables = [sql.Identifier("landing", form_id) for form_id in COLUMNS]
        with psycopg.connect(self.url) as connection:
            counts = [
                connection.execute(sql.SQL("select count(*) from {}").format(table)).fetchone() for table in tables
            ]
        return sum(count[0] for count in counts if count)

    def command(self, *arguments: str) -> str:
        """What a sub-command prints. Raises: CommandFailedError unless it ends well."""
        done = subprocess.run(  # our own command with our own arguments
            [str(WAREHOUSE), *arguments], env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise CommandFailedError(arguments, done.returncode, done.stdout + done.stderr)
        return done.stdout.strip()


@contextmanager
def product_at(folder: Path, inbox: Path) -> Iterator[Product]:
    """A product with a fresh home under the folder; its server runs until the end and is stopped then."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    made = Product(folder, inbox)
    made.command("db", "start")
    try:
        made.url = made.command("db", "url")
        made.postmaster = _postmaster(made.url)
        yield made
    finally:
        made.command("db", "stop")


def _postmaster(url: str) -> int | None:
    """The process of the server: the parent of the process that serves a connection."""
    with psycopg.connect(url) as connection:
        stat = Path(f"/proc/{connection.info.backend_pid}/stat")
        try:
            return int(stat.read_text(encoding="utf-8", errors="replace").rpartition(") ")[2].split()[1])
        except OSError:
            return None
