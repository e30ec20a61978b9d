"""`python -m benchmarks.night.changed [--sizes 10000 100000]`: a night in which 1 % of the answers changed, against a rebuild of everything.

The ledger before is copied straight into the tables (`benchmarks.night.ledger`); the build and the publishing are real, on the embedded
Postgres as it is installed. Four fifths of what changes are first answers for the newest periods, one fifth replaces an older answer.
Meanwhile a reader asks `bi` as a dashboard does, 50 times a second.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from benchmarks.night.ledger import Answer, answers_until, enterprises, newest_version, put_answers, put_register
from connectors import dbt
from connectors.postgres import stop
from connectors.settings import Settings
from connectors.warehouse.calendar import sync_calendar
from connectors.warehouse.engine import connect, migrate
from connectors.warehouse.lease import Lease, hold
from connectors.warehouse.publish import publish

FOLDER = Path(__file__).resolve().parents[2] / "build" / "bench"
UNITS = 300
LAST_DAY = date(2025, 10, 31)
"""Until when everybody has answered before the night that is measured."""

NIGHT = date(2025, 11, 20)
SHARE = 100
"""One answer in so many changes."""

POLL_SECONDS = 0.02
FIGURE = "select value, release_id from bi.indicator_value where indicator_id = 'relief_paid' and org_id = 'A01' and period = '2025'"


@dataclass(frozen=True, slots=True)
class Night:
    """What a night cost, in seconds: the build, the publishing, the dearest nodes of the build; and what a reader waited, in ms."""

    name: str
    build: float
    publish: float
    rows_published: int
    reader_p95_ms: float
    reader_worst_ms: float
    nodes: tuple[tuple[str, float], ...]

    @property
    def seconds(self) -> float:
        return self.build + self.publish


def measure(size: int, folder: Path) -> list[Night]:
    """The nights at a size: the first, one with 1 % changed, a rebuild of everything with as much changed."""
    home = folder / f"changed-{size}"
    shutil.rmtree(home, ignore_errors=True)
    settings = Settings(home=home, inbox=home / "inbox", keys_dir=home / "keys", url=None)
    migrate(settings)
    chance = random.Random(size)
    try:
        with connect(settings) as conn:
            sync_calendar(conn, NIGHT, settings.dbt_project_dir / "seeds" / "plans.csv")
            put_register(conn, UNITS)
            every = answers_until(UNITS, LAST_DAY)
            newest = [answer for answer in every if answer.period.last_day == LAST_DAY]
            older = chance.sample(every[: len(every) - len(newest)], size - len(newest) // 4)
            put_answers(conn, [*older, *newest[::4]], None, chance, enterprises(UNITS))
            conn.execute("vacuum analyze")
        waiting = [answer for number, answer in enumerate(newest) if number % 4]
        chance.shuffle(waiting)
        with hold(settings, "publish", "benchmark") as lease:
            nights = [_night(settings, lease, "the first night", NIGHT)]
            for name, is_full in (("1 % changed", False), ("everything rebuilt", True)):
                count = size // SHARE
                fresh = [waiting.pop() for _ in range(min(count * 4 // 5, len(waiting)))]
                _change(settings, [*fresh, *chance.sample(older, count - len(fresh))], chance)
                nights.append(_night(settings, lease, name, NIGHT, is_full))
    finally:
        stop(settings)
    return nights


def _change(settings: Settings, answers: list[Answer], chance: random.Random) -> None:
    with connect(settings) as conn:
        versions = newest_version(conn, answers)
        again = [replace(a, version=1 + versions.get((a.form_id, a.unit_id, a.period.id), 0)) for a in answers]
        put_answers(conn, again, NIGHT, chance, enterprises(UNITS))


def _night(settings: Settings, lease: Lease, name: str, night: date, is_full: bool = False) -> Night:
    if is_full:
        with connect(settings) as conn:
            conn.execute("update ops.dbt_build set release_id = null")
    began = time.monotonic()
    result = dbt.build(settings, 1, night, lease.fence, "inputs")
    built = time.monotonic()
    if not result.passed:
        raise SystemExit(f"{name}: {result.failures}")
    with _reader(settings) as waited:
        published = publish(settings, lease, 1, night, name)
    return Night(
        name,
        built - began,
        time.monotonic() - built,
        sum(published.changed.values()),
        statistics.quantiles(waited, n=20)[-1] if len(waited) > 1 else 0.0,
        max(waited, default=0.0),
        result.dearest,
    )


@contextmanager
def _reader(settings: Settings) -> Iterator[list[float]]:
    """How long each question of a reader took, in ms, while the block lasted."""
    waited: list[float] = []
    ended = threading.Event()

    def read() -> None:
        with connect(settings) as conn:
            while not ended.wait(POLL_SECONDS):
                began = time.monotonic()
                conn.execute(FIGURE).fetchall()
                waited.append((time.monotonic() - began) * 1000)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        yield waited
    finally:
        ended.set()
        reader.join()


def _table(size: int, nights: list[Night]) -> str:
    full = nights[-1].seconds
    lines = [f"{size} submissions, {UNITS} units"]
    lines += [
        f"  {n.name:20} build {n.build:7.1f} s, publish {n.publish:6.1f} s ({n.rows_published} rows), {n.seconds / full:6.1%} of a rebuild;"
        f" reader p95 {n.reader_p95_ms:.0f} ms, worst {n.reader_worst_ms:.0f} ms\n"
        + "".join(f"      {seconds:6.2f} s {node}\n" for node, seconds in n.nodes)
        for n in nights
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure the sizes asked for, print each as soon as it is known and keep it in `changed.json`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.night.changed", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000], help="numbers of submissions before")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where homes are made and results written")
    asked = parser.parse_args()
    dbt.warm_up()
    found = {}
    for size in asked.sizes:
        nights = measure(size, asked.folder)
        print(_table(size, nights), flush=True)
        found[size] = [{name: getattr(n, name) for name in Night.__slots__} for n in nights]
        (asked.folder / "changed.json").write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
