"""Releases as people ask about them: which there are, what one changed and why, what lies between two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from connectors.warehouse.causes import PRECEDENCE

Row = dict[str, Any]

_DIFFERENCE = """
    with change as (
        select * from bi.release_change
        where release_id > least(%(old)s, %(new)s) and release_id <= greatest(%(old)s, %(new)s)
    ),
    moved as (
        select indicator_id, org_level, org_id, period_type, period,
            (array_agg(old_value order by release_id))[1] as earlier_value,
            (array_agg(new_value order by release_id desc))[1] as later_value,
            array_agg(release_id order by release_id) as release_ids
        from change group by 1, 2, 3, 4, 5
    ),
    caused as (
        select indicator_id, org_level, org_id, period_type, period, array_agg(distinct each) as causes
        from change cross join unnest(causes) as each group by 1, 2, 3, 4, 5
    )
    select indicator_id, org_level, org_id, period_type, period,
        case when %(old)s <= %(new)s then earlier_value else later_value end as old_value,
        case when %(old)s <= %(new)s then later_value else earlier_value end as new_value,
        causes, release_ids, count(*) over () as total
    from moved left join caused using (indicator_id, org_level, org_id, period_type, period)
    -- What came back to what it was is no difference.
    where earlier_value is distinct from later_value
    order by array_position(array['province', 'group', 'unit'], org_level), indicator_id, org_id, period
    limit %(limit)s
"""

_LARGEST = """
    select c.indicator_id, i.name_zh, i.name_en, c.org_level, c.org_id, c.period, c.old_value, c.new_value, c.cause, c.causes,
        c.submission_ids, c.submission_count
    from bi.release_change c left join bi.indicator i using (indicator_id)
    where c.release_id = %(release)s and c.org_level in ('province', 'group')
    -- Figures have many units, so it is the share of a figure that moved; what came or went at all comes first.
    order by c.org_level = 'province' desc,
        case when coalesce(c.old_value, 0) = 0 or c.new_value is null then 'infinity'::numeric
            else abs(c.new_value - c.old_value) / abs(c.old_value) end desc,
        abs(coalesce(c.new_value, 0) - coalesce(c.old_value, 0)) desc, c.indicator_id, c.org_id, c.period
    limit %(limit)s
"""

_SUBMISSIONS = """
    select s.submission_id, s.form_id, s.unit_id, s.period, s.version, s.received_at, d.object_name, f.figures,
        count(*) over () as total
    from (select unnest(submission_ids) as submission_id, count(*) as figures from bi.release_change
        where release_id = %(release)s group by 1) f
    join ops.submission s using (submission_id) left join archive.delivery d using (delivery_id)
    order by f.figures desc, s.submission_id limit %(limit)s
"""


def read_releases(conn: psycopg.Connection[Any], limit: int = 100) -> list[Row]:
    """Releases, the newest first, each with the number of figures it changed and how many by cause."""
    rows = _all(
        conn,
        "select r.release_id, r.published_at, r.night, r.cause, coalesce(c.figures, 0) as figures_changed,"
        "   coalesce(c.causes, '{}') as causes"
        " from (select * from bi.release order by release_id desc limit %(limit)s) r"
        " left join (select release_id, sum(figures)::bigint as figures, jsonb_object_agg(cause, figures) as causes"
        "   from (select release_id, cause, count(*) as figures from bi.release_change"
        "     where release_id > (select max(release_id) from bi.release) - %(limit)s group by 1, 2) k group by 1) c"
        "   using (release_id) order by r.release_id desc",
        {"limit": limit},
    )
    return [row | {"causes": _in_order(row["causes"])} for row in rows]


def read_release_difference(conn: psycopg.Connection[Any], old: int, new: int, limit: int = 100) -> list[Row]:
    """Figures whose value differs between two releases, with the causes of all changes in between; province first.

    `cause` is the first of them in `PRECEDENCE`; `total` is how many figures there are, whatever the limit.
    """
    rows = _all(conn, _DIFFERENCE, {"old": old, "new": new, "limit": limit})
    for row in rows:
        row["causes"] = sorted(row["causes"] or (), key=_place)
    return [row | {"cause": row["causes"][0] if row["causes"] else None} for row in rows]


def read_release(conn: psycopg.Connection[Any], release_id: int, limit: int) -> Row | None:
    """One release: when and for which night, figures by cause, its largest changes, the submissions behind, its run, its place in the chain.

    `limit` bounds the changes and the submissions listed; `changes_total` and `submissions_total` count them all. None if there is none.
    """
    found = _one(
        conn,
        "select r.release_id, r.published_at, r.night, r.cause, r.row_counts, b.build_id, b.last_submission_id, b.last_event_id,"
        "   n.run_id, n.status as run_status, n.account"
        " from bi.release r left join ops.dbt_build b using (build_id) left join ops.run n on n.run_id = b.run_id"
        " where r.release_id = %(release)s",
        {"release": release_id},
    )
    if found is None:
        return None
    asked = {"release": release_id, "limit": limit}
    counted = _all(
        conn,
        "select cause, count(*) as figures from bi.release_change where release_id = %(release)s group by cause",
        asked,
    )
    submissions = _all(conn, _SUBMISSIONS, asked)
    totals = _one(
        conn,
        "select count(*) as all_levels, count(*) filter (where org_level in ('province', 'group')) as upper_levels"
        " from bi.release_change where release_id = %(release)s",
        asked,
    )
    event = _one(
        conn,
        "select event_id, hash, happened_at from ops.event where kind = 'published'"
        " and (details ->> 'release_id')::bigint = %(release)s order by event_id limit 1",
        asked,
    )
    return found | {
        "causes": _in_order({row["cause"]: row["figures"] for row in counted}),
        "figures_changed": totals["all_levels"] if totals else 0,
        "changes": _all(conn, _LARGEST, asked),
        "changes_total": totals["upper_levels"] if totals else 0,
        "submissions_total": submissions[0]["total"] if submissions else 0,
        "submissions": [{name: value for name, value in row.items() if name != "total"} for row in submissions],
        "event": event,
    }


def _in_order(causes: Mapping[str, int]) -> dict[str, int]:
    return {cause: causes[cause] for cause in sorted(causes, key=_place)}


def _place(cause: str) -> int:
    return PRECEDENCE.index(cause) if cause in PRECEDENCE else len(PRECEDENCE)


def _all(conn: psycopg.Connection[Any], query: LiteralString, params: Mapping[str, Any]) -> list[Row]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(sql.SQL(query), params).fetchall()


def _one(conn: psycopg.Connection[Any], query: LiteralString, params: Mapping[str, Any]) -> Row | None:
    return next(iter(_all(conn, query, params)), None)
