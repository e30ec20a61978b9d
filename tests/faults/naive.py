"""A loader as people write it first, against which the harness proves that it can see: each idiom is common, and each loses, doubles,
mixes or stops when it is killed.

* A file is done when a watermark says so: the latest time of change of all files loaded. Killed after a younger file, it never sees an
  older one whose name comes later: **lost**.
* Rows are inserted one by one, each its own commit, and the file is marked afterwards: killed in between, it is loaded again: **doubled**.
* New tables are made beside and take the place of the old ones, one after the other: a reader in between sees the one new and the
  other old: **mixed**.
* A table left half made stands in the way of the next run, until somebody drops it: **hand work**.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import psycopg

from connectors.postgres import ensure_database
from connectors.settings import Settings
from tests.faults.moments import Moments, Watch
from tests.faults.subject import Run
from tests.night import inbox
from tests.night.inbox import put, relief_row

FIRST_ROW = 6
"""Of the answers, in a workbook of the form."""

TABLES = {
    "relief_by_unit": "select unit, sum(cash) as cash, count(*) as lines from given group by unit",
    "relief_by_campaign": "select campaign, sum(cash) as cash, count(*) as lines from given group by campaign",
}


class Naive:
    """The naive loader as a subject."""

    name = "naive loader"
    good_codes = frozenset({0})
    looking = (
        "select (select max(number) from release), md5(concat_ws(' ',"
        " (select string_agg(concat_ws(' ', unit, cash, lines), ',' order by unit) from relief_by_unit),"
        " (select string_agg(t::text, ',' order by t::text) from relief_by_campaign t)))"
    )

    @staticmethod
    def warm_up(settings: Settings) -> None:
        """Its tables."""
        with closing(psycopg.connect(ensure_database(settings), autocommit=True)) as conn:
            conn.execute("create table given (unit text, campaign text, persons int, cash numeric)")
            conn.execute("create table watermark as select 0::numeric as seen")
            conn.execute("create table release (number int)")

    def before(self, settings: Settings, watch: Watch) -> Sequence[Run]:
        """Two units' answers, loaded and published."""
        _put(settings.inbox, "A0101_慰问_1.xlsx", "A0101", 1)
        _put(settings.inbox, "A0102_慰问_1.xlsx", "A0102", 2)
        return [self.command(settings, watch)]

    def arrive(self, settings: Settings) -> None:
        """Four more, which did not come in the order of their names."""
        for name, unit_id, day in (("2", "A0101", 9), ("3", "A0102", 7), ("4", "A0101", 8), ("5", "A0201", 6)):
            _put(settings.inbox, f"{unit_id}_慰问_{name}.xlsx", unit_id, day)

    def command(self, settings: Settings, watch: Watch) -> Run:
        """Load what is new, and publish."""
        return load, (settings, watch)

    def dump(self, conn: psycopg.Connection[Any], settings: Settings) -> dict[str, list[str]]:
        """The rows that were loaded and what is published, as far as it is there."""
        shown = {"given": "*", "release": "*", "relief_by_unit": "*", "relief_by_campaign": "*"}
        dump = {}
        for table, columns in shown.items():
            if conn.execute("select to_regclass(%s)", (table,)).fetchone() != (None,):
                query = f"select t::text from (select {columns} from {table}) t"
                dump[table] = sorted(row[0] for row in conn.execute(query))  # type: ignore[call-overload]
        return dump


def load(settings: Settings, watch: Watch) -> int:
    """One run of the naive loader, in this process."""
    moments = Moments(watch)
    with closing(psycopg.connect(ensure_database(settings), autocommit=True)) as conn:
        moments.come_to("load")
        [(seen,)] = conn.execute("select seen from watermark").fetchall()
        for path in sorted(settings.inbox.glob("*.xlsx")):
            if path.stat().st_mtime <= seen:
                continue
            for campaign, persons, cash in _rows(path):
                conn.execute("insert into given values (%s, %s, %s, %s)", (path.name[:5], campaign, persons, cash))
            conn.execute("update watermark set seen = greatest(seen, %s)", (path.stat().st_mtime,))
        moments.come_to("publish")
        for table, query in TABLES.items():
            conn.execute(f"create table {table}_new as {query}")  # type: ignore[call-overload]
        for table in TABLES:
            conn.execute(f"drop table if exists {table}")  # type: ignore[call-overload]
            conn.execute(f"alter table {table}_new rename to {table}")  # type: ignore[call-overload]
        conn.execute("insert into release select coalesce(max(number), 0) + 1 from release")
    return 0


def _rows(path: Path) -> Iterator[tuple[Any, ...]]:
    with closing(openpyxl.load_workbook(path, read_only=True)) as book:
        for row in book.worksheets[0].iter_rows(min_row=FIRST_ROW, values_only=True):
            if row[1] is not None:
                yield row[1], row[6], row[7]


def _put(folder: Path, name: str, unit_id: str, day: int) -> None:
    """Two lines of a unit, in a workbook that was changed on that day."""
    lines = [relief_row(beneficiary_unit=unit_id), relief_row(campaign="送清凉", beneficiary_unit=unit_id)]
    path = put(folder, name, "relief", unit_id, "2021-03", lines)
    at = (datetime(2021, 4, 1, 9, tzinfo=inbox.SHANGHAI) + timedelta(days=day)).timestamp()
    os.utime(path, (at, at))
