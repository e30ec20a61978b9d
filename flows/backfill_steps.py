"""The steps of a backfill, each harmless when repeated; those that build and publish are the night's own.

A preview carries out the very same steps on a copy of the database (`flows.backfill_run`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Self

import psycopg

from connectors.settings import Settings
from connectors.warehouse.backfill.errors import BackfillBusy, BackfillStopped, BackfillUnpublished
from flows.moments import Observe
from flows.night_steps import Night

if TYPE_CHECKING:
    from connectors.archive import Archive
    from connectors.warehouse.backfill.candidates import Partition
    from connectors.warehouse.backfill.plans import Plan
    from connectors.warehouse.backfill.records import Record
    from connectors.warehouse.backfill.staging import Staging

BACKFILL_LOCK = 0x5742
"""First key of the advisory locks that whoever carries out a backfill holds ("WB", nothing else in this database uses it)."""


@dataclass(frozen=True, slots=True)
class Work:
    """What to carry out, on which business date, in whose name, and whether it is a rehearsal on a copy, which has no result to be
    held against."""

    plan: Plan
    business_date: date
    reason: str
    author: str
    is_rehearsal: bool = False


class Backfill(Night):
    """One backfill under way. `originals` is where the archived originals lie: in a rehearsal, the archive of another home."""

    tells_staff = False

    def __init__(self, settings: Settings, work: Work, originals: Settings, observe: Observe) -> None:
        super().__init__(settings, work.business_date, observe)
        self.work, self._originals_at = work, originals
        self.backfill_id = 0
        self._found: dict[str, Any] = {}
        self._left: Mapping[str, str] | None = None
        self._has_brought_in = False
        self._is_over = False

    def __enter__(self) -> Self:
        from connectors.archive import Archive
        from connectors.warehouse.backfill.records import open_backfill
        from connectors.warehouse.backfill.staging import Staging

        work = self.work
        with self._told("prepare", ""):
            self._open("backfill")
            try:
                self._originals: Archive = Archive(self._originals_at, self.keyring)
                self.staging: Staging = Staging(self.settings, self.keyring, work.plan.plan_id)
                self.backfill_id = open_backfill(self.connection(), work.plan, work.reason, work.author, self.run_id)
                if not self._is_alone():
                    raise BackfillBusy(self.backfill_id)
            except BaseException as error:
                self.__exit__(type(error), error, None)
                raise
        return self

    def _is_alone(self) -> bool:
        found = self.connection().execute("select pg_try_advisory_lock(%s, %s)", (BACKFILL_LOCK, self.backfill_id))
        return bool(found.fetchall()[0][0])

    def give_up(self) -> None:
        """Cancel a backfill that can never go on, and forget what was read."""
        from connectors.warehouse.backfill.records import move_state
        from connectors.warehouse.engine import connect

        with connect(self.settings) as conn:
            move_state(conn, self.backfill_id, "cancelled")
        self.staging.drop()

    @property
    def expected(self) -> Mapping[str, Any] | None:
        """What the plan showed; None in a rehearsal."""
        return None if self.work.is_rehearsal else self.work.plan.result

    @property
    def release_cause(self) -> str:
        """What a release of this backfill is there for."""
        return f"backfill {self.backfill_id}"

    def record(self) -> Record:
        """The backfill as the ledger has it now."""
        from connectors.warehouse.backfill.records import read_backfills

        [record] = read_backfills(self.connection(), backfill_id=self.backfill_id)
        return record

    def list_partitions(self) -> int:
        """Write down the partitions; out of a folder, read it for that; gives how many there are. Safe to repeat."""
        from connectors.warehouse.backfill.candidates import read_partitions
        from connectors.warehouse.backfill.closed import refuse_closed
        from connectors.warehouse.backfill.folder import scan_folder
        from connectors.warehouse.backfill.records import write_partitions

        with self._step("partition") as note:
            record, conn = self._going_on(), self.connection()
            if not record.partitions:
                if record.asked.folder:
                    scanned = scan_folder(self.settings, conn, self._readers(), self.staging, record.asked)
                    self._left = scanned.left
                    refuse_closed(conn, record, scanned.files)
                    write_partitions(conn, self.backfill_id, scanned.files, scanned.staged)
                else:
                    found = read_partitions(conn, record.asked)
                    refuse_closed(conn, record, found)
                    write_partitions(conn, self.backfill_id, {key: len(of) for key, of in found.items()}, {})
            count = self.record().partitions
            note(f"partitions={count}")
        return count

    def waiting(self) -> list[Partition]:
        """The partitions that are not read yet."""
        from connectors.warehouse.backfill.candidates import in_turn
        from connectors.warehouse.backfill.records import read_partition_records

        found = read_partition_records(self.connection(), self.backfill_id)
        return sorted(((p.form_id, p.period) for p in found if p.state == "waiting"), key=in_turn)

    def read(self, partition: Partition) -> int:
        """Read the originals of a partition into the staging area; gives how many. Safe to repeat."""
        from connectors.warehouse.backfill.candidates import read_partitions
        from connectors.warehouse.backfill.records import begin_partition, end_partition
        from connectors.warehouse.backfill.staging import Staged
        from connectors.warehouse.runs import chunk_deliveries

        with self._step("read", " ".join(partition)) as note:
            record, pool = self._going_on(), self._readers()
            begin_partition(self.connection(), self.backfill_id, partition)
            candidates = read_partitions(self.connection(), record.asked).get(partition, [])
            hashes = {c.delivery_id: c.sha256 for c in candidates}
            sizes = [(c.delivery_id, c.size_bytes) for c in candidates]
            names = []
            for chunk in chunk_deliveries(sizes, self.settings.chunk_size):
                self._going_on()
                batch = pool.read([(i, self._originals.get(hashes[i], pool.longest_file_bytes + 1)) for i in chunk])
                names.append(self.staging.put(Staged(batch)))
            end_partition(self.connection(), self.backfill_id, partition, names)
            note(f"files={len(candidates)}")
        return len(candidates)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """This run's turn to build and publish, during which nobody else loads: what is built is what was brought in, and no more."""
        from connectors.warehouse.loading import INTAKE_LOCK

        with self.turn():
            conn = self.connection()
            conn.execute("select pg_advisory_lock(hashtextextended(%s, 0))", (INTAKE_LOCK,))
            try:
                yield
            finally:
                # A connection that was lost took the lock along.
                with suppress(psycopg.Error):
                    conn.execute("select pg_advisory_unlock(hashtextextended(%s, 0))", (INTAKE_LOCK,))

    def compare(self) -> None:
        """Raises: BackfillMoved if anything that the plan depends on is not as it was; asked again of the ledger when it is loaded."""
        from connectors.warehouse.backfill.boundary import moved, moved_error, read_boundary

        with self._step("compare"):
            record = self._going_on()
            now = read_boundary(self.settings, self.connection(), self.keyring, record.asked, self.business_date)
            if names := moved(record.boundary, now):
                raise moved_error(record.plan_id, names)

    def bring_in(self) -> int:
        """Load everything that was read, and compare it with the plan, in one transaction; gives how many answers. Safe to repeat.

        Raises: BackfillStopped, BackfillMoved, BackfillDiffers, BackfillClosed; nothing has happened then.
        """
        from connectors.warehouse.backfill.bringing_in import bring_in
        from connectors.warehouse.backfill.folder import archive_originals
        from connectors.warehouse.backfill.records import read_partition_records

        with self._step("bring_in") as note:
            record, conn = self.record(), self.connection()
            if record.state in ("loaded", "done"):
                # A step tried again: the connection was lost when it had committed.
                self._found = dict(self.expected or {})
                return len(self._found.get("answers", []))
            for partition in read_partition_records(conn, self.backfill_id) if record.asked.folder else ():
                for name in partition.staged:
                    archive_originals(self.archive, self.staging, self.staging.get(name).files)
            self._found = bring_in(conn, self.keyring, self.staging, record, self.run_id, self.expected)
            self._has_brought_in = True
            note(f"answers={len(self._found['answers'])}")
        return len(self._found["answers"])

    def check_figures(self) -> int:
        """Hold the figures that were built against the plan, before anybody reads them; gives how many change.

        Where it was brought in by a run that was killed since, others may have come in too, and the release is as that of a night.
        Raises: BackfillUnpublished.
        """
        from connectors.warehouse.backfill.result import digest_of, read_candidate_figures

        with self._step("compare", "figures") as note:
            figures = [] if self._published else read_candidate_figures(self.connection())
            self._found["candidate"] = digest_of(figures)
            if (
                self._has_brought_in
                and self.expected is not None
                and self.expected["candidate"] != self._found["candidate"]
            ):
                raise BackfillUnpublished(self.work.plan.plan_id)
            note(f"figures={len(figures)}")
        return len(figures)

    def publish(self) -> int:
        """Move readers to what was built, and write down that the backfill is done. Safe to repeat. Raises: PublishRefused."""
        from connectors.warehouse.backfill.records import finish
        from connectors.warehouse.backfill.result import read_changed_figures
        from connectors.warehouse.publish import current_release

        before = current_release(self.connection()) or 0
        after = super().publish()
        self._found["figures"] = read_changed_figures(self.connection(), before, after)
        finish(self.connection(), self.backfill_id, after)
        self.staging.drop()
        return after

    def answer(self) -> int:
        """Answer the submitters of what came out of a folder; gives how many receipts. Safe to repeat."""
        from connectors.warehouse.replies import reply_to_deliveries

        with self._step("reply") as note:
            replied = reply_to_deliveries(self.settings, self.connection(), self.archive, self.run_id)
            note(f"receipts={replied.receipts} annotated={replied.annotated} listed={replied.listed}")
        return replied.receipts

    def outcome(self) -> dict[str, Any]:
        """What it came to, in the types of JSON."""
        self._is_over = True
        left = self._left if self._left is not None else (self.expected or {}).get("left", {})
        return {**self._found, "left": dict(left)}

    def _status(self) -> str:
        return "succeeded" if self._is_over else "failed"

    def _close_run(self, status: str) -> None:
        from connectors.warehouse.runs import close_run

        # No account of its own: that of each delivery stands, and what was judged again has its own beside it.
        close_run(self.connection(), self.run_id, status, None, self._published.release_id if self._published else None)

    def _going_on(self) -> Record:
        """The record, if nobody has paused or cancelled it. Raises: BackfillStopped."""
        record = self.record()
        if record.state in ("paused", "cancelled"):
            raise BackfillStopped(self.backfill_id)
        return record
