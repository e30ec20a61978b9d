"""Publish: one transaction moves `bi` from release N to N+1.

dbt builds aside, in `bi_candidate`. Here the difference is applied row by row, so readers keep the last release until the
commit and see the next one whole after it, no lock stands in their way, and what is written follows what changed. Nothing
changed: no new release.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from connectors.errors import PublishRefused
from connectors.warehouse.engine import connect
from connectors.warehouse.lease import Lease, is_newest
from connectors.warehouse.release_tables import candidate_tables, ensure_like_candidate, merge

if TYPE_CHECKING:
    from connectors.settings import Settings

FIGURES = "indicator_value"
"""The candidate whose rows are kept by release, in `bi.indicator_value_history`."""

FIGURE_KEY = ("indicator_id", "org_level", "org_id", "period_type", "period")
FIGURE_FACTS = ("value", "numerator", "denominator", "completeness", "status")


@dataclass(frozen=True, slots=True)
class Published:
    """What readers see after a publish. `changed` counts rows written per table of `bi`; empty when nothing changed."""

    release_id: int
    is_new: bool
    changed: dict[str, int]


def publish(settings: Settings, lease: Lease, run_id: int, business_date: date, cause: str) -> Published:
    """Bring `bi` to what dbt built for this run.

    Raises: PublishRefused if the lease is lost or the candidate is not this run's tested build; readers keep the last release.
    """
    with connect(settings) as conn, conn.transaction():
        if not is_newest(conn, lease):
            raise PublishRefused(
                f"运行 {run_id} 的发布权（编号 {lease.fence}）已被另一次运行取得",
                f"another run took the lease after run {run_id} (fence {lease.fence})",
            )
        _check_build(conn, lease, run_id)
        return _move(conn, business_date, cause)


def current_release(conn: psycopg.Connection[Any]) -> int | None:
    """The release that readers see, or None before the first."""
    row = conn.execute("select max(release_id) from bi.release").fetchone()
    return None if row is None else row[0]


def _check_build(conn: psycopg.Connection[Any], lease: Lease, run_id: int) -> None:
    row = conn.execute("select run_id, fence, passed from ops.dbt_build order by build_id desc limit 1").fetchone()
    if row is None or (row[0], row[1]) != (run_id, lease.fence):
        raise PublishRefused("最近一次生成属于另一次运行", "the newest build is another run's")
    if not row[2]:
        raise PublishRefused("生成结果未通过检验", "the build did not pass its tests")


def _move(conn: psycopg.Connection[Any], business_date: date, cause: str) -> Published:
    before = current_release(conn) or 0
    after = before + 1
    changed: dict[str, int] = {}
    for table in candidate_tables(conn):
        if table != FIGURES:
            ensure_like_candidate(conn, table)
            changed[table] = merge(conn, table)
    changed[FIGURES] = _stage_changed_figures(conn)
    changed = {table: count for table, count in changed.items() if count}
    if not changed and before:
        return Published(before, is_new=False, changed={})
    _write_changes(conn, after)
    _move_figures(conn, after)
    conn.execute(
        "insert into bi.release (release_id, published_at, night, cause, row_counts) values (%s, now(), %s, %s, %s)",
        (after, business_date, cause, Jsonb(changed)),
    )
    return Published(after, is_new=True, changed=changed)


def _names(columns: Sequence[str], alias: str) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(alias, column) for column in columns)


def _stage_changed_figures(conn: psycopg.Connection[Any]) -> int:
    """Put the figures that differ into a temporary table: key, old facts, new facts, and which of the two exist."""
    statement = sql.SQL(
        "create temporary table changed_figure on commit drop as"
        " select {key}, {new}, {old}, n.indicator_id is not null as is_there, o.indicator_id is not null as was_there"
        " from bi_candidate.indicator_value n"
        " full join (select * from bi.indicator_value_history where valid_to_release is null) o on {match}"
        " where n.indicator_id is null or o.indicator_id is null or ({n}) is distinct from ({o})"
    ).format(
        key=sql.SQL(", ").join(sql.SQL("coalesce(n.{0}, o.{0}) as {0}").format(sql.Identifier(c)) for c in FIGURE_KEY),
        new=sql.SQL(", ").join(sql.SQL("n.{0}").format(sql.Identifier(c)) for c in FIGURE_FACTS),
        old=sql.SQL("o.value as old_value"),
        match=sql.SQL(" and ").join(sql.SQL("n.{0} = o.{0}").format(sql.Identifier(c)) for c in FIGURE_KEY),
        n=_names(FIGURE_FACTS, "n"),
        o=_names(FIGURE_FACTS, "o"),
    )
    return conn.execute(statement).rowcount


def _move_figures(conn: psycopg.Connection[Any], release_id: int) -> None:
    match = sql.SQL(" and ").join(sql.SQL("h.{0} = c.{0}").format(sql.Identifier(c)) for c in FIGURE_KEY)
    conn.execute(
        sql.SQL(
            "update bi.indicator_value_history h set valid_to_release = %s from changed_figure c"
            " where c.was_there and h.valid_to_release is null and {}"
        ).format(match),
        (release_id,),
    )
    columns = sql.SQL(", ").join(map(sql.Identifier, (*FIGURE_KEY, *FIGURE_FACTS)))
    conn.execute(
        sql.SQL(
            "insert into bi.indicator_value_history ({0}, valid_from_release) select {0}, %s from changed_figure where is_there"
        ).format(columns),
        (release_id,),
    )


def _write_changes(conn: psycopg.Connection[Any], release_id: int) -> None:
    """Record every figure whose value is another than in the release before, with what caused it.

    `correction`: a unit of the organisation replaced or withdrew a submission since then; `register_change`: only the register of units was
    replaced; `new_data` otherwise.
    """
    conn.execute(
        "with since as (select coalesce(max(published_at), '-infinity') as at from bi.release),"
        " replaced as ("
        "   select distinct s.unit_id, s.form_id from ops.submission s, since"
        "   where s.outcome = 'accepted' and s.version > 1 and s.decided_at > since.at"
        "   union select s.unit_id, s.form_id from ops.withdrawal w join ops.submission s using (submission_id), since"
        "   where w.decided_at > since.at),"
        " organisation as ("
        "   select unit_id, unit_id as org_id from registers.unit"
        "   union select unit_id, parent_id from registers.unit where parent_id is not null"
        "   union select u.unit_id, p.unit_id from registers.unit u, registers.unit p where p.unit_kind = 'province'),"
        " corrected as ("
        "   select distinct o.org_id from replaced r join organisation o using (unit_id) where r.form_id <> 'unit_register'),"
        " reregistered as (select exists (select from replaced where form_id = 'unit_register') as is_so)"
        " insert into bi.release_change"
        "   (release_id, indicator_id, org_level, org_id, period_type, period, old_value, new_value, cause)"
        " select %s, c.indicator_id, c.org_level, c.org_id, c.period_type, c.period, c.old_value, c.value,"
        "   case when c.org_id in (select org_id from corrected) and c.was_there then 'correction'"
        "     when (select is_so from reregistered) and c.was_there then 'register_change' else 'new_data' end"
        " from changed_figure c where c.old_value is distinct from c.value",
        (release_id,),
    )
