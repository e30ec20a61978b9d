"""The real night as a subject: a second night, which corrects, adds, refuses and meets again what the first one published.

It runs plain, without Prefect. What makes it long and nothing last is left out: dbt's data tests and its manifest on disk, the staging
views (they stand from the first night), and the pages of the year.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg

from connectors.errors import WarehouseError
from connectors.settings import Settings
from tests.canonical import canonical_dump
from tests.faults.moments import Moments, Watch
from tests.faults.subject import Run
from tests.night import inbox
from tests.night.inbox import hardship_row, profile_row, put, register_rows, relief_row

ARRIVED = datetime(2021, 4, 15, 9, tzinfo=inbox.SHANGHAI)
"""When what the second night finds came."""

CORRECTION = "A0102_慰问_3月（更正）.xlsx"
"""A workbook that only the second night finds."""

SEEN = (
    "indicator_value",
    "relief_summary",
    "target_progress",
    "completeness",
    "finding_summary",
    "data_quality_summary",
    "published_comparison",
)
"""The tables of `bi` that a look compares; none names a run or a clock, and each changes with the second night or shows that it should not."""

LOOKING = (
    "select (select max(release_id) from bi.release), concat_ws(' '"
    # A sum of hashes: rows come in any order, and nobody waits for a sort 20 times a second.
    + "".join(f", (select count(*) || ':' || coalesce(sum(hashtext(t::text)), 0) from bi.{table} t)" for table in SEEN)
    + ")"
)


class Night:
    """The night of `flows.night`."""

    name = "night"
    good_codes = frozenset({0, 1})
    looking = LOOKING

    @staticmethod
    def warm_up(settings: Settings) -> None:
        """Import what is slow, and have dbt read its project."""
        import altair  # noqa: F401
        import great_expectations  # noqa: F401
        import polars  # noqa: F401

        import connectors.warehouse.intake  # noqa: F401
        import flows.night  # noqa: F401
        from connectors.dbt import run_dbt
        from connectors.warehouse.engine import migrate

        migrate(settings)
        # The manifest is kept for the builds of all runs: their database has the same name.
        run_dbt(settings, "run", "--select", "fqn:nothing")

    def before(self, settings: Settings, watch: Watch) -> Sequence[Run]:
        """A first night over the first workbooks; the others come when it is over."""
        fill_first(settings.inbox)
        return [self.command(settings, watch)]

    def arrive(self, settings: Settings) -> None:
        """What comes between the two nights."""
        fill_second(settings.inbox)

    def command(self, settings: Settings, watch: Watch) -> Run:
        """A night over whatever lies in the inbox."""
        return night, (settings, watch)

    def dump(self, conn: psycopg.Connection[Any], settings: Settings) -> dict[str, list[str]]:
        """The canonical dump, and the names of the archived files."""
        files = (path.name for path in settings.archive_dir.rglob("*") if path.is_file() and len(path.name) == 64)
        return {**canonical_dump(conn), "archived files": sorted(files)}


def night(settings: Settings, watch: Watch) -> int:
    """One night, in this process."""
    from flows.moments import Moment
    from flows.night import run_night

    moments = Moments(watch)
    shorten(is_first=not (settings.inbox / CORRECTION).exists())

    def observe(moment: Moment) -> None:
        moments.come_to(moment.step)

    try:
        return run_night(settings, inbox.NIGHT, observe).exit_code
    except WarehouseError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code


def shorten(*, is_first: bool) -> None:
    """Leave out of the nights of this process what the docstring of this module says; all models are built the first time."""
    from connectors import dbt, report

    run_dbt = dbt.run_dbt

    def run_less(settings: Settings, command: str, *arguments: str) -> list[Any]:
        less = ("--exclude-resource-type", "test", "seed", "--exclude", "path:models/staging")
        return run_dbt(settings, command, *arguments, *(less if command == "build" and not is_first else ()))

    dbt.run_dbt = run_less
    report.write_report = lambda _, year, folder: folder / year
    report.write_account = lambda *_: None


def fill_first(folder: Path) -> None:
    """What the first night finds: a register, two profiles, and what two units gave."""
    put(folder, "名册.xlsx", "unit_register", "S0001", "2021", register_rows())
    put(folder, "A0101_基本情况.xlsx", "unit_profile", "A0101", "2021-Q1", [profile_row()])
    put(folder, "A0101_慰问_3月.xlsx", "relief", "A0101", "2021-03", [relief_row(), relief_row(campaign="送清凉")])
    put(folder, "A0102_慰问_3月.xlsx", "relief", "A0102", "2021-03", [relief_row(beneficiary_unit="A0102")])


def fill_second(folder: Path) -> None:
    """What the second night finds beside it: a correction, answers of two more forms' units, bad cells, a copy and a torso."""
    corrected = [relief_row(beneficiary_unit="A0102", cash_cny=Decimal("6000"))]
    put(folder, CORRECTION, "relief", "A0102", "2021-03", corrected, arrived=ARRIVED)
    put(folder, "A0101_救助_3月.xlsx", "hardship_aid", "A0101", "2021-03", [hardship_row()], arrived=ARRIVED)
    wrong = [relief_row(beneficiary_unit="A0201"), relief_row(beneficiary_unit="A0201", cash_cny="约2000")]
    put(folder, "A0201_慰问_3月.xlsx", "relief", "A0201", "2021-03", wrong, arrived=ARRIVED)
    good = (folder / "A0101_慰问_3月.xlsx").read_bytes()
    for name, data in (("A0101_慰问_3月_副本.xlsx", good), ("A0102_救助_3月.xlsx", good[:2000])):
        (folder / name).write_bytes(data)
        os.utime(folder / name, (ARRIVED.timestamp(), ARRIVED.timestamp()))
