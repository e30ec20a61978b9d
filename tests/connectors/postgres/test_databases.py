"""The same code on the embedded server and on any other, for us and for Prefect."""

import asyncio
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from connectors.errors import SettingsError
from connectors.postgres import ensure_database, prefect_database_url, sqlalchemy_url, status, stop
from connectors.postgres.urls import asyncpg_url
from connectors.settings import PROJECT_FOLDER, Settings
from connectors.warehouse.engine import engine
from tests.conftest import settings_in


def current_database(url: str) -> str:
    """What an asyncpg engine, as Prefect makes it, says that it is connected to."""
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import create_async_engine

    async def ask() -> str:
        maker = create_async_engine(url)
        try:
            async with maker.connect() as connection:
                return str((await connection.execute(text("select current_database()"))).scalar_one())
        finally:
            await maker.dispose()

    return asyncio.run(ask())


def test_prefect_has_a_database_of_its_own_on_the_embedded_server(cluster: Settings) -> None:
    embedded = replace(cluster, url=None)
    assert current_database(prefect_database_url(embedded)) == "prefect"


def test_prefect_has_a_database_named_after_ours_on_another_server(settings: Settings) -> None:
    with closing(psycopg.connect(ensure_database(settings))) as conn:
        ours = conn.info.dbname
    assert current_database(prefect_database_url(settings)) == f"{ours}_prefect"


def test_prefect_s_database_is_made_once_by_processes_that_ask_at_once(settings: Settings) -> None:
    with ThreadPoolExecutor(4) as pool:
        urls = set(pool.map(lambda _: prefect_database_url(settings), range(4)))
    assert len(urls) == 1


def test_a_database_that_the_environment_names_for_prefect_is_left_alone(settings: Settings) -> None:
    named = "postgresql+asyncpg://other/prefect"
    assert prefect_database_url(replace(settings, prefect_database_url=named)) == named


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("postgresql://me:s%40cret@db:5433/union", "postgresql+asyncpg://me:s%40cret@db:5433/p"),
        ("postgresql://me@db/union?sslmode=require", "postgresql+asyncpg://me@db:5432/p?ssl=require"),
        ("postgresql://me@db/union?connect_timeout=3", "postgresql+asyncpg://me@db:5432/p"),
        ("postgresql:///union?host=/run/pg&user=me", "postgresql+asyncpg://me@/p?host=%2Frun%2Fpg&port=5432"),
        ("postgresql://me@[::1]/union", "postgresql+asyncpg://me@[::1]:5432/p"),
    ],
)
def test_a_libpq_url_is_said_to_asyncpg(ours: str, theirs: str) -> None:
    assert asyncpg_url(ours, "p") == theirs


def test_a_parameter_that_asyncpg_does_not_have_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="sslrootcert"):
        asyncpg_url("postgresql://me@db/union?sslmode=verify-full&sslrootcert=/ca.pem", "p")


def test_sqlalchemy_takes_the_url_and_the_engine(settings: Settings) -> None:
    import sqlalchemy

    made = sqlalchemy.create_engine(sqlalchemy_url(settings), poolclass=sqlalchemy.NullPool)
    for one in (made, engine(settings)):
        with one.connect() as connection:
            assert connection.execute(sqlalchemy.text("select count(*) from ops.run")).scalar_one() == 0


def test_a_server_that_a_url_names_is_looked_at_and_never_stopped(settings: Settings) -> None:
    seen = status(settings)
    assert (seen.is_embedded, seen.is_running) == (False, True)
    assert seen.version
    assert ":***@" in seen.target
    assert stop(settings) is False
    assert status(settings).is_running


def test_a_server_that_is_gone_is_said_to_be_down(tmp_path: Path) -> None:
    assert not status(settings_in(tmp_path, "postgresql://me@127.0.0.1:9/union")).is_running


def test_a_home_without_a_server_says_so_and_stays_empty(tmp_path: Path) -> None:
    assert not status(settings_in(tmp_path / "home")).is_running
    assert not (tmp_path / "home").exists()


def test_psql_answers_and_shows_no_password_in_the_process_list(settings: Settings) -> None:
    program = (
        "from connectors.settings import load_settings; from connectors.postgres import psql;"
        f"psql(load_settings({{'WAREHOUSE_HOME': {str(settings.home)!r}, 'WAREHOUSE_URL': {settings.url!r}}}),"
        " '-XAtc', r'''\\! tr '\\0' ' ' < /proc/$PPID/cmdline; echo''', '-c', 'select 6 * 7')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT_FOLDER, capture_output=True, text=True, check=True
    )
    command_line, answer = done.stdout.strip().splitlines()
    assert answer == "42"
    assert "dbname=test_" in command_line
    assert str(settings.url).split(":")[2].split("@")[0] not in command_line
