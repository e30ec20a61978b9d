"""Views of `bi`: what dbt builds as views over the candidate tables, made again over the published ones.

A view holds no rows, so nothing of it is merged; it is made anew where its query is another, and else left alone, so that no publish waits
for readers of it.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from connectors.dbt_models import ProjectModels
from connectors.warehouse.release_tables import added_columns, copy_comments


def ensure_views(conn: psycopg.Connection[Any], models: ProjectModels) -> None:
    """Make the views of `bi` what the models say of the published tables, which must be there. The caller has a transaction open.

    Raises: PublishedColumnError if a column that readers know is gone or has another type.
    """
    rows = conn.execute("select viewname::text from pg_views where schemaname = 'bi_candidate' order by viewname")
    for (view,) in rows.fetchall():
        _ensure(conn, view, models.sql(view, _published, _no_source))


def _ensure(conn: psycopg.Connection[Any], view: str, query: str) -> None:
    name = sql.Identifier("bi", view)
    conn.execute(sql.SQL("create temporary view asked_view as {}").format(sql.SQL(query)))
    row = conn.execute(
        "select there.oid is not null, pg_get_viewdef(there.oid) is not distinct from pg_get_viewdef('asked_view'::regclass)"
        " from to_regclass(%s) as there (oid)",
        (name.as_string(conn),),
    ).fetchone()
    conn.execute("drop view asked_view")
    exists, is_same = row or (False, False)
    if exists:
        added_columns(conn, view)
    if not is_same:
        conn.execute(sql.SQL("drop view if exists {}").format(name))
        # As its owner it would show everybody all rows.
        conn.execute(sql.SQL("create view {} with (security_invoker = true) as {}").format(name, sql.SQL(query)))
    copy_comments(conn, view, "view")


def _published(model: str) -> str:
    return f"bi.{model}"


def _no_source(*names: str) -> str:
    raise KeyError(".".join(names))
