"""The ledger of backfills: one row each, a row for each partition, and the states that they go through.

    reading ─→ loaded ─→ done
       ⇅  ↘
     paused → cancelled

A state is changed only from the states that it may follow, in one statement, so that whoever comes second finds it changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from connectors.warehouse.backfill.parameters import Parameters

if TYPE_CHECKING:
    from connectors.warehouse.backfill.candidates import Partition
    from connectors.warehouse.backfill.plans import Plan

State = Literal["reading", "paused", "cancelled", "loaded", "done"]

MAY_FOLLOW: Mapping[State, tuple[State, ...]] = {
    "reading": ("paused",),
    "paused": ("reading",),
    "cancelled": ("reading", "paused"),
    "loaded": ("reading",),
    "done": ("loaded",),
}
"""From which states each may be reached."""


@dataclass(frozen=True, slots=True)
class Record:
    """One backfill as the ledger has it."""

    backfill_id: int
    plan_id: str
    parameters: dict[str, Any]
    business_date: date
    boundary: dict[str, str]
    expected_digest: str
    reason: str
    author: str
    state: State
    sends_answers: bool
    run_id: int
    release_id: int | None
    decided_at: datetime
    changed_at: datetime
    partitions: int
    partitions_read: int

    @property
    def asked(self) -> Parameters:
        """Its parameters."""
        return Parameters.from_json(self.parameters)


@dataclass(frozen=True, slots=True)
class PartitionRecord:
    """One partition of a backfill; `staged` names what was read, in order."""

    form_id: str
    period: str
    state: Literal["waiting", "read", "loaded"]
    files: int
    versions: int
    staged: list[str]
    started_at: datetime | None
    finished_at: datetime | None


def open_backfill(conn: psycopg.Connection[Any], plan: Plan, reason: str, author: str, run_id: int) -> int:
    """Write a backfill down, or find the one that this plan has begun already; gives its id."""
    p = plan.parameters
    with conn.transaction():
        conn.execute(
            "insert into ops.backfill (plan_id, parameters, business_date, boundary, expected_digest, reason, author, state,"
            " sends_answers, run_id, decided_at, changed_at)"
            " values (%s, %s, %s, %s, %s, %s, %s, 'reading', %s, %s, now(), now()) on conflict (plan_id) do nothing",
            (
                *(plan.plan_id, Jsonb(p.to_json()), plan.business_date, Jsonb(dict(plan.boundary)), plan.digest),
                *(reason, author, p.sends_answers, run_id),
            ),
        )
        [(backfill_id,)] = conn.execute(
            "update ops.backfill set run_id = %s where plan_id = %s returning backfill_id", (run_id, plan.plan_id)
        ).fetchall()
    return int(backfill_id)


def read_backfills(
    conn: psycopg.Connection[Any], *, backfill_id: int | None = None, plan_id: str | None = None
) -> list[Record]:
    """Backfills, the newest first."""
    with conn.cursor(row_factory=class_row(Record)) as cursor:
        return cursor.execute(
            "select b.*, (select count(*) from ops.backfill_partition p where p.backfill_id = b.backfill_id) as partitions,"
            " (select count(*) from ops.backfill_partition p where p.backfill_id = b.backfill_id and p.state <> 'waiting')"
            " as partitions_read from ops.backfill b where (%(id)s::bigint is null or b.backfill_id = %(id)s)"
            " and (%(plan)s::text is null or b.plan_id = %(plan)s) order by b.backfill_id desc",
            {"id": backfill_id, "plan": plan_id},
        ).fetchall()


def move_state(conn: psycopg.Connection[Any], backfill_id: int, state: State) -> bool:
    """Bring a backfill into a state; false where it is in none that this may follow."""
    changed = conn.execute(
        "update ops.backfill set state = %s, changed_at = now() where backfill_id = %s and state = any(%s)",
        (state, backfill_id, list(MAY_FOLLOW[state])),
    )
    return changed.rowcount == 1


def finish(conn: psycopg.Connection[Any], backfill_id: int, release_id: int) -> None:
    """Write down that what was loaded is published."""
    conn.execute(
        "update ops.backfill set state = 'done', release_id = %s, changed_at = now() where backfill_id = %s and state = 'loaded'",
        (release_id, backfill_id),
    )


def write_partitions(
    conn: psycopg.Connection[Any],
    backfill_id: int,
    partitions: Mapping[Partition, int],
    staged: Mapping[Partition, Sequence[str]],
) -> None:
    """Write down the partitions with their counts of files, as read where `staged` has them; those that are there already stay."""
    with conn.transaction(), conn.cursor() as cursor:
        cursor.executemany(
            "insert into ops.backfill_partition (backfill_id, form_id, period, state, files, staged)"
            " values (%s, %s, %s, %s, %s, %s) on conflict do nothing",
            [
                (backfill_id, *key, "read" if key in staged else "waiting", files, Jsonb(list(staged.get(key, ()))))
                for key, files in partitions.items()
            ],
        )


def read_partition_records(conn: psycopg.Connection[Any], backfill_id: int) -> list[PartitionRecord]:
    """The partitions of a backfill, by form and period."""
    with conn.cursor(row_factory=class_row(PartitionRecord)) as cursor:
        return cursor.execute(
            "select form_id, period, state, files, versions, staged, started_at, finished_at"
            " from ops.backfill_partition where backfill_id = %s order by form_id, period",
            (backfill_id,),
        ).fetchall()


def begin_partition(conn: psycopg.Connection[Any], backfill_id: int, partition: Partition) -> None:
    """Write down that a partition is being read."""
    conn.execute(
        "update ops.backfill_partition set started_at = clock_timestamp() where (backfill_id, form_id, period) = (%s, %s, %s)",
        (backfill_id, *partition),
    )


def end_partition(conn: psycopg.Connection[Any], backfill_id: int, partition: Partition, staged: Sequence[str]) -> None:
    """Write down that a partition is read, and under which names what was read is staged."""
    conn.execute(
        "update ops.backfill_partition set state = 'read', staged = %s, finished_at = clock_timestamp()"
        " where (backfill_id, form_id, period) = (%s, %s, %s) and state = 'waiting'",
        (Jsonb(list(staged)), backfill_id, *partition),
    )


def mark_loaded(conn: psycopg.Connection[Any], backfill_id: int, versions: Iterable[tuple[Partition, int]]) -> None:
    """Write down, in the transaction that loads them, how many versions each partition came to."""
    with conn.cursor() as cursor:
        cursor.executemany(
            "update ops.backfill_partition set state = 'loaded', versions = %s"
            " where (backfill_id, form_id, period) = (%s, %s, %s)",
            [(count, backfill_id, *partition) for partition, count in versions],
        )
