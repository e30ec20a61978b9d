"""The pulse of the warehouse: how the nights went, what readers see, what waits and who holds what. Counts and times only.

Reading only, from one statement each, quick enough to be asked every few seconds.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row

from connectors.warehouse.ledger import RUNS
from connectors.warehouse.runs import RUN_LOCK

Row = dict[str, Any]

_NIGHTS = f"{RUNS} where r.kind = 'night'"

_ANSWERED = (
    f"select exists (select from ({_NIGHTS}) n where business_date = %(date)s and (is_alive or started_at >= %(since)s"  # noqa: S608 - our own words
    " and (status in ('succeeded', 'data_problems') or status = 'failed' and account is not null))) as is_answered"
)

_LEASES = """
    select l.name, l.holder, l.fence, l.expires_at,
        l.expires_at > now() and exists (select from pg_locks k where k.locktype = 'advisory' and k.granted and k.objsubid = 1
            and (k.classid::bigint << 32 | k.objid::bigint) = hashtextextended('lease:' || l.name, 0)
            and k.database = (select oid from pg_database where datname = current_database())) as is_held
    from ops.lease l order by l.name
"""

_FINDINGS = "select severity, count(*) as findings from ops.finding_open group by severity"

_WAITING = """
    select coalesce(sum(rows_quarantined), 0)::bigint as rows_waiting,
        (select count(*) from archive.delivery d
            where not exists (select from ops.delivery_outcome o where o.delivery_id = d.delivery_id)) as deliveries_undecided,
        (select count(*) from archive.delivery) as deliveries
    from ops.submission_in_force
"""

_RELEASE = "select release_id, published_at, night, cause from bi.release order by release_id desc limit 1"

_SOURCES = """
    select source_id, max(collected_at) as last_delivery_at, count(*) as deliveries from archive.delivery
    group by source_id order by source_id
"""


def newest_good_night(conn: psycopg.Connection[Any]) -> Row | None:
    """The night of the newest business date that came to its end, with data problems or without; None before the first."""
    ended = " and r.status in ('succeeded', 'data_problems') order by r.business_date desc, r.run_id desc limit 1"
    return _one(conn, _NIGHTS + ended, lock=RUN_LOCK)


def first_night_began(conn: psycopg.Connection[Any]) -> datetime | None:
    """When the first night of this warehouse began, None before it."""
    found = _one(conn, "select min(started_at) as began from ops.run where kind = 'night'")
    return found["began"] if found else None


def is_answered(conn: psycopg.Connection[Any], business_date: date, since: datetime) -> bool:
    """Whether nobody need run the night of this date again: since that moment one came to its end, failed by itself (which only
    people can mend), or is at work."""
    found = _one(conn, _ANSWERED, date=business_date, since=since, lock=RUN_LOCK)
    return bool(found and found["is_answered"])


def read_leases(conn: psycopg.Connection[Any]) -> list[Row]:
    """The leases: name, holder, fence, expires_at, and whether somebody holds it now."""
    return _all(conn, _LEASES)


def count_findings(conn: psycopg.Connection[Any]) -> dict[str, int]:
    """Open findings by severity; every severity that there is, 0 where none is open."""
    found = {row["severity"]: int(row["findings"]) for row in _all(conn, _FINDINGS)}
    return {severity: found.get(severity, 0) for severity in ("critical", "error", "warning", "info")}


def count_waiting(conn: psycopg.Connection[Any]) -> Row:
    """What waits: rows_waiting, deliveries_undecided; and how many deliveries there ever were."""
    found = _one(conn, _WAITING)
    assert found is not None  # noqa: S101 - an aggregate without groups gives one row
    return found


def current_release(conn: psycopg.Connection[Any]) -> Row | None:
    """The release that readers see: release_id, published_at, night, cause; None before the first."""
    return _one(conn, _RELEASE)


def read_sources(conn: psycopg.Connection[Any]) -> list[Row]:
    """The sources that ever brought something: source_id, last_delivery_at, deliveries."""
    return _all(conn, _SOURCES)


def _all(conn: psycopg.Connection[Any], query: LiteralString, **params: object) -> list[Row]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, params or None).fetchall()


def _one(conn: psycopg.Connection[Any], query: LiteralString, **params: object) -> Row | None:
    return next(iter(_all(conn, query, **params)), None)
