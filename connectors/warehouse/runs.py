"""Runs: what a night (or another run) is doing, did, and how its account adds up.

A run that is alive holds a session advisory lock on its id, so a killed one is told from a slow one by asking Postgres.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from itertools import groupby
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

RUN_LOCK = 0x5257
"""First key of the advisory locks that live runs hold ("RW", nothing else in this database uses it)."""


@dataclass(frozen=True, slots=True)
class Account:
    """What became of everything that a run took in. Counts of deliveries, then of rows.

    `is_balanced` is promise 1: received = new + duplicate + unrecognised + unpacked, rows read = loaded + quarantined + ignored.
    `held` of the accepted wait because their period is closed. `undecided` deliveries are received but could not be brought to a
    decision; they make the account red.
    """

    received: int
    accepted: int
    refused: int
    duplicate: int
    unrecognised: int
    unpacked: int
    undecided: int
    rows_read: int
    rows_loaded: int
    rows_quarantined: int
    rows_ignored: int
    findings: dict[str, int]
    held: int = 0

    @property
    def new(self) -> int:
        """Deliveries that answered a form and period for the first time or anew: accepted or refused."""
        return self.accepted + self.refused

    @property
    def is_balanced(self) -> bool:
        """Whether nothing is lost."""
        return (
            self.undecided == 0
            and self.received == self.new + self.duplicate + self.unrecognised + self.unpacked
            and self.rows_read == self.rows_loaded + self.rows_quarantined + self.rows_ignored
        )

    @property
    def needs_people(self) -> bool:
        """Whether somebody has to mend something: a refused or unrecognised delivery, or a row that waits."""
        return bool(self.refused or self.unrecognised or self.rows_quarantined)

    def to_dict(self) -> dict[str, Any]:
        """The account as JSON-able facts, with the sums that people check."""
        return {**asdict(self), "new": self.new, "is_balanced": self.is_balanced}


def open_run(conn: psycopg.Connection[Any], kind: str, business_date: date) -> int:
    """The id of a new run, alive as long as `conn` is; runs that died before are marked `failed` on the way."""
    with conn.transaction():
        conn.execute(
            "update ops.run set status = 'failed', finished_at = now()"
            " where status = 'running' and pg_try_advisory_xact_lock(%s, run_id::int)",
            (RUN_LOCK,),
        )
        row = conn.execute(
            "insert into ops.run (kind, business_date, started_at, status) values (%s, %s, now(), 'running') returning run_id",
            (kind, business_date),
        ).fetchone()
    assert row is not None  # noqa: S101 - `returning` gives a row or raises
    conn.execute("select pg_advisory_lock(%s, %s)", (RUN_LOCK, row[0]))
    return int(row[0])


def close_run(
    conn: psycopg.Connection[Any], run_id: int, status: str, account: Account | None, release_id: int | None
) -> None:
    """Write how a run ended (`succeeded`, `data_problems` or `failed`) and let go of its lock."""
    with conn.transaction():
        conn.execute(
            "update ops.run set status = %s, finished_at = now(), account = %s, release_id = %s where run_id = %s",
            (status, None if account is None else Jsonb(account.to_dict()), release_id, run_id),
        )
    conn.execute("select pg_advisory_unlock(%s, %s)", (RUN_LOCK, run_id))


@contextmanager
def step(conn: psycopg.Connection[Any], run_id: int, name: str, detail: str = "") -> Iterator[None]:
    """Record that a run begins a named step, and, if nothing raised, that it ended it."""
    with conn.transaction():
        conn.execute(
            "insert into ops.run_step (run_id, step, detail, started_at) values (%s, %s, %s, clock_timestamp())"
            " on conflict (run_id, step, detail) do update set started_at = clock_timestamp(), finished_at = null",
            (run_id, name, detail),
        )
    yield
    with conn.transaction():
        conn.execute(
            "update ops.run_step set finished_at = clock_timestamp() where run_id = %s and step = %s and detail = %s",
            (run_id, name, detail),
        )


def night_account(conn: psycopg.Connection[Any], run_id: int) -> Account:
    """The account of what a run decided, with what is received and still undecided.

    What runs decided that died before they could give an account is in it too: somebody has to hear of it.
    """
    outcomes = dict.fromkeys(
        ("accepted", "refused", "unrecognised", "duplicate_bytes", "duplicate_content", "unpacked"), 0
    )
    rows = [0, 0, 0, 0]
    runs = _runs_to_account(conn, run_id)
    for outcome, count, *sums in conn.execute(
        "select outcome, count(*), sum(rows_read), sum(rows_loaded), sum(rows_quarantined), sum(rows_ignored)"
        " from ops.delivery_outcome where run_id = any(%s) group by outcome",
        (runs,),
    ):
        outcomes[outcome] = count
        rows = [total + int(part) for total, part in zip(rows, sums, strict=True)]
    undecided = len(undecided_deliveries(conn))
    findings = dict(
        conn.execute(
            "select severity, count(*) from ops.finding_open where run_id = any(%s) group by severity", (runs,)
        ).fetchall()
    )
    return Account(
        received=sum(outcomes.values()) + undecided,
        accepted=outcomes["accepted"],
        refused=outcomes["refused"],
        duplicate=outcomes["duplicate_bytes"] + outcomes["duplicate_content"],
        unrecognised=outcomes["unrecognised"],
        unpacked=outcomes["unpacked"],
        undecided=undecided,
        rows_read=rows[0],
        rows_loaded=rows[1],
        rows_quarantined=rows[2],
        rows_ignored=rows[3],
        findings=findings,
        held=_held(conn, runs),
    )


def _held(conn: psycopg.Connection[Any], runs: list[int]) -> int:
    [(held,)] = conn.execute("select count(*) from ops.submission_held where run_id = any(%s)", (runs,)).fetchall()
    return int(held)


def _runs_to_account(conn: psycopg.Connection[Any], run_id: int) -> list[int]:
    died = conn.execute(
        "select run_id from ops.run where run_id < %(mine)s and status = 'failed' and account is null and run_id >"
        " coalesce((select max(run_id) from ops.run where run_id < %(mine)s and account is not null), 0)",
        {"mine": run_id},
    )
    return [run_id, *(row[0] for row in died)]


def undecided_deliveries(conn: psycopg.Connection[Any]) -> list[tuple[int, int]]:
    """The deliveries that no run has brought to a decision, with their size in bytes, in the order in which they are to be taken in.

    Register workbooks come first, because the other forms are judged against them; then the archive's sequence, which no clock that
    is set back can turn round, with the deliveries of one form brought together as far as no answer can overtake another (see
    `bring_forms_together`).
    """
    from expectations.contract import forms

    registers = [form.form_id for form in forms().values() if form.is_register]
    found = conn.execute(
        "select d.delivery_id, d.size_bytes, d.form_hint from archive.delivery d"
        " where not exists (select from ops.delivery_outcome o where o.delivery_id = d.delivery_id)"
        " order by array_position(%s::text[], d.form_hint), d.delivery_id",
        (registers,),
    ).fetchall()
    first = [row for row in found if row[2] in registers]
    return [(delivery_id, size) for delivery_id, size, _ in [*first, *bring_forms_together(found[len(first) :])]]


def bring_forms_together(deliveries: Iterable[tuple[int, int, str | None]]) -> list[tuple[int, int, str | None]]:
    """The same (id, size, form hint) with those of one form side by side, so that a chunk holds few forms: the rows
    of each form are normalised and copied apart.

    Answers to one form keep their order, so that the later one still supersedes. A delivery without a hint may answer any form
    and is therefore not moved, nor is any other moved past it. (A hint that lies leads to a refusal: form.identity_differs.)
    """
    ordered: list[tuple[int, int, str | None]] = []
    for _, run in groupby(deliveries, key=lambda delivery: delivery[2] is not None):
        # Stable, and a run without hints has nothing to sort by.
        ordered += sorted(run, key=lambda delivery: delivery[2] or "")
    return ordered


CHUNK_BYTES = 200_000_000
"""How much of the archive a chunk holds in memory at most, far above 400 honest workbooks."""


def chunk_deliveries(
    deliveries: Sequence[tuple[int, int]], most: int, most_bytes: int = CHUNK_BYTES
) -> list[list[int]]:
    """Chunks of the ids of these (id, size in bytes), in order: at most so many a chunk, and so many bytes unless one alone has more."""
    chunks: list[list[int]] = []
    room, size_left = 0, 0
    for delivery_id, size in deliveries:
        if room == 0 or size > size_left:
            chunks.append([])
            room, size_left = most, most_bytes
        chunks[-1].append(delivery_id)
        room, size_left = room - 1, size_left - size
    return chunks
