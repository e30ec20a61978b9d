"""What cross rules may ask: one view a form in schema `checks`, with the rows in force of every unit and period.

The views hold what facts may hold, so a rule finds one person twice by the token and cannot say who it is. Each is made from its
contract, and made anew when the contract has other columns or says other things about them; else nothing is touched.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from connectors.warehouse.landing import KEY_COLUMNS, landing_columns
from expectations.contract import Form, forms

PERIOD_COLUMNS: dict[str, tuple[str, str]] = {
    "period_first_day": ("date", "报告期的第一天"),
    "period_last_day": ("date", "报告期的最后一天"),
}
"""What a view has between the keys and the fields, beside the text of the period."""

FIRST_DAYS = {
    "month": ("make_date(left(period, 4)::int, right(period, 2)::int, 1)", "1 month"),
    "quarter": ("make_date(left(period, 4)::int, right(period, 1)::int * 3 - 2, 1)", "3 months"),
    "year": ("make_date(period::int, 1, 1)", "1 year"),
}
"""The first day of a period (2021-03, 2021-Q1, 2021) and how long it lasts, by frequency."""


def check_columns(form: Form) -> dict[str, tuple[str, str]]:
    """The columns of a form's view, in order: Postgres type and comment by name."""
    columns = landing_columns(form)
    keys = {name: columns.pop(name) for name in KEY_COLUMNS}
    row_number = keys.pop("row_number")
    return {**keys, **PERIOD_COLUMNS, "row_number": row_number, **columns}


def ensure_check_views(conn: psycopg.Connection[Any]) -> None:
    """Bring the views to what the contracts say. The caller holds the migration lock and commits; landing tables are there."""
    found = _found(conn)
    for form in forms().values():
        wanted = check_columns(form)
        if found.get(form.form_id) != [("", _grain(form)), *((name, comment) for name, (_, comment) in wanted.items())]:
            _make_view(conn, form, wanted)


def _make_view(conn: psycopg.Connection[Any], form: Form, columns: dict[str, tuple[str, str]]) -> None:
    view, landing = sql.Identifier("checks", form.form_id), sql.Identifier("landing", form.form_id)
    first_day, length = FIRST_DAYS[form.frequency]
    own = [name for name in columns if name not in KEY_COLUMNS and name not in PERIOD_COLUMNS]
    conn.execute(sql.SQL("drop view if exists {}").format(view))
    conn.execute(
        sql.SQL(
            "create view {view} as select s.submission_id, s.unit_id, s.period, s.first_day as period_first_day,"
            " (s.first_day + interval {length})::date - 1 as period_last_day, {own} from ("
            "select submission_id, unit_id, period, {first_day} as first_day"
            " from ops.submission_in_force where form_id = {form_id}"
            ") as s join {landing} as r using (submission_id)"
        ).format(
            view=view,
            length=sql.Literal(length),
            own=sql.SQL(", ").join(sql.Identifier("r", name) for name in ("row_number", *own)),
            first_day=sql.SQL(first_day),
            form_id=sql.Literal(form.form_id),
            landing=landing,
        )
    )
    conn.execute(sql.SQL("comment on view {} is {}").format(view, sql.Literal(_grain(form))))
    for name, (_, comment) in columns.items():
        column = sql.Identifier("checks", form.form_id, name)
        conn.execute(sql.SQL("comment on column {} is {}").format(column, sql.Literal(comment)))


def _grain(form: Form) -> str:
    return f"粒度：{form.title_zh}的每一行，只含生效的版本（报告期相同的取最后接收的，撤回的不算）；跨报送的核对规则查询此处"


def _found(conn: psycopg.Connection[Any]) -> dict[str, list[tuple[str, str]]]:
    """Name and comment of each column of the views that are there, in order, by view; first the view's own comment, without a name."""
    found: dict[str, list[tuple[str, str]]] = {}
    for view, name, comment in conn.execute(
        "select c.relname::text, coalesce(a.attname::text, ''), d.description from pg_class c"
        " join pg_description d on d.objoid = c.oid and d.classoid = 'pg_class'::regclass"
        " left join pg_attribute a on a.attrelid = c.oid and a.attnum = d.objsubid and a.attnum > 0"
        " where c.relnamespace = 'checks'::regnamespace and c.relkind = 'v' order by c.oid, d.objsubid"
    ):
        found.setdefault(view, []).append((name, comment))
    return found
