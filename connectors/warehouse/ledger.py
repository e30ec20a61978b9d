"""The ledger as people ask it: runs, submissions, findings and releases, each row as a mapping ready to be shown or sent.

Reading only. Rows are in the order in which people read them; every list has a limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, LiteralString, NamedTuple

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from connectors.warehouse.holding import WAITS
from connectors.warehouse.runs import RUN_LOCK
from expectations.finding import Finding, Severity

Row = dict[str, Any]

STATES = ("received", "in_force", "superseded", "corrected", "refused", "withdrawn", "held")
"""What a submission can be: a delivery that nobody has decided yet, the answer that counts, one that a later version of its unit
replaced, or an approved correction did, one that was sent back, that was taken back, or that waits because its period is closed."""

_SUBMISSIONS = (
    "select s.submission_id, s.delivery_id, s.form_id, s.unit_id, s.period, s.version, s.cause, s.is_nil, s.rows_read,"  # noqa: S608 - our own words
    "  s.rows_loaded, s.rows_quarantined, s.rows_ignored, s.received_at, s.decided_at, d.object_name,"
    "  case when s.outcome = 'refused' then 'refused' when w.submission_id is not null then 'withdrawn' when s.is_held then 'held'"
    "    when s.next_cause is null then 'in_force' when s.next_cause = 'correction' then 'corrected' else 'superseded' end as state"
    " from (select s.*, h.is_held, lead(cause) over (partition by form_id, unit_id, period, outcome, h.is_held order by version)"
    f"     as next_cause from ops.submission s cross join lateral (select {WAITS} as is_held) h) s"
    " join archive.delivery d using (delivery_id) left join ops.withdrawal w using (submission_id)"
)

_UNDECIDED = (
    "select null, d.delivery_id, d.form_hint, null, null, null, null, null, null, null, null, null, d.received_at, null,"
    "  d.object_name, 'received' from archive.delivery d"
    " where not exists (select from ops.delivery_outcome o where o.delivery_id = d.delivery_id)"
)


RUNS = (
    "select r.run_id, r.kind, r.business_date, r.started_at, r.finished_at, r.status, r.account, r.release_id,"
    "  exists (select from pg_locks l where l.locktype = 'advisory' and l.classid = %(lock)s and l.objid = r.run_id"
    "    and l.objsubid = 2 and l.granted"
    "    and l.database = (select oid from pg_database where datname = current_database())) as is_alive"
    " from ops.run r"
)
"""Runs; `is_alive` tells a working one from one that died, where `lock` is `RUN_LOCK`."""

NOT_REPLACED = (
    "not exists (select from ops.submission later where later.form_id = s.form_id and later.unit_id = s.unit_id"
    " and later.period = s.period and later.version > s.version and later.outcome = 'accepted')"
    " and not exists (select from ops.withdrawal w where w.submission_id = s.submission_id)"
)
"""True of what nobody has corrected or withdrawn yet; of what is not a submission (`s` is null) too."""


def is_prepared(conn: psycopg.Connection[Any]) -> bool:
    """Whether the warehouse's tables have been made in this database, in their present shape: every run brings them to it."""
    found = conn.execute(
        "select to_regclass('ops.event') is not null and to_regclass('ops.submission_let_in') is not null"
        " and to_regclass('ops.source_look') is not null and to_regclass('bi.release') is not null"
    ).fetchone()
    return bool(found and found[0])


def read_run(conn: psycopg.Connection[Any], run_id: int | None = None) -> Row | None:
    """A run (none given: the newest night) with its account; `is_alive` tells a working one from one that died."""
    return _one(
        conn,
        f"{RUNS} where r.run_id = %(run)s or (%(run)s::bigint is null and r.kind = 'night') order by r.run_id desc limit 1",
        {"run": run_id, "lock": RUN_LOCK},
    )


def read_steps(conn: psycopg.Connection[Any], run_id: int) -> list[Row]:
    """The steps of a run in order: step, parts, seconds (wall time, summed over its parts), is_over."""
    return _all(
        conn,
        "select step, count(*) as parts, bool_and(finished_at is not null) as is_over,"
        "  round(sum(extract(epoch from coalesce(finished_at, now()) - started_at)), 1)::float8 as seconds"
        " from ops.run_step where run_id = %(run)s group by step order by min(started_at)",
        {"run": run_id},
    )


def read_files_sent_back(conn: psycopg.Connection[Any], run_id: int) -> list[Row]:
    """The deliveries of a run that were refused or not recognised: object_name, outcome and the finding that says why."""
    return _all(
        conn,
        "select d.delivery_id, d.object_name, o.outcome, f.finding from ops.delivery_outcome o"  # noqa: S608 - our own words
        " join archive.delivery d using (delivery_id)"
        " left join lateral (select to_jsonb(f) as finding from ops.finding f"
        "   where f.delivery_id = o.delivery_id and f.severity = 'critical' order by f.finding_id limit 1) f on true"
        " left join ops.submission s on s.submission_id = o.submission_id"
        f" where o.run_id = %(run)s and o.outcome in ('refused', 'unrecognised') and {NOT_REPLACED} order by d.object_name",
        {"run": run_id},
    )


def read_waiting_rows(conn: psycopg.Connection[Any], run_id: int) -> list[Row]:
    """Why rows that a run found still wait, the most frequent reason first: code, rows, units, and one finding as the example."""
    return _all(
        conn,
        "select f.code, count(distinct (f.delivery_id, f.row_number)) as rows, count(distinct f.unit_id) as units,"  # noqa: S608 - our own words
        "  (array_agg(to_jsonb(f) order by f.finding_id))[1] as finding"
        " from ops.finding f join ops.submission s using (submission_id)"
        f" where f.run_id = %(run)s and f.severity = 'error' and {NOT_REPLACED} group by f.code order by 2 desc, 1",
        {"run": run_id},
    )


def read_failed_rules(conn: psycopg.Connection[Any], run_id: int) -> list[str]:
    """The cross rules that a run could not ask, each with the class of the error."""
    row = _one(conn, "select failed from ops.cross_check where run_id = %(run)s", {"run": run_id})
    return list(row["failed"]) if row else []


def count_waiting_rows(conn: psycopg.Connection[Any]) -> int:
    """Rows that wait in the submissions in force, whichever night found them."""
    found = conn.execute("select coalesce(sum(rows_quarantined), 0) from ops.submission_in_force").fetchone()
    return int(found[0]) if found else 0


def read_submissions(
    conn: psycopg.Connection[Any],
    *,
    form_id: str | None = None,
    unit_id: str | None = None,
    period: str | None = None,
    state: str | None = None,
    limit: int = 100,
) -> list[Row]:
    """Submissions, the latest first, and before them what is not decided yet; `state` is one of `STATES`."""
    return _all(
        conn,
        f"select * from ({_SUBMISSIONS} union all {_UNDECIDED}) s"  # noqa: S608 - our own words
        " where (%(form)s::text is null or form_id = %(form)s) and (%(unit)s::text is null or unit_id = %(unit)s)"
        " and (%(period)s::text is null or period = %(period)s) and (%(state)s::text is null or state = %(state)s)"
        " order by decided_at desc nulls first, submission_id desc, delivery_id desc limit %(limit)s",
        {"form": form_id, "unit": unit_id, "period": period, "state": state, "limit": limit},
    )


def submissions_of(conn: psycopg.Connection[Any], form_id: str, unit_id: str, period: str) -> list[Row]:
    """Every version of one answer with its state, the first first."""
    return _all(
        conn,
        f"select * from ({_SUBMISSIONS}) s"  # noqa: S608 - our own words
        " where (form_id, unit_id, period) = (%(form)s, %(unit)s, %(period)s) order by version",
        {"form": form_id, "unit": unit_id, "period": period},
    )


def read_findings(
    conn: psycopg.Connection[Any],
    *,
    form_id: str | None = None,
    unit_id: str | None = None,
    period: str | None = None,
    severity: str | None = None,
    code: str | None = None,
    run_id: int | None = None,
    limit: int | None = None,
) -> list[Row]:
    """Findings of files and rows, and those of cross rules that still hold, the gravest first, with the file that each is about.

    See `finding_of`.
    """
    return _all(
        conn,
        "select f.*, d.object_name from ops.finding_open f join archive.delivery d using (delivery_id)"
        " where (%(form)s::text is null or form_id = %(form)s) and (%(unit)s::text is null or unit_id = %(unit)s)"
        " and (%(period)s::text is null or period = %(period)s) and (%(severity)s::text is null or severity = %(severity)s)"
        " and (%(code)s::text is null or code = %(code)s) and (%(run)s::bigint is null or f.run_id = %(run)s)"
        " and not exists (select from ops.replay r where r.replayed_submission_id = f.submission_id)"
        " order by array_position(array['critical', 'error', 'warning', 'info'], severity), f.delivery_id desc, f.finding_id"
        " limit %(limit)s",
        {
            "form": form_id,
            "unit": unit_id,
            "period": period,
            "severity": severity,
            "code": code,
            "run": run_id,
            "limit": limit,
        },
    )


def finding_of(row: Mapping[str, Any]) -> Finding:
    """The finding that a row of `ops.finding` or `ops.finding_open` holds."""
    names = ("code", "delivery_id", "sheet", "cell", "row_number", "field", "value", "params")
    return Finding(severity=Severity(row["severity"]), **{name: row[name] for name in names})


class RegisteredUnit(NamedTuple):
    """A unit as it stood in a period: code, name and kind."""

    unit_id: str
    name: str
    kind: str


def read_units(conn: psycopg.Connection[Any], first_day: date, last_day: date) -> list[RegisteredUnit]:
    """The units in force in a period, as they last were in it, by code."""
    found = conn.execute(
        "select distinct on (unit_id) unit_id, unit_name, unit_kind from registers.unit"
        " where valid_from <= %(last)s and (valid_to is null or valid_to >= %(first)s) order by unit_id, valid_from desc",
        {"first": first_day, "last": last_day},
    )
    return [RegisteredUnit(*unit) for unit in found]


def read_published_comparison(conn: psycopg.Connection[Any]) -> list[Row]:
    """The union's published figures against ours, in the current release; empty before the first."""
    if _one(conn, "select to_regclass('bi.published_comparison') is not null as is_there", {}) == {"is_there": False}:
        return []
    return _all(conn, "select * from bi.published_comparison order by figure_id", {})


def _all(conn: psycopg.Connection[Any], query: LiteralString, params: Mapping[str, Any]) -> list[Row]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(sql.SQL(query), params).fetchall()


def _one(conn: psycopg.Connection[Any], query: LiteralString, params: Mapping[str, Any]) -> Row | None:
    return next(iter(_all(conn, query, params)), None)
