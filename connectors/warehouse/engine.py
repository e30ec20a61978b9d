"""Connections to our database, and its schema brought up to date.

SQLAlchemy and Alembic are imported only where they are used: `warehouse status` and the like stay quick.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

import psycopg
from psycopg import sql

from connectors.errors import DatabaseRightsMissing, DatabaseTooOld, DatabaseUnreachable
from connectors.postgres import ensure_database
from connectors.settings import Settings, without_password

if TYPE_CHECKING:
    import sqlalchemy

TIMEZONE = "Asia/Shanghai"
"""All days and times are this zone's, whatever the server's own setting."""

CONNECT_SECONDS = 10
"""How long a server may take to let us in."""

OLDEST_SUPPORTED = 15
"""The oldest major version of Postgres that the tests run against."""

MIGRATION_LOCK = 0x5557_4D49
"""Key of the advisory lock that a migration holds ("UWMI"; nothing else in this database uses it)."""


def connect(settings: Settings, role: str | None = None) -> psycopg.Connection[Any]:
    """A new connection to our database; the embedded server is started if need be.

    With a role of `connectors.warehouse.roles` it may do what that role may, and no more; `migrate` makes them.
    It commits each statement by itself; what belongs together goes in `with conn.transaction()`, which is then a transaction
    from its first line to its last, never a savepoint in one that nobody ends.
    Raises: DatabaseUnreachable if nothing answers or it does not let us in; DatabaseRightsMissing if it does not let us have the role;
    ClusterError for the embedded server.
    """
    conn = _connect(ensure_database(settings), autocommit=True)
    if role is not None:
        try:
            conn.execute(sql.SQL("set role {}").format(sql.Identifier(role)))
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidParameterValue) as error:
            conn.close()
            target = without_password(ensure_database(settings))
            raise DatabaseRightsMissing(target, error.diag.message_primary or "") from error
    return conn


def engine(settings: Settings) -> sqlalchemy.Engine:
    """A SQLAlchemy engine over `connect`; it keeps no connections, so none outlives its use. Raises: as `connect`."""
    import sqlalchemy

    url = ensure_database(settings)
    return sqlalchemy.create_engine(
        "postgresql+psycopg://", creator=lambda: _connect(url, autocommit=False), poolclass=sqlalchemy.NullPool
    )


def migrate(settings: Settings) -> None:
    """Bring schemas, tables, and the landing tables and views of all contracts up to date, in one transaction.

    Safe to start twice at once (the second waits, then finds nothing to do) and to kill (nothing has happened then).
    Raises: DatabaseUnreachable, DatabaseTooOld, DatabaseRightsMissing.
    """
    import sqlalchemy

    from connectors.warehouse.check_views import ensure_check_views
    from connectors.warehouse.landing import ensure_tables
    from connectors.warehouse.migrations import upgrade
    from connectors.warehouse.register_views import ensure_views
    from connectors.warehouse.rights import ensure_rights, ensure_roles

    target = without_password(ensure_database(settings))
    with named_rights(settings), engine(settings).begin() as connection:
        connection.execute(sqlalchemy.text("select pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        conn = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
        version = conn.info.server_version // 10_000
        if version < OLDEST_SUPPORTED:
            raise DatabaseTooOld(target, version, OLDEST_SUPPORTED)
        ensure_roles(conn)
        upgrade(connection)
        ensure_tables(conn)
        ensure_views(conn)
        ensure_check_views(conn)
        ensure_rights(conn)


def database_clock(conn: psycopg.Connection[Any]) -> datetime:
    """The time by the database's clock, which all who share it go by."""
    [(now,)] = conn.execute("select clock_timestamp()").fetchall()
    assert isinstance(now, datetime)  # noqa: S101 - what Postgres gives
    return now


@contextmanager
def named_rights(settings: Settings) -> Iterator[None]:
    """Say of a right that our role lacks which database it lacks it in. SQLAlchemy wraps what psycopg raises.

    Raises: DatabaseRightsMissing.
    """
    import sqlalchemy.exc

    try:
        yield
    except (psycopg.errors.InsufficientPrivilege, sqlalchemy.exc.ProgrammingError) as error:
        lack = error.orig if isinstance(error, sqlalchemy.exc.ProgrammingError) else error
        if not isinstance(lack, psycopg.errors.InsufficientPrivilege):
            raise
        target = without_password(ensure_database(settings))
        raise DatabaseRightsMissing(target, lack.diag.message_primary or "") from error


def _connect(url: str, *, autocommit: bool) -> psycopg.Connection[Any]:
    try:
        conn = psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_SECONDS, application_name="warehouse")
    except psycopg.OperationalError as error:
        raise DatabaseUnreachable(without_password(url), " ".join(str(error).split()).rstrip(".?")) from error
    conn.execute(f"set timezone to '{TIMEZONE}'")
    conn.autocommit = autocommit
    return conn
