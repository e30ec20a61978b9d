"""What a build has to compute: everything, or only what changed since the build that the current release shows.

The base is that build and not the last one: a build that failed, was killed or was never published leaves tables half moved, and all
that it changed is in the scope of the next one again. An increment stands on what it does not look at: the same project, contracts and
calendar, the same units in force, the same month. Where one of these moved, everything is built.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg

INCREMENTAL = (
    "intermediate.int_changed_measures",
    "intermediate.int_measure_values",
    "intermediate.int_measures_by_month",
    "intermediate.int_submissions_by_month",
    "marts.fct_measures",
    "bi_candidate.completeness",
    "bi_candidate.coverage_summary",
    "bi_candidate.indicator_value",
    "bi_candidate.indicator_value_as_now",
    "bi_candidate.relief_summary",
    "bi_candidate.unit_standing",
)
"""The tables that an increment goes on from."""

LARGEST_SHARE = 3
"""An increment of more than one in so many answers costs as much as everything."""


@dataclass(frozen=True, slots=True)
class OpenBuild:
    """A build that has begun: its id, and the build from which on it computes what changed (None: it computes everything)."""

    build_id: int
    base_build_id: int | None


@dataclass(frozen=True, slots=True)
class Digests:
    """What a build is made from (`build_inputs`): everything, what all its tables depend on, and what it computes with."""

    inputs: str
    foundation: str
    code: str


def open_build(
    conn: psycopg.Connection[Any], run_id: int, business_date: date, fence: int, digests: Digests
) -> OpenBuild:
    """Begin a build: fix the last submission and event that it sees, in one look at the ledger, and what it goes on from.

    The caller holds the lease on publishing.
    """
    with conn.transaction():
        [(build_id,)] = conn.execute(
            "insert into ops.dbt_build (run_id, business_date, fence, inputs, foundation, code_digest, started_at,"
            " last_submission_id, last_event_id)"
            " select %s, %s, %s, %s, %s, %s, now(), (select coalesce(max(submission_id), 0) from ops.submission),"
            " (select event_id from ops.event_head) returning build_id",
            (run_id, business_date, fence, digests.inputs, digests.foundation, digests.code),
        ).fetchall()
        base = _base(conn, build_id)
        conn.execute("update ops.dbt_build set base_build_id = %s where build_id = %s", (base, build_id))
    return OpenBuild(int(build_id), base)


def shown_build(conn: psycopg.Connection[Any], build_id: int, release_id: int) -> None:
    """Record, in the transaction that publishes, that the release shows this build: the next one goes on from it."""
    conn.execute("update ops.dbt_build set release_id = %s where build_id = %s", (release_id, build_id))


_BASE = """
with mine as (select * from ops.dbt_build where build_id = %(build_id)s),
base as (
  select * from ops.dbt_build where release_id = (select max(release_id) from bi.release) order by build_id desc limit 1),
-- Of the base and of every build after it that nobody saw.
since as (select b.* from ops.dbt_build b, base, mine where b.build_id >= base.build_id and b.build_id < mine.build_id),
changed as (
  select s.form_id, s.unit_id, s.period from ops.submission s, base, mine
  where s.submission_id > base.last_submission_id and s.submission_id <= mine.last_submission_id
  union
  select e.form_id, e.unit_id, e.period from ops.event e, base, mine
  where e.event_id > base.last_event_id and e.event_id <= mine.last_event_id
    and e.form_id is not null and e.unit_id is not null and e.period is not null)
select base.build_id from base, mine
where not exists (
    select from since where since.foundation is distinct from mine.foundation or since.business_date > mine.business_date
      or (since.build_id > base.build_id and since.base_build_id is null))
  -- Another month has other periods.
  and date_trunc('month', base.business_date) = date_trunc('month', mine.business_date)
  and not exists (select from changed where form_id = 'unit_register')
  and not exists (
    select from registers.unit u where (u.valid_from > base.business_date and u.valid_from <= mine.business_date)
      or (u.valid_to >= base.business_date and u.valid_to < mine.business_date))
  -- The status of every figure of a period, and whether it may move.
  and not exists (
    select from ops.event e where e.event_id > base.last_event_id and e.event_id <= mine.last_event_id
      and e.kind in ('closed', 'reopened'))
  and (select count(*) from changed) * %(largest_share)s
    <= (select count(*) from (select distinct form_id, unit_id, period from ops.submission) answers)
  and not exists (select from unnest(%(tables)s::text[]) t (name) where to_regclass(t.name) is null)
"""


def _base(conn: psycopg.Connection[Any], build_id: int) -> int | None:
    facts = {"build_id": build_id, "largest_share": LARGEST_SHARE, "tables": list(INCREMENTAL)}
    row = conn.execute(_BASE, facts).fetchone()
    return None if row is None else int(row[0])
