"""Accounts that log in with a password."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql


def set_login(conn: psycopg.Connection[Any], name: str, secret: str, attributes: str = "") -> None:
    """Make an account with that password, or give it to the one of that name; `attributes` are those of `create role`.

    Raises: InsufficientPrivilege of psycopg where our own role may not make accounts.
    """
    # The server is told the verifier, so that the password itself crosses no wire and stands in no log.
    verifier = conn.pgconn.encrypt_password(secret.encode(), name.encode(), b"scram-sha-256").decode()
    exists = conn.execute("select 1 from pg_roles where rolname = %s", (name,)).fetchone()
    statement = sql.SQL("{} {} login {} password {}").format(
        sql.SQL("alter role" if exists else "create role"),
        sql.Identifier(name),
        sql.SQL(attributes),
        sql.Literal(verifier),
    )
    conn.execute(statement)
