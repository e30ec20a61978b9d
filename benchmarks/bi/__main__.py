"""`python -m benchmarks.bi [--units 3000] [--readers 20]`: every dashboard's questions over a great province, alone, among readers, and while a
night publishes.

Sixty months, every indicator; what Superset sends is asked of the embedded Postgres under a login that is a `bi_reader`. The publish is real.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import socket
import statistics
import time
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import psycopg

from benchmarks.bi.province import change, fill, sizes
from benchmarks.bi.questions import Question, questions
from benchmarks.bi.readers import Waited, ask, reading
from benchmarks.night.ledger import GROUPS, put_register
from connectors import dbt
from connectors.postgres import ensure_database, stop
from connectors.postgres.logins import set_login
from connectors.settings import Settings
from connectors.warehouse.access import give_access
from connectors.warehouse.calendar import sync_calendar
from connectors.warehouse.engine import connect, migrate
from connectors.warehouse.lease import Lease, hold
from connectors.warehouse.publish import publish
from connectors.warehouse.roles import BI_READER

FOLDER = Path(__file__).resolve().parents[2] / "build" / "bench"
NIGHT = date(2025, 12, 31)
ALONE = 5
"""How often each question is asked on a quiet server; the middle counts."""

QUIET_SECONDS = 60.0
"""How long readers read before a night is published."""

ACCOUNT = "dashboard_readers"
UNIT = "A01001"


def measure(units: int, readers: int, folder: Path) -> dict[str, object]:
    """Learn the questions and ask them three times: alone, among readers, and while a night publishes.

    The province is filled once; a home of an earlier run is used again.
    """
    home = folder / f"bi-{units}"
    settings = Settings(home=home, inbox=home / "inbox", keys_dir=home / "keys", url=None)
    migrate(settings)
    try:
        with hold(settings, "publish", "benchmark") as lease:
            if not (home / "filled").exists():
                _fill(settings, lease, units)
            password = secrets.token_urlsafe()
            with connect(settings) as conn:
                set_login(conn, ACCOUNT, password)
                give_access(conn, ACCOUNT, BI_READER, [], "benchmark")
                rows = sizes(conn)
            asked = questions(settings, _free_port(), {"unit": UNIT})
            url = ensure_database(settings)
            alone = _alone(url, password, asked)
            with reading(url, ACCOUNT, password, asked, readers) as among:
                time.sleep(QUIET_SECONDS)
            with connect(settings) as conn:
                change(conn, lease.fence)
            with reading(url, ACCOUNT, password, asked, readers) as during:
                began = time.monotonic()
                published = publish(settings, lease, 1, NIGHT, "benchmark")
                took = time.monotonic() - began
    finally:
        stop(settings)
    for waited in (among, during):
        if waited.failed:
            raise SystemExit(waited.failed[0])
    print(_table(alone, among, during), flush=True)
    return {
        "units": units, "readers": readers, "load": os.getloadavg(), "rows": rows, "publish_seconds": round(took, 1),
        "rows_published": published.changed, "releases_seen": sorted(during.releases), **_summary("alone", list(alone.values())),
        **_summary("among", [ms for each in among.answers.values() for ms in each]),
        **_summary("during", [ms for each in during.answers.values() for ms in each]),
        **_summary("probe", among.probes), **_summary("probe_during", during.probes),
    }  # fmt: skip


def _fill(settings: Settings, lease: Lease, units: int) -> None:
    with connect(settings) as conn:
        sync_calendar(conn, NIGHT, settings.dbt_project_dir / "seeds" / "plans.csv")
        put_register(conn, GROUPS)
    result = dbt.build(settings, 1, NIGHT, lease.fence, "inputs")
    if not result.passed:
        raise SystemExit(str(result.failures))
    publish(settings, lease, 1, NIGHT, "benchmark")
    with connect(settings) as conn:
        fill(conn, units)
    (settings.home / "filled").touch()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _alone(url: str, password: str, asked: Sequence[Question]) -> dict[Question, float]:
    with psycopg.connect(url, user=ACCOUNT, password=password, autocommit=True) as conn:
        return {question: statistics.median(ask(conn, question.statement) for _ in range(ALONE)) for question in asked}


def _p95(waited: Sequence[float]) -> float:
    return statistics.quantiles(waited, n=20)[-1] if len(waited) > 1 else max(waited, default=0.0)


def _summary(name: str, waited: Sequence[float]) -> dict[str, object]:
    return {
        f"{name}_count": len(waited),
        f"{name}_p95_ms": round(_p95(waited), 1),
        f"{name}_worst_ms": round(max(waited, default=0.0), 1),
    }


def _table(alone: Mapping[Question, float], among: Waited, during: Waited) -> str:
    lines = [
        "| dashboard | chart | alone ms | among readers, p95 | while a night publishes, p95 |",
        "|---|---|---|---|---|",
    ]
    for question, ms in sorted(alone.items(), key=lambda each: -each[1]):
        p95 = [_p95(waited.answers.get(question, [])) for waited in (among, during)]
        lines.append(f"| {question.dashboard} | {question.chart} | {ms:.1f} | {p95[0]:.1f} | {p95[1]:.1f} |")
    return "\n".join(lines)


def main() -> None:
    """Measure, print and keep it in `bi.json`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bi", description=__doc__)
    parser.add_argument("--units", type=int, default=3_000, help="units of the province")
    parser.add_argument("--readers", type=int, default=20, help="people who read at the same time")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the home is made and the result written")
    asked = parser.parse_args()
    dbt.warm_up()
    facts = measure(asked.units, asked.readers, asked.folder)
    text = json.dumps(facts, ensure_ascii=False, indent=1)
    print(text)
    (asked.folder / "bi.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
