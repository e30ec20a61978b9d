"""The real warehouse, driven step by step in this process: real workbooks in a real inbox, the connectors' own functions, a real Postgres.

What is not real is said here. The database's clock is ours (`CLOCK`), so that a history takes months and the clock may stand still or
go back. A kill is an exception at a named point, behind which nothing is tidied up. A *light* night does not ask the cross rules, and
instead of dbt it puts the model's figures where dbt puts its own; all that comes after, from the check of the build to the history of
releases, is real. A *whole* night has dbt as well.
"""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from types import SimpleNamespace, TracebackType
from typing import Any
from unittest import mock

import psycopg

from connectors.archive import Archive
from connectors.errors import WarehouseError
from connectors.keys import Keyring
from connectors.settings import Settings
from connectors.warehouse.backfill.boundary import read_ledger_boundary
from connectors.warehouse.backfill.bringing_in import bring_in
from connectors.warehouse.backfill.candidates import read_partitions
from connectors.warehouse.backfill.closed import refuse_closed
from connectors.warehouse.backfill.errors import BackfillClosed, BackfillMoved
from connectors.warehouse.backfill.parameters import Parameters
from connectors.warehouse.backfill.plans import make_plan
from connectors.warehouse.backfill.records import (
    end_partition,
    move_state,
    open_backfill,
    read_backfills,
    write_partitions,
)
from connectors.warehouse.backfill.staging import Staged, Staging
from connectors.warehouse.corrections import Approval, propose, read_corrections, read_given
from connectors.warehouse.engine import connect
from connectors.warehouse.lease import hold
from connectors.warehouse.replay import read_candidates, read_newest, replay
from connectors.warehouse.runs import close_run, open_run
from connectors.warehouse.withdrawal import withdraw
from connectors.workbooks.template import Identity, write_workbook
from expectations.contract import forms
from expectations.periods import parse_period
from flows.failures import ChecksFailed
from flows.moments import Moment
from flows.night_steps import Night
from tests.connectors.warehouse.desk import PoolHere
from tests.model.figures import FORMS, Facts, Figure
from tests.model.words import REGISTERS, Backfill, Book, Correction, Line, Payment, Profile, Row, first_day
from tests.night import inbox

PEOPLE = tuple(inbox.citizen_id(f"6101991980010{number:04}") for number in range(1001, 1004))
KINDS = {**inbox.KIND_LABELS}
FIELDS = {"cash": "cash_cny", "persons": "persons", "amount": "amount_cny"}

CLOCK = """
create schema model_clock;
create table model_clock.moment as select '2021-02-10 20:00+08'::timestamptz as at;
create function model_clock.now() returns timestamptz language sql stable as 'select at from model_clock.moment';
create function model_clock.clock_timestamp() returns timestamptz language sql stable as 'select at from model_clock.moment';
grant usage on schema model_clock to public;
grant select on model_clock.moment to public;
"""
"""Found before Postgres's own by the database's search path, in every role that a step of a night has: a schema that a role may not use
is left out of its path."""

POINTS: Mapping[str, tuple[str, str | None]] = {
    "archived": ("connectors.archive.Archive.settle", None),
    "collected": ("", "collect"),
    "loading": ("connectors.warehouse.loading.write_findings", None),
    "loading the second part": ("connectors.warehouse.loading.write_findings", None),
    "taken in": ("", "take_in"),
    "built": ("connectors.dbt.run_dbt", None),
    "checked": ("", "build"),
    "moving": ("connectors.warehouse.publish._move_figures", None),
    "published": ("", "publish"),
}
"""Where a night can be killed: behind a function that is called, or at the end of a step."""


class Killed(BaseException):
    """The process is gone: nobody catches this."""


class NightHere(Night):
    """A night in this process: nothing is migrated, nothing read in children, nobody answered; killed, it leaves all as it is."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, Killed):
            self._resources.close()
            self.connection().close()
            return
        super().__exit__(kind, error, trace)

    def _readers(self) -> Any:
        return PoolHere()

    def finish(self) -> None:
        """Hold the account to its sums, without the report that a night writes."""
        self._report = self.settings.reports_dir
        self.result()


@dataclass(slots=True)
class Ended:
    """How a night ended: killed or refused on the way, and the release that readers see."""

    was_killed: bool
    was_refused: bool


@dataclass(slots=True)
class Product:
    """One warehouse. `figures` gives what a light night puts in the place of dbt's figures; None for nights with dbt."""

    settings: Settings
    figures: Callable[[], Mapping[Figure, Facts]] | None = None
    proposed: list[int] = field(default_factory=list)

    def connect(self) -> psycopg.Connection[Any]:
        """A connection as the warehouse's own."""
        return connect(self.settings)

    def put(self, name: str, book: Book, modified: datetime) -> None:
        """Lay a workbook into the inbox, changed at that time."""
        path = self.settings.inbox / name
        path.write_bytes(written(book))
        stamp = round(modified.replace(tzinfo=inbox.SHANGHAI).timestamp()) * 10**9
        os.utime(path, ns=(stamp, stamp))

    def set_clock(self, now: datetime) -> None:
        """Let the database's clock stand at this time."""
        with closing(self.connect()) as conn:
            conn.execute("update model_clock.moment set at = %s", (now.replace(tzinfo=inbox.SHANGHAI),))

    def collect(self, business_date: date) -> None:
        """A run that looks into the inbox and is gone."""
        self.night(business_date, "collected")

    def night(
        self, business_date: date, kill_at: str = "", *, checks_fail: bool = False, asks_cross_rules: bool = False
    ) -> Ended:
        """Run a night to its end, or to its death at a point that it comes to."""
        target, step = POINTS.get(kill_at, ("", None))

        def observe(moment: Moment) -> None:
            if moment.is_over and moment.step == step:
                raise Killed

        with ExitStack() as patches:
            patches.enter_context(mock.patch("connectors.warehouse.engine.migrate"))
            if self.figures is not None:
                patches.enter_context(mock.patch("connectors.dbt.run_dbt", self._light_dbt(checks_fail)))
            if target:
                patches.enter_context(_dying(target, after=2 if "second" in kill_at else 1))
            try:
                with NightHere(self.settings, business_date, observe) as night:
                    night.collect("inbox")
                    for number, chunk in enumerate(night.chunks(), start=1):
                        night.take_in(str(number), chunk)
                    with night.turn():
                        night.bring_calendar()
                        if self.figures is None or asks_cross_rules:
                            night.cross_check()
                        night.build()
                        night.publish()
                    night.finish()
            except Killed:
                return Ended(True, False)
            except ChecksFailed:
                if not checks_fail:
                    raise
                return Ended(False, True)
        return Ended(False, False)

    def withdraw(self, form: str, unit: str, period: str) -> str:
        """What became of the wish to take an answer back."""
        with closing(self.connect()) as conn:
            try:
                found = withdraw(conn, form, unit, period, reason="报错", author="王处")
            except WarehouseError as error:
                if type(error).__name__ != "PeriodClosed":
                    raise
                return "closed"
        return "nothing" if found is None else "withdrawn"

    def close(self, period: str) -> bool:
        """Close a period, whatever is missing; false where it is closed."""
        from connectors.warehouse.close_period import close

        with closing(self.connect()) as conn, hold(self.settings, "publish", "the desk") as lease:
            done = close(self.settings, conn, lease, parse_period(period), author="王处", incomplete_reason="结账")
        assert done.closed is not None, done.state
        return bool(done.is_new)

    def reopen(self, period: str) -> str:
        """What became of the wish to open a period again."""
        from connectors.warehouse.closing import reopen

        with closing(self.connect()) as conn, hold(self.settings, "publish", "the desk"):
            try:
                found = reopen(conn, period, reason="补报", author="李处")
            except WarehouseError as error:
                if type(error).__name__ != "PeriodClosed":
                    raise
                return "closed"
        return "nothing" if found is None else "reopened"

    def propose(self, form: str, unit: str, period: str, correction: Correction) -> None:
        """Propose a correction of the newest answer."""
        wanted = forms()[form].field(FIELDS[correction.word])
        with closing(self.connect()) as conn:
            newest = read_newest(conn, form, unit, period)
            assert newest is not None
            given = read_given(conn, forms()[form], newest.submission_id, correction.row_number, wanted)
            assert given is not None, "the answer has no such row"
            self.proposed.append(
                propose(
                    conn, newest.submission_id, correction.row_number, wanted, before=given.value, value=str(correction.value),
                    reason=f"核对 {len(self.proposed)}", author="王处",
                )
            )  # fmt: skip

    def approve(self, number: int) -> str:
        """Approve a proposal as a second person does; gives what became of the answer."""
        with closing(self.connect()) as conn:
            [correction] = read_corrections(conn, correction_id=self.proposed[number])
            candidate = read_newest(conn, correction.form_id, correction.unit_id, correction.period)
            assert candidate is not None
            keyring = Keyring.load(self.settings)
            pool: Any = PoolHere()
            approval = Approval(correction, "李处", None)
            [replayed] = replay(conn, Archive(self.settings, keyring), keyring, pool, [candidate], 1, approval)
        return replayed.ending

    def replay(self) -> list[tuple[tuple[str, str, str], str]]:
        """Judge once more whatever waits or was refused; gives what became of each answer."""
        with closing(self.connect()) as conn:
            keyring = Keyring.load(self.settings)
            pool: Any = PoolHere()
            done = replay(conn, Archive(self.settings, keyring), keyring, pool, read_candidates(conn), 1)
        return sorted(((r.candidate.form_id, r.candidate.unit_id, r.candidate.period), r.ending) for r in done)

    def backfill(
        self, asked: Backfill, business_date: date, meanwhile: Callable[[], None]
    ) -> str | list[tuple[str, str, str, str]]:
        """Judge a range again, as the flow does without its preview and its build; gives what became of each answer.

        `meanwhile` happens between the plan, whose boundary is noted, and the transaction that brings everything in.
        """
        parameters = Parameters(
            asked.first, asked.last, asked.forms, only_missing=asked.only_missing, restates=asked.restates
        )
        keyring = Keyring.load(self.settings)
        archive, pool = Archive(self.settings, keyring), PoolHere()
        with ExitStack() as patches, closing(self.connect()) as conn:
            if self.figures is not None:
                patches.enter_context(mock.patch("connectors.warehouse.backfill.bringing_in.ask_cross_rules"))
            plan = make_plan(parameters, datetime.now(UTC), business_date, read_ledger_boundary(conn), {})
            staging = Staging(self.settings, keyring, plan.plan_id)
            patches.callback(staging.drop)
            run_id = open_run(conn, "backfill", business_date)
            backfill_id = open_backfill(conn, plan, "合同变更", "王处", run_id)
            [record] = read_backfills(conn, backfill_id=backfill_id)
            partitions = read_partitions(conn, parameters)
            try:
                refuse_closed(conn, record, partitions)
                write_partitions(conn, backfill_id, {key: len(of) for key, of in partitions.items()}, {})
                for key, candidates in partitions.items():
                    batch = pool.read([(c.delivery_id, archive.get(c.sha256)) for c in candidates])
                    end_partition(conn, backfill_id, key, [staging.put(Staged(batch))])
                meanwhile()
                found = bring_in(conn, keyring, staging, record, run_id, None)
            except (BackfillClosed, BackfillMoved) as error:
                move_state(conn, backfill_id, "cancelled")
                return "closed" if isinstance(error, BackfillClosed) else "moved"
            finally:
                close_run(conn, run_id, "succeeded", None, None)
        return sorted((a["form"], a["unit"], a["period"], a["ending"]) for a in found["answers"])

    def _light_dbt(self, checks_fail: bool) -> Callable[..., list[Any]]:
        def run(settings: Settings, _command: str, *_arguments: str) -> list[Any]:
            assert self.figures is not None
            told = self.figures()
            with closing(connect(settings)) as conn, conn.transaction():
                conn.execute("delete from bi_candidate.indicator_value where indicator_id = any(%s)", (list(FORMS),))
                with conn.cursor() as cursor:
                    cursor.executemany(
                        "insert into bi_candidate.indicator_value values (%s, %s, %s, %s, %s, %s, %s, %s, %s, 'provisional')",
                        [
                            # What no check lets through must never be seen.
                            (*key, Decimal(-1), *facts[1:]) if checks_fail else (*key, *facts)
                            for key, facts in told.items()
                        ],
                    )
                _compare_everything(conn)
            return [
                SimpleNamespace(
                    node=SimpleNamespace(name="checks"), status="fail" if checks_fail else "pass", execution_time=0.0
                )
            ]

        return run


def _compare_everything(conn: psycopg.Connection[Any]) -> None:
    """Let the newest build be one of everything: nobody has worked out which figures a light night may have changed."""
    conn.execute(
        "update ops.dbt_build set base_build_id = null where build_id = (select max(build_id) from ops.dbt_build)"
    )


@contextmanager
def _dying(target: str, after: int) -> Iterator[None]:
    """The process dies behind the so manieth call of a function, before anything is committed that is not yet."""
    module, _, name = target.rpartition(".")
    holder: Any = _named(module)
    real, calls = getattr(holder, name), iter(range(1, 1_000_000))

    def dying(*arguments: Any, **named: Any) -> Any:
        told = real(*arguments, **named)
        if next(calls) == after:
            raise Killed
        return told

    with mock.patch.object(holder, name, dying):
        yield


def _named(path: str) -> Any:
    from pkgutil import resolve_name

    return resolve_name(path)


@cache
def written(book: Book) -> bytes:
    """The bytes of a workbook."""
    form = forms()[book.form]
    stream = io.BytesIO()
    identity = Identity(book.form, form.edition, book.unit, book.unit, book.period)
    rows = _register_cells(book.register) if book.register else [_cells(row, book.period) for row in book.rows]
    write_workbook(stream, form, identity, rows, nil=book.is_nil, spare_rows=3 + book.edition)
    return stream.getvalue()


def _cells(row: Row, period: str) -> dict[str, object]:
    month = first_day(period)
    match row:
        case Line():
            return inbox.relief_row(
                beneficiary_unit=row.beneficiary,
                persons=0 if row.fault == "nobody" else row.persons,
                cash_cny="约2000" if row.fault == "text" else Decimal(row.cash),
                given_on=month.replace(month=12 if row.fault == "outside" else month.month, day=row.day),
            )
        case Payment():
            return inbox.hardship_row(
                worker_citizen_id=PEOPLE[row.person],
                amount_cny=Decimal(row.amount),
                aid_kind=row.kind,
                paid_on=month.replace(month=12 if row.fault else month.month, day=row.day),
            )
        case Profile():
            return inbox.profile_row(
                employees=row.employees, contract_covered_employees=row.covered, congress_held_on=date(2020, 2, 3)
            )


def _register_cells(variant: str) -> list[dict[str, object]]:
    return [
        {
            "unit_code": span.code, "unit_name": f"样例{span.code}", "short_name": span.code, "unit_kind": KINDS[span.kind],
            "parent_code": span.parent, "valid_from": span.first, "valid_to": span.last, "successor_code": span.successor,
        }
        for span in REGISTERS[variant]
    ]  # fmt: skip


def empty(folder: Any) -> None:
    """Leave nothing in a folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
