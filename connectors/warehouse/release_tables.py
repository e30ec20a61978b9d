"""Tables of `bi` as copies of what dbt built in `bi_candidate`: made alike, and merged row by row by primary key."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from connectors.errors import PublishedColumnError

if TYPE_CHECKING:
    from connectors.warehouse.frozen import Frozen


FIGURE_KEY = ("indicator_id", "org_level", "org_id", "period_type", "period")
FIGURE_FACTS = ("value", "numerator", "denominator", "completeness", "status")
"""The columns of a figure, in `bi.indicator_value_history` and wherever figures are compared."""

Scope = str | None
"""Which rows of a table a build of changes may have moved, as SQL over its columns (the config `scope` of its model); None: any."""


def within(scope: Scope) -> sql.Composable:
    """The condition that a row is in the scope, where its columns can be named without their table."""
    return sql.SQL("true") if scope is None else sql.SQL("({})").format(sql.SQL(scope))


def named(columns: Iterable[str], alias: str) -> sql.Composed:
    """These columns of the table under that alias, in a list."""
    return sql.SQL(", ").join(sql.Identifier(alias, column) for column in columns)


def matching(columns: Iterable[str], one: str, other: str) -> sql.Composed:
    """The condition that two tables, under these aliases, agree in the columns."""
    return sql.SQL(" and ").join(
        sql.SQL("{} = {}").format(sql.Identifier(one, column), sql.Identifier(other, column)) for column in columns
    )


def candidate_tables(conn: psycopg.Connection[Any]) -> list[str]:
    """The tables that dbt built for readers, by name."""
    rows = conn.execute("select tablename::text from pg_tables where schemaname = 'bi_candidate' order by tablename")
    return [row[0] for row in rows]


def ensure_like_candidate(conn: psycopg.Connection[Any], table: str, indexes: Iterable[tuple[str, ...]] = ()) -> None:
    """Make `bi.<table>` have the candidate's columns, key and comments, and these indexes; new columns are added.

    Raises: PublishedColumnError if a column that readers know is gone or has another type: that takes a migration and a CHANGELOG entry.
    """
    name = sql.Identifier(table)
    exists = conn.execute("select to_regclass(format('bi.%%I', %s::text)) is not null", (table,)).fetchone()
    if not (exists and exists[0]):
        conn.execute(sql.SQL("create table bi.{0} (like bi_candidate.{0} including all)").format(name))
    for column, kind in added_columns(conn, table).items():
        conn.execute(sql.SQL("alter table bi.{} add column {} {}").format(name, sql.Identifier(column), sql.SQL(kind)))
    _ensure_indexes(conn, table, indexes)
    copy_comments(conn, table, "table")


def added_columns(conn: psycopg.Connection[Any], relation: str) -> dict[str, str]:
    """The columns of the candidate that `bi.<relation>` lacks, with their types.

    Raises: PublishedColumnError if a column that readers know is gone or has another type.
    """
    candidate, published = _columns(conn, "bi_candidate", relation), _columns(conn, "bi", relation)
    for column, kind in published.items():
        if candidate.get(column) != kind:
            raise PublishedColumnError(relation, column, kind, candidate.get(column, "-"))
    return {column: kind for column, kind in candidate.items() if column not in published}


def merge(conn: psycopg.Connection[Any], table: str, frozen: Frozen, scope: Scope) -> int:
    """Make `bi.<table>` hold exactly the candidate's rows but for those that are frozen, looking at those of the scope only.

    Gives how many rows were written.
    """
    columns, key = list(_columns(conn, "bi_candidate", table)), _primary_key(conn, table)
    facts = [column for column in columns if column not in key]
    parts: dict[str, sql.Composable] = {
        "table": sql.Identifier(table),
        "match": matching(key, "b", "n"),
        "columns": sql.SQL(", ").join(map(sql.Identifier, columns)),
        "b_stays": frozen.keeps(table, "b") or sql.SQL("false"),
        "n_stays": frozen.keeps(table, "n") or sql.SQL("false"),
        "scope": within(scope),
    }
    written = conn.execute(
        sql.SQL(
            "delete from bi.{table} b where {scope} and not exists (select from bi_candidate.{table} n where {match})"
            " and not ({b_stays})"
        ).format(**parts)
    ).rowcount
    if facts:
        written += conn.execute(
            sql.SQL(
                "update bi.{table} b set ({names}) = row({new}) from (select * from bi_candidate.{table} where {scope}) n"
                " where {match} and ({old}) is distinct from ({new}) and not ({b_stays})"
            ).format(
                **parts,
                names=sql.SQL(", ").join(map(sql.Identifier, facts)),
                old=named(facts, "b"),
                new=named(facts, "n"),
            )
        ).rowcount
    written += conn.execute(
        sql.SQL(
            "insert into bi.{table} ({columns}) select {columns} from (select * from bi_candidate.{table} where {scope}) n"
            " where not exists (select from bi.{table} b where {match}) and not ({n_stays})"
        ).format(**parts)
    ).rowcount
    return written


def _ensure_indexes(conn: psycopg.Connection[Any], table: str, wanted: Iterable[tuple[str, ...]]) -> None:
    """The candidate of a table that was here before may lack an index as well: dbt makes those of new tables only."""
    rows = conn.execute(
        "select array(select a.attname::text from unnest(i.indkey) with ordinality k (attnum, place)"
        "   join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum order by k.place)"
        " from pg_index i where i.indrelid = format('bi.%%I', %s::text)::regclass",
        (table,),
    )
    found = {tuple(columns) for (columns,) in rows}
    for columns in wanted:
        if columns not in found:
            names = sql.SQL(", ").join(map(sql.Identifier, columns))
            conn.execute(sql.SQL("create index on {} ({})").format(sql.Identifier("bi", table), names))


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


def copy_comments(conn: psycopg.Connection[Any], relation: str, kind: str) -> None:
    """Give `bi.<relation>`, a table or view (`kind`), and its columns the candidate's comments."""
    rows = conn.execute(
        "select d.objsubid, a.attname::text, d.description from pg_description d"
        " left join pg_attribute a on a.attrelid = d.objoid and a.attnum = d.objsubid and d.objsubid > 0"
        " where d.classoid = 'pg_class'::regclass and d.objoid = format('bi_candidate.%%I', %s::text)::regclass",
        (relation,),
    ).fetchall()
    for number, column, text in rows:
        target = sql.Identifier("bi", relation) if number == 0 else sql.Identifier("bi", relation, column)
        of = sql.SQL(kind if number == 0 else "column")
        conn.execute(sql.SQL("comment on {} {} is {}").format(of, target, sql.Literal(text)))
