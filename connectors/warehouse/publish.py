"""Publish: one transaction moves `bi` from release N to N+1.

dbt builds aside, in `bi_candidate`. Here the difference is applied row by row, so readers keep the last release until the
commit and see the next one whole after it, no lock stands in their way, and what is written follows what changed. Nothing
changed: no new release.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from connectors.dbt_models import ProjectModels
from connectors.errors import PublishRefused
from connectors.warehouse.causes import write_changes
from connectors.warehouse.engine import connect
from connectors.warehouse.events import Event, append_events
from connectors.warehouse.frozen import freeze
from connectors.warehouse.lease import Lease, is_newest
from connectors.warehouse.life import author_of_run
from connectors.warehouse.recorded import rows_of
from connectors.warehouse.release_tables import (
    FIGURE_FACTS,
    FIGURE_KEY,
    Scope,
    candidate_tables,
    ensure_like_candidate,
    matching,
    merge,
    named,
    within,
)
from connectors.warehouse.release_views import ensure_views
from connectors.warehouse.rights import ensure_rights
from connectors.warehouse.roles import PUBLISHER
from connectors.warehouse.scope import OpenBuild, shown_build
from connectors.warehouse.small_numbers.people import name_sensitive, note_people
from connectors.warehouse.small_numbers.showing import show_figures

if TYPE_CHECKING:
    from connectors.settings import Settings

FIGURES = "indicator_value"
"""The candidate whose rows are kept by release, in `bi.indicator_value_history`."""


@dataclass(frozen=True, slots=True)
class Published:
    """What readers see after a publish. `changed` counts rows written per table of `bi`; empty when nothing changed."""

    release_id: int
    is_new: bool
    changed: dict[str, int]


def publish(
    settings: Settings,
    lease: Lease,
    run_id: int,
    business_date: date,
    cause: str,
    also: Callable[[psycopg.Connection[Any]], None] | None = None,
) -> Published:
    """Bring `bi` to what dbt built for this run. `also` is done in the same transaction, once `bi` has moved.

    Raises: PublishRefused if the lease is lost or the candidate is not this run's tested build; readers keep the last release.
    """
    with connect(settings, PUBLISHER) as conn, conn.transaction():
        if not is_newest(conn, lease):
            raise PublishRefused(
                f"运行 {run_id} 的发布权（编号 {lease.fence}）已被另一次运行取得",
                f"another run took the lease after run {run_id} (fence {lease.fence})",
            )
        build = _check_build(conn, lease, run_id)
        published = _move(conn, build, ProjectModels(settings.dbt_project_dir), business_date, cause)
        shown_build(conn, build.build_id, published.release_id)
        if also is not None:
            also(conn)
        if published.is_new:
            append_events(conn, [_event(conn, published, run_id, cause)])
        return published


def current_release(conn: psycopg.Connection[Any]) -> int | None:
    """The release that readers see, or None before the first."""
    row = conn.execute("select max(release_id) from bi.release").fetchone()
    return None if row is None else row[0]


def _event(conn: psycopg.Connection[Any], published: Published, run_id: int, cause: str) -> Event:
    rows = rows_of(conn, bi_release=published.release_id)
    details = {"release_id": published.release_id, "cause": cause, "changed": published.changed, "rows": rows}
    return Event("published", author_of_run(run_id), details=details)


def _check_build(conn: psycopg.Connection[Any], lease: Lease, run_id: int) -> OpenBuild:
    row = conn.execute(
        "select run_id, fence, passed, build_id, base_build_id from ops.dbt_build order by build_id desc limit 1"
    ).fetchone()
    if row is None or (row[0], row[1]) != (run_id, lease.fence):
        raise PublishRefused("最近一次生成属于另一次运行", "the newest build is another run's")
    if not row[2]:
        raise PublishRefused("生成结果未通过检验", "the build did not pass its tests")
    return OpenBuild(row[3], row[4])


def _move(
    conn: psycopg.Connection[Any], build: OpenBuild, models: ProjectModels, business_date: date, cause: str
) -> Published:
    before = current_release(conn) or 0
    after = before + 1
    is_of_changes = build.base_build_id is not None
    if is_of_changes:
        # To merge, the planner read two whole indexes for a few thousand keys: 23 s where hashing took 0.7 s.
        conn.execute("set local enable_mergejoin = off")
    # What a build of changes did not compute is in `bi` as it is in the candidate, or waits.
    _stage_changed_figures(conn, models.scope(FIGURES) if is_of_changes else None)
    frozen = freeze(conn, after)
    changed = {FIGURES: frozen.left, "waiting_change": frozen.waiting}
    for table in candidate_tables(conn):
        if table != FIGURES:
            ensure_like_candidate(conn, table, models.indexes(table))
            changed[table] = merge(conn, table, frozen, models.scope(table) if is_of_changes else None)
    ensure_views(conn, models)
    ensure_rights(conn)
    name_sensitive(conn)
    note_people(conn, after, business_date, frozen.periods, is_of_changes=is_of_changes)
    changed = {table: count for table, count in changed.items() if count}
    if not changed and before:
        return Published(before, is_new=False, changed={})
    write_changes(conn, after)
    _move_figures(conn, after)
    show_figures(conn, after)
    conn.execute(
        "insert into bi.release (release_id, published_at, night, cause, row_counts, build_id)"
        " values (%s, clock_timestamp(), %s, %s, %s, %s)",
        (after, business_date, frozen.cause(cause), Jsonb(changed), build.build_id),
    )
    return Published(after, is_new=True, changed=changed)


def _stage_changed_figures(conn: psycopg.Connection[Any], scope: Scope) -> None:
    """Put the figures that differ into a temporary table: a number, key, old facts, new facts, and which of the two exist.

    Those of the scope are compared; without one, all.
    """
    statement = sql.SQL(
        "create temporary table changed_figure on commit drop as"
        " select row_number() over () as figure_id, {key}, {new}, {old},"
        " n.indicator_id is not null as is_there, o.indicator_id is not null as was_there"
        " from (select * from bi_candidate.indicator_value where {scope}) n"
        " full join (select * from bi.indicator_value_history where valid_to_release is null and {scope}) o on {match}"
        " where n.indicator_id is null or o.indicator_id is null or ({new}) is distinct from ({shown})"
    ).format(
        key=sql.SQL(", ").join(sql.SQL("coalesce(n.{0}, o.{0}) as {0}").format(sql.Identifier(c)) for c in FIGURE_KEY),
        old=sql.SQL("o.value as old_value"),
        match=matching(FIGURE_KEY, "n", "o"),
        scope=within(scope),
        new=named(FIGURE_FACTS, "n"),
        shown=named(FIGURE_FACTS, "o"),
    )
    conn.execute(statement)


def _move_figures(conn: psycopg.Connection[Any], release_id: int) -> None:
    conn.execute(
        sql.SQL(
            "update bi.indicator_value_history h set valid_to_release = %s from changed_figure c"
            " where c.was_there and h.valid_to_release is null and {}"
        ).format(matching(FIGURE_KEY, "h", "c")),
        (release_id,),
    )
    columns = sql.SQL(", ").join(map(sql.Identifier, (*FIGURE_KEY, *FIGURE_FACTS)))
    conn.execute(
        sql.SQL(
            "insert into bi.indicator_value_history ({0}, valid_from_release, shown) select {0}, %s,"
            " indicator_id not in (select indicator_id from ops.sensitive_indicator) from changed_figure where is_there"
        ).format(columns),
        (release_id,),
    )
