"""Postgres: the server that `WAREHOUSE_URL` names, or our own under `WAREHOUSE_HOME`."""

from connectors.postgres.databases import (
    ServerStatus,
    ensure_database,
    prefect_database_url,
    psql,
    psycopg_url,
    sqlalchemy_url,
    start,
    status,
    stop,
)

__all__ = [
    "ServerStatus",
    "ensure_database",
    "prefect_database_url",
    "psql",
    "psycopg_url",
    "sqlalchemy_url",
    "start",
    "status",
    "stop",
]
