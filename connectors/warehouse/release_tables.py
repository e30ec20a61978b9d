"""Tables of `bi` as copies of what dbt built in `bi_candidate`: made alike, and merged row by row by primary key."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from connectors.errors import PublishedColumnError


def candidate_tables(conn: psycopg.Connection[Any]) -> list[str]:
    """The tables that dbt built for readers, by name."""
    rows = conn.execute("select tablename::text from pg_tables where schemaname = 'bi_candidate' order by tablename")
    return [row[0] for row in rows]


def ensure_like_candidate(conn: psycopg.Connection[Any], table: str) -> None:
    """Make `bi.<table>` have the candidate's columns, key and comments; new columns are added.

    Raises: PublishedColumnError if a column that readers know is gone or has another type: that takes a migration and a CHANGELOG entry.
    """
    name = sql.Identifier(table)
    exists = conn.execute("select to_regclass(format('bi.%%I', %s::text)) is not null", (table,)).fetchone()
    if not (exists and exists[0]):
        conn.execute(sql.SQL("create table bi.{0} (like bi_candidate.{0} including all)").format(name))
    candidate, published = _columns(conn, "bi_candidate", table), _columns(conn, "bi", table)
    for column, kind in published.items():
        if candidate.get(column) != kind:
            raise PublishedColumnError(table, column, kind, candidate.get(column, "-"))
    for column, kind in candidate.items():
        if column not in published:
            conn.execute(
                sql.SQL("alter table bi.{} add column {} {}").format(name, sql.Identifier(column), sql.SQL(kind))
            )
    _copy_comments(conn, table)


def merge(conn: psycopg.Connection[Any], table: str) -> int:
    """Make `bi.<table>` hold exactly the candidate's rows; gives how many rows were written."""
    columns, key = list(_columns(conn, "bi_candidate", table)), _primary_key(conn, table)
    facts = [column for column in columns if column not in key]
    match = sql.SQL(" and ").join(sql.SQL("b.{0} = n.{0}").format(sql.Identifier(c)) for c in key)
    parts: dict[str, sql.Composable] = {
        "table": sql.Identifier(table),
        "match": match,
        "columns": sql.SQL(", ").join(map(sql.Identifier, columns)),
    }
    written = conn.execute(
        sql.SQL("delete from bi.{table} b where not exists (select from bi_candidate.{table} n where {match})").format(
            **parts
        )
    ).rowcount
    if facts:
        written += conn.execute(
            sql.SQL(
                "update bi.{table} b set ({names}) = row({values}) from bi_candidate.{table} n"
                " where {match} and ({old}) is distinct from ({new})"
            ).format(
                **parts,
                names=sql.SQL(", ").join(map(sql.Identifier, facts)),
                values=sql.SQL(", ").join(sql.Identifier("n", c) for c in facts),
                old=sql.SQL(", ").join(sql.Identifier("b", c) for c in facts),
                new=sql.SQL(", ").join(sql.Identifier("n", c) for c in facts),
            )
        ).rowcount
    written += conn.execute(
        sql.SQL(
            "insert into bi.{table} ({columns}) select {columns} from bi_candidate.{table} n"
            " where not exists (select from bi.{table} b where {match})"
        ).format(**parts)
    ).rowcount
    return written


def _columns(conn: psycopg.Connection[Any], schema: str, table: str) -> dict[str, str]:
    rows = conn.execute(
        "select attname::text, format_type(atttypid, atttypmod) from pg_attribute"
        " where attrelid = format('%%I.%%I', %s::text, %s::text)::regclass and attnum > 0 and not attisdropped order by attnum",
        (schema, table),
    )
    return dict(rows.fetchall())


def _primary_key(conn: psycopg.Connection[Any], table: str) -> list[str]:
    rows = conn.execute(
        "select a.attname::text from pg_index i"
        " join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)"
        " where i.indisprimary and i.indrelid = format('bi_candidate.%%I', %s::text)::regclass",
        (table,),
    ).fetchall()
    if not rows:
        raise PublishedColumnError(table, "primary key", "primary key", "-")
    return [row[0] for row in rows]


def _copy_comments(conn: psycopg.Connection[Any], table: str) -> None:
    rows = conn.execute(
        "select d.objsubid, a.attname::text, d.description from pg_description d"
        " left join pg_attribute a on a.attrelid = d.objoid and a.attnum = d.objsubid and d.objsubid > 0"
        " where d.classoid = 'pg_class'::regclass and d.objoid = format('bi_candidate.%%I', %s::text)::regclass",
        (table,),
    ).fetchall()
    for number, column, text in rows:
        target = sql.Identifier("bi", table) if number == 0 else sql.Identifier("bi", table, column)
        kind = sql.SQL("table") if number == 0 else sql.SQL("column")
        conn.execute(sql.SQL("comment on {} {} is {}").format(kind, target, sql.Literal(text)))
