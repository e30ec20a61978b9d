"""A backfill as a subject: history from a folder, previewed before, applied under the faults until it ends by itself."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg

from connectors.errors import WarehouseError
from connectors.settings import Settings
from tests.faults.moments import Moments, Watch
from tests.faults.nights import LOOKING, Night, fill_first, shorten
from tests.faults.subject import Run
from tests.night import inbox
from tests.night.inbox import hardship_row, put, relief_row


class Backfill:
    """`warehouse backfill --folder …`: what is hurt is the apply; its preview was made before."""

    name = "backfill"
    good_codes = frozenset({0})
    looking = LOOKING
    warm_up = staticmethod(Night.warm_up)

    def before(self, settings: Settings, watch: Watch) -> Sequence[Run]:
        """A night, and a preview of the backfill that is to be applied."""
        fill_first(settings.inbox)
        fill_history(history_of(settings))
        return [Night().command(settings, watch), (preview_history, (settings, watch))]

    def arrive(self, settings: Settings) -> None:
        """Nothing comes in between: a backfill refuses to be applied when something has moved since its preview."""

    def command(self, settings: Settings, watch: Watch) -> Run:
        """Apply the newest plan; harmless when it was applied before."""
        return apply_history, (settings, watch)

    def dump(self, conn: psycopg.Connection[Any], settings: Settings) -> dict[str, list[str]]:
        """As the night's."""
        return Night().dump(conn, settings)


def preview_history(settings: Settings, watch: Watch) -> int:
    """Preview the backfill, in an interpreter of its own: dbt reads its project anew for the copy, and stands still where it does so in a fork."""
    Moments(watch).come_to("preview")
    process = multiprocessing.get_context("spawn").Process(target=_preview, args=(settings,))
    process.start()
    process.join()
    return process.exitcode or 0


def _preview(settings: Settings) -> None:
    from flows.backfill_run import preview

    preview(settings, _parameters(settings), inbox.NIGHT)


def apply_history(settings: Settings, watch: Watch) -> int:
    """Apply the backfill, in this process."""
    from flows.backfill_run import apply, plan_to_apply

    moments = Moments(watch)
    shorten(is_first=False)
    try:
        plan = plan_to_apply(settings, _parameters(settings), None, "")
        apply(
            settings, plan, reason="历史数据", author="王核对", business_date=inbox.NIGHT,
            observe=lambda moment: moments.come_to(moment.step),
        )  # fmt: skip
    except WarehouseError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


def history_of(settings: Settings) -> Path:
    """The folder in which history lies, beside the inbox."""
    return settings.inbox.parent / "history"


def fill_history(folder: Path) -> None:
    """February and January of two units."""
    for month in ("01", "02"):
        given_on = inbox.NIGHT.replace(month=int(month), day=5)
        lines = [relief_row(given_on=given_on), relief_row(given_on=given_on, campaign="送清凉", persons=3)]
        put(folder, f"A0101_慰问_{month}.xlsx", "relief", "A0101", f"2021-{month}", lines)
        paid = [hardship_row(paid_on=given_on)]
        put(folder, f"A0102_救助_{month}.xlsx", "hardship_aid", "A0102", f"2021-{month}", paid)


def _parameters(settings: Settings) -> Any:
    from connectors.warehouse.backfill.parameters import Parameters

    return Parameters("2021-01", "2021-02", folder=str(history_of(settings)))
