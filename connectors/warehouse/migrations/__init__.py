"""The versions of our own schemas, applied in process by Alembic. Adding one: a file in `versions/`, numbered on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg
    from alembic.config import Config
    from sqlalchemy import Connection

VERSION_SCHEMA = "ops"
VERSION_TABLE = "schema_version"
"""The one row that says which migration the database has reached."""


def configuration() -> Config:
    """Alembic's configuration: this folder, no ini file."""
    from alembic.config import Config

    config = Config()
    # Alembic reads `%` as the start of a placeholder.
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def upgrade(connection: Connection, to: str = "head") -> None:
    """Apply the migrations that are missing, inside the transaction that `connection` is in."""
    from alembic import command
    from sqlalchemy import text

    connection.execute(text(f"create schema if not exists {VERSION_SCHEMA}"))
    config = configuration()
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def known_versions() -> frozenset[str]:
    """Every version of the schemas that this program knows."""
    from alembic.script import ScriptDirectory

    return frozenset(script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions())


def newest_version() -> str:
    """The version that this program brings a database to."""
    from alembic.script import ScriptDirectory

    newest = ScriptDirectory.from_config(configuration()).get_current_head()
    assert newest is not None  # noqa: S101 - there are versions
    return newest


def version_in(conn: psycopg.Connection[Any]) -> str | None:
    """The version that a database has reached, None where nothing was ever made in it."""
    made = conn.execute("select to_regclass(%s) is not null", (f"{VERSION_SCHEMA}.{VERSION_TABLE}",)).fetchone()
    if not made or not made[0]:
        return None
    found = conn.execute(f"select version_num from {VERSION_SCHEMA}.{VERSION_TABLE}").fetchone()  # noqa: S608 - our own names
    return str(found[0]) if found else None
