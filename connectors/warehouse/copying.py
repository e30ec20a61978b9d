"""A copy of our database beside it, from one snapshot, while everybody goes on writing in the original.

A copy's name holds the original's oid and a number: `warehouse_copy_16384_711`. Its owner keeps an advisory lock on the number in
the original, so that a copy whose owner was killed is told from one that is in use, and the next copy clears it away.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg
from psycopg import sql

from connectors.errors import DatabaseMissing
from connectors.postgres import ensure_database
from connectors.postgres.dumping import load_pieces, opened_dump, patiently
from connectors.postgres.urls import with_database
from connectors.settings import Settings, without_password
from connectors.warehouse.engine import connect
from connectors.warehouse.rights import ensure_rights

COPY_LOCK = 0x5743
"""First key of the advisory locks that owners of copies hold ("WC", nothing else in this database uses it)."""

PREFIX = "warehouse_copy"
"""How the name of every copy begins."""

PROVIDERS = {"c": "libc", "i": "icu", "b": "builtin"}
"""What Postgres calls what orders its texts, by its letter for it."""


@contextmanager
def temporary_copy(settings: Settings) -> Iterator[Settings]:
    """The same settings with a database that is a copy of ours as it is now, dropped when the block ends.

    All else in them is the original's: the home with its archive, the keys. Copies whose owners have died are cleared away first.
    Raises: DatabaseError.
    """
    with connect(settings) as conn:
        clear_away_the_dead(conn)
        [(oid,)] = conn.execute("select oid from pg_database where datname = current_database()").fetchall()
        number = secrets.randbelow(2**31)
        conn.execute("select pg_advisory_lock(%s, %s)", (COPY_LOCK, number))
        name = f"{PREFIX}_{oid}_{number}"
        _make(conn, name, without_password(ensure_database(settings)))
        try:
            url = with_database(ensure_database(settings), name)
            copy_database(settings, url)
            yield replace(settings, url=url)
        finally:
            _drop(conn, name)


def copy_database(settings: Settings, target_url: str) -> None:
    """Fill an empty database with all that is in ours, as it was at one moment: schemas, tables, views, sequences, comments, rights.

    Nobody who writes waits for it; whoever replaces a table, as dbt does, waits until that is copied. Raises: DumpFailed.
    """
    source_url = ensure_database(settings)
    with patiently(lambda: opened_dump(source_url)) as dump:
        load_pieces(target_url, dump.pieces)
    with psycopg.connect(target_url, autocommit=True) as conn:
        # What we loaded is ours; the roles that own it in the original own it here too.
        with conn.transaction():
            ensure_rights(conn)
        # Without it the first queries on the copy would be planned as if every table were empty.
        conn.execute("analyze")


def clear_away_the_dead(conn: psycopg.Connection[Any]) -> list[str]:
    """Drop the copies of the database of `conn` whose owners have died; gives their names."""
    dropped = []
    for name, number in conn.execute(
        "select c.datname, split_part(c.datname, '_', 4)::int from pg_database c, pg_database d"
        " where d.datname = current_database() and c.datname ~ ('^' || %s || '_' || d.oid || '_[0-9]+$') order by 1",
        (PREFIX,),
    ).fetchall():
        if _holds(conn, "pg_try_advisory_lock", number):
            _drop(conn, name)
            dropped.append(name)
            conn.execute("select pg_advisory_unlock(%s, %s)", (COPY_LOCK, number))
    return dropped


def _holds(conn: psycopg.Connection[Any], function: str, number: int) -> bool:
    query = sql.SQL("select {}(%s, %s)").format(sql.Identifier(function))
    [(is_held,)] = conn.execute(query, (COPY_LOCK, number)).fetchall()
    return bool(is_held)


def _make(conn: psycopg.Connection[Any], name: str, target: str) -> None:
    """An empty database that orders its texts as ours does, closed to everybody else."""
    [(encoding, provider, collate, ctype, locale)] = conn.execute(
        "select pg_encoding_to_char(encoding), datlocprovider::text, datcollate, datctype,"
        # Its name differs between versions of Postgres.
        " coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale')"
        " from pg_database d where datname = current_database()"
    ).fetchall()
    options = sql.SQL("encoding {} locale_provider {} lc_collate {} lc_ctype {}").format(
        sql.Literal(encoding), sql.Identifier(PROVIDERS[provider]), sql.Literal(collate), sql.Literal(ctype)
    )
    if locale:
        options += sql.SQL(" {} {}").format(sql.Identifier(f"{PROVIDERS[provider]}_locale"), sql.Literal(locale))
    try:
        conn.execute(sql.SQL("create database {} template template0 {}").format(sql.Identifier(name), options))
    except psycopg.errors.InsufficientPrivilege as error:
        raise DatabaseMissing(name, target, str(error).strip()) from error
    conn.execute(sql.SQL("revoke all on database {} from public").format(sql.Identifier(name)))


def _drop(conn: psycopg.Connection[Any], name: str) -> None:
    conn.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
