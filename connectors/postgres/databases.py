"""The databases that we use and how to reach them: ours, and Prefect's beside it."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import NoReturn

from connectors.errors import DatabaseMissing, DatabaseUnreachable
from connectors.home import file_lock
from connectors.postgres.location import Location, record_location, recorded_location
from connectors.postgres.passwords import ADMIN_ROLE, APP_ROLE, password
from connectors.postgres.processes import is_accepting, postmaster_pid
from connectors.postgres.programs import installed_programs
from connectors.postgres.server import START_SECONDS, make_home_and_lock, refuse_strangers, start_server, stop_server
from connectors.postgres.urls import asyncpg_url, socket_url, without_secret
from connectors.settings import Settings, environment_with, without_password

DATABASE = "warehouse"
"""Our database on the embedded server."""

PROVISION = 1
"""The number of what `_provision` makes; raise it with each change there, and a server that runs gets it at the next command."""

PREFECT_DATABASE = "prefect"
"""Prefect's database on the embedded server; on another server it is named after ours, which may share it with others."""


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """What is known about the server. `pid`, `data`, `log` and `account` are those of the embedded one."""

    is_embedded: bool
    is_running: bool
    target: str
    version: str | None
    pid: int | None = None
    data: str | None = None
    log: str | None = None
    account: str | None = None


def ensure_database(settings: Settings) -> str:
    """The libpq URL of our database, with the embedded server made and started if `WAREHOUSE_URL` is unset.

    Costs a fraction of a millisecond when the server runs. Safe when several processes call it at once. Raises: ClusterError.
    """
    if settings.url:
        return settings.url
    location = recorded_location(settings)
    if location is None or location.provision != PROVISION or not _is_up(location):
        location = _start(settings)
    return _our_url(settings, location)


def psycopg_url(settings: Settings) -> str:
    """The URL for psycopg and every other libpq program; the same as `ensure_database` gives."""
    return ensure_database(settings)


def sqlalchemy_url(settings: Settings) -> str:
    """The URL for SQLAlchemy with psycopg 3."""
    return ensure_database(settings).replace("postgresql://", "postgresql+psycopg://", 1)


def prefect_database_url(settings: Settings) -> str:
    """The SQLAlchemy URL of Prefect's own database on the same server, made if it is not there.

    One that the environment names is given back untouched. Raises: DatabaseError; SettingsError if `WAREHOUSE_URL` cannot be
    said to asyncpg.
    """
    if settings.prefect_database_url:
        return settings.prefect_database_url
    from psycopg.conninfo import conninfo_to_dict

    url = ensure_database(settings)
    own = str(conninfo_to_dict(url).get("dbname") or DATABASE)
    database = f"{own}_{PREFECT_DATABASE}" if settings.url else PREFECT_DATABASE
    wanted = asyncpg_url(url, database)
    make_database(url, database)
    return wanted


def make_database(url: str, database: str) -> None:
    """Make a database on the server of that URL unless it is there. Raises: DatabaseUnreachable, DatabaseMissing."""
    import psycopg
    from psycopg import errors, sql

    target = without_password(url)
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=10) as conn:
            if conn.execute("select 1 from pg_database where datname = %s", (database,)).fetchone():
                return
            # template0 has no sessions of other people, which would make template1 refuse to be copied.
            conn.execute(
                sql.SQL("create database {} template template0 encoding 'UTF8'").format(sql.Identifier(database))
            )
    except (errors.DuplicateDatabase, errors.UniqueViolation):
        return
    except errors.InsufficientPrivilege as error:
        raise DatabaseMissing(database, target, str(error).strip()) from error
    except psycopg.OperationalError as error:
        raise DatabaseUnreachable(target, " ".join(str(error).split()).rstrip(".?")) from error


def start(settings: Settings) -> ServerStatus:
    """Start the embedded server if it does not run; with `WAREHOUSE_URL`, only look at that server. Raises: DatabaseError."""
    if not settings.url:
        ensure_database(settings)
    return status(settings)


def stop(settings: Settings) -> bool:
    """Stop the embedded server; false if none ran. A server that `WAREHOUSE_URL` names is never stopped. Raises: ClusterError."""
    return False if settings.url else stop_server(settings)


def status(settings: Settings) -> ServerStatus:
    """What is known about the server, without starting it."""
    location = recorded_location(settings)
    if settings.url:
        version = _server_version(settings.url)
        return ServerStatus(False, version is not None, without_password(settings.url), version)
    if location is None:
        return ServerStatus(True, False, str(settings.home), None)
    refuse_strangers(location)
    is_running = is_accepting(location)
    url = socket_url(location, APP_ROLE, "", DATABASE).replace(":@", "@")
    version = _server_version(_our_url(settings, location)) if is_running and location.provision else None
    return ServerStatus(
        True,
        is_running,
        url,
        version,
        postmaster_pid(location),
        str(location.data),
        str(location.log),
        location.account,
    )


def psql(settings: Settings, *arguments: str) -> NoReturn:
    """Become psql in our database; the password goes by the environment, which other users cannot see in the process list."""
    target, secret = without_secret(ensure_database(settings))
    program = installed_programs() / "psql"
    environment = environment_with(PGAPPNAME="warehouse db psql", **secret)
    command = [str(program), "--dbname", target, *arguments]
    os.execve(program, command, environment)  # noqa: S606 - no shell is wanted


def _our_url(settings: Settings, location: Location) -> str:
    """The libpq URL of our database on the embedded server, whether it runs or not."""
    return socket_url(location, APP_ROLE, password(settings, APP_ROLE), DATABASE)


def _is_up(location: Location) -> bool:
    refuse_strangers(location)
    return is_accepting(location)


def _start(settings: Settings) -> Location:
    with file_lock(make_home_and_lock(settings), START_SECONDS):
        location = start_server(settings)
        if location.provision == PROVISION:
            return location
        _provision(settings, location)
        return record_location(settings, replace(location, provision=PROVISION))


def _provision(settings: Settings, location: Location) -> None:
    """Make our role and database as the superuser; harmless to repeat."""
    import psycopg
    from psycopg import sql

    from connectors.postgres.logins import set_login

    admin_url = socket_url(location, ADMIN_ROLE, password(settings, ADMIN_ROLE), "postgres")
    with psycopg.connect(admin_url, autocommit=True, connect_timeout=30) as conn:
        # It may make databases, because Prefect's own is one, and roles, of which Postgres lets it rule those alone that it made.
        set_login(conn, APP_ROLE, password(settings, APP_ROLE), "nosuperuser createrole createdb")
    make_database(admin_url, DATABASE)
    with psycopg.connect(admin_url, autocommit=True, connect_timeout=30) as conn:
        owned = sql.SQL("alter database {} owner to {}")
        conn.execute(owned.format(sql.Identifier(DATABASE), sql.Identifier(APP_ROLE)))
        conn.execute(sql.SQL("revoke all on database {} from public").format(sql.Identifier(DATABASE)))


def _server_version(url: str) -> str | None:
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=5) as conn:
            return conn.info.parameter_status("server_version")
    except psycopg.OperationalError:
        return None
