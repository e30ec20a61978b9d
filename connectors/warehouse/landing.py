"""The landing tables, made from the contracts: one table a form, one row per accepted row of every version.

A contract that gains a field gains a column; a column is never dropped or changed, because former versions live in it.
Personal fields have no column here; a person's keyed token has.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from connectors.errors import LandingColumnError
from expectations.contract import Field, Form, forms

KEY_COLUMNS: dict[str, tuple[str, str]] = {
    "submission_id": ("bigint", "报送编号（ops.submission）"),
    "unit_id": ("text", "报送单位的代码"),
    "period": ("text", "报告期，如 2021-03、2021-Q1、2021"),
    "row_number": ("integer", "表中行号，从 1 起"),
}
"""What every landing table begins with: type and comment."""

PRIMARY_KEY = ("submission_id", "row_number")


def landing_columns(form: Form) -> dict[str, tuple[str, str]]:
    """The columns of a form's landing table, in order: Postgres type and comment by name."""
    columns = dict(KEY_COLUMNS)
    columns |= {f.name: (f.postgres_type, _comment(f)) for f in form.open_fields}
    for field in form.token_fields:
        columns[str(field.token)] = (
            "text",
            f"{field.heading}: 个人代号，即身份证号的带密钥摘要（HMAC-SHA-256，32 位十六进制）",
        )
    return columns


def ensure_tables(conn: psycopg.Connection[Any]) -> None:
    """Bring the landing tables to what the contracts say. The caller holds the migration lock and commits.

    Raises: LandingColumnError if a column has another type than its field.
    """
    for form in forms().values():
        _ensure_table(conn, form)


def _ensure_table(conn: psycopg.Connection[Any], form: Form) -> None:
    table = sql.Identifier("landing", form.form_id)
    wanted, found = landing_columns(form), _found(conn, form.form_id)
    if not found:
        lines = [_column(name, kind) for name, (kind, _) in wanted.items()]
        key = sql.SQL("primary key ({})").format(sql.SQL(", ").join(map(sql.Identifier, PRIMARY_KEY)))
        conn.execute(sql.SQL("create table {} ({})").format(table, sql.SQL(", ").join([*lines, key])))
        found = {name: (kind, None) for name, (kind, _) in wanted.items()}
    for name, (kind, comment) in wanted.items():
        if name not in found:
            conn.execute(sql.SQL("alter table {} add column {}").format(table, _column(name, kind)))
        elif found[name][0] != kind:
            raise LandingColumnError(form.form_id, name, found[name][0], kind)
        if found.get(name, ("", None))[1] != comment:
            column = sql.Identifier("landing", form.form_id, name)
            conn.execute(sql.SQL("comment on column {} is {}").format(column, sql.Literal(comment)))
    grain = f"{form.title_zh}（{form.title_en}）。Grain: {form.grain}, per version; 粒度：每个版本的每一行"
    if _table_comment(conn, form.form_id) != grain:
        conn.execute(sql.SQL("comment on table {} is {}").format(table, sql.Literal(grain)))


def _column(name: str, kind: str) -> sql.Composed:
    required = " not null" if name in KEY_COLUMNS else ""
    return sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(f"{kind}{required}"))


def _comment(field: Field) -> str:
    unit = "元" if field.kind == "money" else field.unit_zh
    choices = "、".join(f"{c.code} {c.label_zh}" for c in field.choices)
    parts = [f"{field.heading}{f'（{unit}）' if unit else ''}: {field.description}", choices]
    return " ".join(part for part in parts if part)


def _found(conn: psycopg.Connection[Any], form_id: str) -> dict[str, tuple[str, str | None]]:
    """Type and comment of each column that the table has; empty if there is no such table."""
    rows = conn.execute(
        "select attname::text, format_type(atttypid, atttypmod), col_description(attrelid, attnum) from pg_attribute"
        " where attrelid = to_regclass(format('landing.%%I', %s::text)) and attnum > 0 and not attisdropped",
        (form_id,),
    )
    return {name: (kind, comment) for name, kind, comment in rows}


def _table_comment(conn: psycopg.Connection[Any], form_id: str) -> str | None:
    row = conn.execute(
        "select obj_description(to_regclass(format('landing.%%I', %s::text)), 'pg_class')", (form_id,)
    ).fetchone()
    return row[0] if row else None
