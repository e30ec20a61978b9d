"""The steps of a night, each harmless when repeated, and what they share while the night lasts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from connectors.errors import BuildFailed, FileUnusable, WarehouseError
from connectors.settings import Settings
from flows.failures import AccountUnbalanced, ChecksFailed, StepFailed
from flows.moments import Moment, Observe

if TYPE_CHECKING:
    import psycopg

    from connectors.alerts.telling import Told
    from connectors.archive import Archive
    from connectors.keys import Keyring
    from connectors.sources.declared import SourceDeclared
    from connectors.sources.looking import Look
    from connectors.warehouse.intake import Judge
    from connectors.warehouse.lease import Lease
    from connectors.warehouse.publish import Published
    from connectors.warehouse.runs import Account
    from connectors.workbooks.pool import Readers

LEASE = "publish"
"""The lease that whoever builds and publishes must hold."""


@dataclass(frozen=True, slots=True)
class NightResult:
    """How a night ended: its account, what readers see now, and where the report and the files of the year's account lie."""

    run_id: int
    account: Account
    published: Published
    report: Path
    year_account: tuple[Path, ...]
    broken_sources: tuple[str, ...] = ()

    @property
    def needs_people(self) -> bool:
        """Whether somebody has to mend something: in what was handed in, or a source that could not be read."""
        return self.account.needs_people or bool(self.broken_sources)

    @property
    def status(self) -> str:
        """The status of the run in the ledger."""
        return "data_problems" if self.needs_people else "succeeded"

    @property
    def exit_code(self) -> int:
        """0 good, 1 where people have to mend something."""
        return 1 if self.needs_people else 0


class Night:
    """One night under way: its steps as methods, and what they share. Opens a run; leaving it closes the run."""

    tells_staff = True
    """Whether what it publishes is told to the staff in the same transaction; other runs leave that to the next night."""

    def __init__(self, settings: Settings, business_date: date, observe: Observe) -> None:
        self.settings, self.business_date, self.observe = settings, business_date, observe
        self.run_id = 0
        self.sources: list[SourceDeclared] = []
        self._broken_sources: tuple[str, ...] = ()
        self._resources = ExitStack()
        self._conn: psycopg.Connection[Any] | None = None
        self._hands: Readers | None = None
        self._judge: Judge | None = None
        self._lease: Lease | None = None
        self._published: Published | None = None
        self._staff_told: Told | None = None
        self._report: Path | None = None
        self._year_account: tuple[Path, ...] = ()
        self._result: NightResult | None = None

    def __enter__(self) -> Self:
        if self.settings.sources_file is not None:
            from connectors.sources.declaration_file import read_sources

            # What is wrong in sources.yaml is said before anything begins.
            self.sources = read_sources(self.settings)
        with self._told("prepare", ""):
            with suppress(OSError):
                # One that cannot be made is told when it is looked into.
                self.settings.inbox.mkdir(parents=True, exist_ok=True)
            self._open("night")
        return self

    def _open(self, kind: str) -> None:
        """Bring the database up to date, connect to it and open a run of that kind."""
        from connectors.archive import Archive
        from connectors.warehouse.engine import connect, migrate
        from connectors.warehouse.key_register import open_keyring
        from connectors.warehouse.roles import LOADER
        from connectors.warehouse.runs import open_run

        migrate(self.settings)
        self._conn = connect(self.settings, LOADER)
        self.keyring: Keyring = open_keyring(self._conn, self.settings)
        self.archive: Archive = Archive(self.settings, self.keyring)
        self.run_id = open_run(self._conn, kind, self.business_date)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        try:
            status = "failed" if error is not None else self._status()
            try:
                self._close_run(status)
            except Exception:
                if error is None:
                    raise
                # What stopped the night may have broken its connection in the middle of a question.
                self.connection().close()
                self._close_run(status)
        except Exception:
            # Whatever stopped the night is what people must hear; the next run marks this one as failed.
            if error is None:
                raise
        finally:
            self._resources.close()
            if self._conn is not None:
                self._conn.close()

    def _status(self) -> str:
        return self._result.status if self._result else "failed"

    def _close_run(self, status: str) -> None:
        from connectors.warehouse.runs import close_run, night_account

        release_id = self._published.release_id if self._published else None
        close_run(self.connection(), self.run_id, status, night_account(self.connection(), self.run_id), release_id)

    def connection(self) -> psycopg.Connection[Any]:
        """The night's connection; another one if the former was lost, so that a step tried again can succeed."""
        from connectors.warehouse.engine import connect
        from connectors.warehouse.key_register import hold_keyring
        from connectors.warehouse.roles import LOADER
        from connectors.warehouse.runs import RUN_LOCK

        if self._conn is None or self._conn.closed:
            self._conn = connect(self.settings, LOADER)
            # The run is alive as long as somebody holds its lock.
            self._conn.execute("select pg_advisory_lock(%s, %s)", (RUN_LOCK, self.run_id))
            hold_keyring(self._conn, self.keyring)
        return self._conn

    def collect(self, source_id: str) -> int:
        """Copy what is new in the one source there is, the inbox, into the archive; gives how many deliveries came. Safe to repeat.

        Raises: SourceUnreachable, because a night without its only source is none.
        """
        from connectors.sources import FolderSource, collect
        from connectors.sources.looking import look_result
        from connectors.warehouse.looks import begin_look, end_look

        source = FolderSource(source_id, self.settings.inbox)
        with self._step("collect", source_id) as note:
            found = collect(self.settings, self.connection(), self.archive, source, self.run_id)
            result = look_result(found)
            with self.connection().transaction():
                end_look(self.connection(), begin_look(self.connection(), source_id, "folder", self.run_id), result)
            note(result.counts)
        return found.received

    def collect_all(self) -> int:
        """Look at all sources at once; gives how many deliveries came. One that is broken delays and stops nothing. Safe to repeat."""
        from connectors.sources.looking import look_at_all

        def tell(look: Look) -> None:
            note = f"{look.result.outcome} {look.result.counts}"
            ended = Moment("collect", look.source_id, is_over=True, seconds=look.seconds, note=note, run_id=self.run_id)
            self.observe(ended)

        with self._step("collect", f"{len(self.sources)} sources") as note:
            looks = look_at_all(self.settings, self.connection(), self.keyring, self.sources, self.run_id, tell)
            self._broken_sources = tuple(sorted(look.source_id for look in looks if look.result.outcome != "good"))
            note(f"broken={len(self._broken_sources)}")
        return sum(look.result.received for look in looks)

    def chunks(self) -> list[list[int]]:
        """The deliveries without a decision, registers first, in chunks that one transaction carries."""
        from connectors.warehouse.runs import chunk_deliveries, undecided_deliveries

        return chunk_deliveries(undecided_deliveries(self.connection()), self.settings.chunk_size)

    def take_in(self, place: str, delivery_ids: Sequence[int]) -> int:
        """Read, judge, decide and load a chunk (`place` such as 2/5); gives how many stay undecided. Safe to repeat."""
        from connectors.warehouse.intake import take_in

        with self._step("take_in", place) as note:
            readers, shelf = self._readers(), (self.archive, self.keyring)
            stuck = take_in(self.connection(), *shelf, readers, delivery_ids, self.run_id, self._judge)
            note(f"deliveries={len(delivery_ids)} undecided={len(stuck)}")
        return len(stuck)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """This run's turn to build and publish: holds the lease, so that no other run does so meanwhile."""
        from connectors.warehouse.lease import hold

        with hold(self.settings, LEASE, f"run {self.run_id}") as lease:
            self._lease = lease
            yield

    def bring_calendar(self) -> None:
        """Write due dates, forms and codes to where SQL reads them. Safe to repeat."""
        from connectors.warehouse.calendar import sync_calendar

        with self._step("calendar"):
            sync_calendar(self.connection(), self.business_date, self.settings.dbt_project_dir / "seeds" / "plans.csv")

    def cross_check(self) -> int:
        """Ask the rules that compare submissions; gives the rules asked, 0 where nothing is new. Safe to repeat."""
        from connectors.warehouse.cross_checks import ask_cross_rules

        with self._step("cross_check") as note:
            checked = ask_cross_rules(self.connection(), self.run_id)
            if checked is None:
                note("unchanged")
                return 0
            note(f"rules={checked.rules} opened={checked.opened} closed={checked.closed} failed={len(checked.failed)}")
        return checked.rules

    def build(self) -> int:
        """Build and test the indicators beside what readers see; gives the nodes run, 0 where nothing that goes into them changed.

        Safe to repeat. Raises: ChecksFailed.
        """
        from connectors.warehouse.build_inputs import build_inputs, standing_release
        from connectors.warehouse.publish import Published

        with self._step("build") as note:
            inputs = build_inputs(self.connection(), self.settings.dbt_project_dir, self.business_date)
            standing = standing_release(self.connection(), inputs)
            if standing is not None:
                note("unchanged")
                self._published = Published(standing, is_new=False, changed={})
                return 0
            nodes = self._build(inputs)
            note(f"nodes={nodes}")
        return nodes

    def publish(self) -> int:
        """Move readers to what was built, in one transaction; gives the release they see. Safe to repeat. Raises: PublishRefused."""
        from connectors.warehouse.publish import publish

        with self._step("publish") as note:
            if self._published is not None:
                note(f"release={self._published.release_id} unchanged")
                return self._published.release_id
            also = self._tell_staff if self.tells_staff else None
            self._published = publish(
                self.settings, self._held(), self.run_id, self.business_date, self.release_cause, also
            )
            note(f"release={self._published.release_id} changed={sum(self._published.changed.values())}")
        return self._published.release_id

    @property
    def release_cause(self) -> str:
        """What a release of this run is there for."""
        return f"night {self.business_date.isoformat()}"

    def reply(self) -> str:
        """Answer the submitters, and write the report, the account of the year that the last ended month belongs to, and the note of
        a restatement; gives the report's path. Safe to repeat.
        """
        from connectors.report import write_account, write_report, write_restatement_notes
        from connectors.warehouse.replies import reply_to_deliveries

        year = last_ended_month_year(self.business_date)
        with self._step("reply", year) as note:
            replied = reply_to_deliveries(self.settings, self.connection(), self.archive, self.run_id)
            note(f"receipts={replied.receipts} annotated={replied.annotated} listed={replied.listed}")
            self._report = write_report(self.settings, year, self.settings.reports_dir)
            account = write_account(self.settings, year, self.settings.reports_dir)
            self._year_account = (account.page, account.document) if account else ()
            write_restatement_notes(self.settings, self.settings.reports_dir)
        return str(self._report)

    def alert(self) -> int:
        """Tell the staff: alerts, unless the publish has brought them, and what is due in the outbox, for a minute at most; gives
        the messages sent. No channel fails it. Safe to repeat.
        """
        from flows.staff import send

        with self._step("alert") as note:
            if self._staff_told is None:
                self._tell_staff(self.connection())
            sent = send(self.connection(), self.settings)
            note(self._words_of_alert())
            if sent is not None:
                note(f"sent={sent.sent} again={sent.again} failed={sent.failed} unknown={sent.unknown}")
        return sent.sent if sent else 0

    def _tell_staff(self, conn: psycopg.Connection[Any]) -> None:
        from connectors.warehouse.runs import night_account
        from flows.staff import balance, tell

        account = night_account(conn, self.run_id)
        self._staff_told = tell(conn, self, balance(account.undecided, is_balanced=account.is_balanced))

    def _words_of_alert(self) -> str:
        told = self._staff_told
        if told is None:
            return "alerts=unwritten"
        moved = told.moved
        return f"opened={moved.opened} resolved={moved.resolved} woken={moved.woken} written={told.digests}"

    def result(self) -> NightResult:
        """The night's result, once every step is done. Raises: AccountUnbalanced."""
        from connectors.warehouse.runs import night_account

        account = night_account(self.connection(), self.run_id)
        if not account.is_balanced:
            raise AccountUnbalanced(self.run_id, account.undecided)
        assert self._published is not None  # noqa: S101 - `publish` has run or raised
        assert self._report is not None  # noqa: S101 - `reply` has run or raised
        self._result = NightResult(
            self.run_id, account, self._published, self._report, self._year_account, self._broken_sources
        )
        return self._result

    def _build(self, inputs: str) -> int:
        from connectors.dbt import build

        failed: WarehouseError
        try:
            built = build(self.settings, self.run_id, self.business_date, self._held().fence, inputs)
            if built.passed:
                return built.nodes
            failed = ChecksFailed("、".join(built.failures))
        except BuildFailed as error:
            failed = error
        # Where the server went away meanwhile, this raises a lost connection, which heals; nothing is known about the checks.
        self.connection().execute("select 1")
        raise failed

    def _held(self) -> Lease:
        assert self._lease is not None  # noqa: S101 - building and publishing happen inside `turn`
        return self._lease

    def _readers(self) -> Readers:
        """Who reads workbooks: children of this process, or the workers of other machines."""
        if self._hands is None:
            self._hands = self._children() if self.settings.dask_scheduler is None else self._workers()
        return self._hands

    def _children(self) -> Readers:
        from connectors.workbooks.pool import ReaderPool
        from expectations.judgement import warm_up

        # Great Expectations takes seconds to import; the readers' processes work meanwhile.
        threading.Thread(target=warm_up, name="warm-up", daemon=True).start()
        return self._resources.enter_context(ReaderPool(self.settings))

    def _workers(self) -> Readers:
        from connectors.dask.workers import Workers

        workers = self._resources.enter_context(Workers(self.settings))
        self._judge = workers.decide
        return workers

    @contextmanager
    def _step(self, name: str, detail: str = "") -> Iterator[Callable[[str], None]]:
        """A named step: told to the observer, recorded in the ledger, its unforeseen errors stripped of row data."""
        from connectors.warehouse.runs import step

        with self._told(name, detail) as note, step(self.connection(), self.run_id, name, detail):
            yield note

    def _revive(self) -> None:
        """Start the embedded server again if it was its death that stopped a step: Prefect must hear of that, and needs it too."""
        from connectors.postgres import ensure_database

        with suppress(WarehouseError):
            ensure_database(self.settings)

    @contextmanager
    def _told(self, name: str, detail: str) -> Iterator[Callable[[str], None]]:
        notes: list[str] = []
        began = time.monotonic()
        self.observe(Moment(name, detail, run_id=self.run_id))
        try:
            yield notes.append
        except Exception as error:
            self._revive()
            if isinstance(error, WarehouseError):
                raise
            if refused := FileUnusable.because(error, str(self.settings.home)):
                raise refused from error
            # Stripped of what it may quote.
            raise StepFailed.because(name, detail, error) from None
        seconds, note = time.monotonic() - began, " ".join(notes)
        self.observe(Moment(name, detail, is_over=True, seconds=seconds, note=note, run_id=self.run_id))


def last_ended_month_year(business_date: date) -> str:
    """The year of the last month that had ended before this date: what a report of the night is about."""
    return str(business_date.year - 1 if business_date.month == 1 else business_date.year)
