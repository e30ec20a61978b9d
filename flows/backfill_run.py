"""Previewing and applying a backfill: the order of its steps, which stands here once.

A preview is an apply on a copy of the database, with an archive and a home of its own, of which nothing is left but the plan.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors.settings import Settings
from connectors.warehouse.backfill.errors import BackfillClosed, BackfillDiffers, BackfillMoved, BackfillStopped, NoPlan
from flows.backfill_steps import Backfill, Work
from flows.moments import Moment, Observe, overlook
from flows.night import plainly, today

if TYPE_CHECKING:
    from connectors.warehouse.backfill.parameters import Parameters
    from connectors.warehouse.backfill.plans import Plan

Around = Callable[[Callable[..., Any], str], Callable[..., Any]]
"""Wraps each step; its second argument is the name that people see."""

SCRATCH = "scratch-"
"""How the folder of a preview under way begins; the number of its process follows."""


@dataclass(frozen=True, slots=True)
class Previewed:
    """A preview that has ended: the plan, its file, its page, and what the page says (see `connectors.report.backfill.show`)."""

    plan: Plan
    path: Path
    page: Path
    shown: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Applied:
    """An apply that has ended; `result` is None where it had been applied before."""

    backfill_id: int
    plan: Plan
    release_id: int
    result: dict[str, Any] | None


def preview(
    settings: Settings,
    parameters: Parameters,
    business_date: date | None = None,
    observe: Observe = overlook,
    around: Around = plainly,
) -> Previewed:
    """Carry a backfill out on a copy, and keep what it came to as a plan.

    Nothing that readers or the next night see is touched. Raises: WarehouseError.
    """
    from connectors.keys import Keyring
    from connectors.report.backfill import show, write_page
    from connectors.warehouse.backfill.boundary import read_boundary
    from connectors.warehouse.backfill.plans import keep_plan, make_plan
    from connectors.warehouse.copying import temporary_copy
    from connectors.warehouse.engine import connect, migrate

    day = business_date or today()
    observe(Moment("copy"))
    with _scratch(settings) as home, temporary_copy(settings) as copied:
        observe(Moment("copy", is_over=True))
        rehearsal = replace(copied, home=home)
        migrate(rehearsal)
        with connect(rehearsal) as conn:
            boundary = read_boundary(rehearsal, conn, Keyring.load(settings), parameters, day)
        plan = make_plan(parameters, datetime.now(UTC), day, boundary, {})
        work = Work(plan, day, "预览", "预览", is_rehearsal=True)
        result = _carry_out(Backfill(rehearsal, work, settings, observe), around)
        plan = replace(plan, result=result)
        with connect(rehearsal) as conn:
            shown = show(conn, plan)
    path = keep_plan(settings, plan)
    return Previewed(plan, path, write_page(path.parent, shown), shown)


def apply(
    settings: Settings,
    plan: Plan,
    *,
    reason: str,
    author: str,
    business_date: date | None = None,
    observe: Observe = overlook,
    around: Around = plainly,
) -> Applied:
    """Do what a plan showed, once; goes on where an apply of it was killed. Raises: WarehouseError.

    Paused, cancelled, refused or killed, nothing of it is in the ledger; from the moment that it is, all of it is.
    """
    from connectors.warehouse.backfill.records import read_backfills
    from connectors.warehouse.engine import connect, migrate

    migrate(settings)
    with connect(settings) as conn:
        begun = next(iter(read_backfills(conn, plan_id=plan.plan_id)), None)
    if begun and begun.state in ("paused", "cancelled"):
        raise BackfillStopped(begun.backfill_id)
    if begun and begun.state == "done":
        return Applied(begun.backfill_id, plan, begun.release_id or 0, None)
    day = business_date or today()
    work = Backfill(settings, Work(plan, day, reason, author), settings, observe)
    if begun is None:
        _refuse_what_moved(settings, plan, day)
    result = _carry_out(work, around)
    with connect(settings) as conn:
        [record] = read_backfills(conn, plan_id=plan.plan_id)
    return Applied(record.backfill_id, plan, record.release_id or 0, result)


def plan_to_apply(settings: Settings, parameters: Parameters | None, plan_id: str | None, command: str) -> Plan:
    """The plan of that id, or else the newest of these parameters. Raises: NoPlan, which says how to make one by `command`."""
    from connectors.warehouse.backfill.plans import newest_plan, read_plan

    plan = read_plan(settings, plan_id) if plan_id else newest_plan(settings, parameters) if parameters else None
    if plan is None or (parameters is not None and plan.parameters != parameters):
        raise NoPlan(command)
    return plan


def _carry_out(work: Backfill, around: Around) -> dict[str, Any]:
    try:
        return _step_by_step(work, around)
    except (BackfillMoved, BackfillDiffers, BackfillClosed):
        # It can never go on from here; a new preview makes another.
        work.give_up()
        raise


def _step_by_step(work: Backfill, around: Around) -> dict[str, Any]:
    with work:
        state = work.record().state
        if state == "reading":
            around(work.list_partitions, "list partitions")()
            for partition in work.waiting():
                around(work.read, f"read {' '.join(partition)}")(partition)
        with work.alone():
            if state == "reading":
                around(work.compare, "compare with the plan")()
                around(work.bring_calendar, "calendar")()
            around(work.bring_in, "bring in")()
            around(work.build, "build")()
            around(work.check_figures, "compare figures")()
            around(work.publish, "publish")()
        if work.record().sends_answers and not work.work.is_rehearsal:
            around(work.answer, "answer")()
        return work.outcome()


def _refuse_what_moved(settings: Settings, plan: Plan, day: date) -> None:
    """Raises: BackfillMoved. Asked before anything is written down; asked again when it counts."""
    from connectors.keys import Keyring
    from connectors.warehouse.backfill.boundary import moved, moved_error, read_boundary
    from connectors.warehouse.engine import connect

    with connect(settings) as conn:
        now = read_boundary(settings, conn, Keyring.load(settings), plan.parameters, day)
    if names := moved(plan.boundary, now):
        raise moved_error(plan.plan_id, names)


@contextmanager
def _scratch(settings: Settings) -> Iterator[Path]:
    """A home for a preview, gone when the block ends; those that were killed are cleared away."""
    from connectors.warehouse.backfill.staging import backfills_dir

    folder = backfills_dir(settings)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in folder.glob(f"{SCRATCH}*"):
        if not Path(f"/proc/{old.name.removeprefix(SCRATCH)}").exists():
            shutil.rmtree(old, ignore_errors=True)
    home = folder / f"{SCRATCH}{os.getpid()}"
    home.mkdir(mode=0o700, exist_ok=True)
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)
