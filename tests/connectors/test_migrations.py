"""Our schemas come up by themselves, once, whole or not at all."""

import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from connectors.errors import DatabaseTooOld, DatabaseUnreachable
from connectors.settings import PROJECT_FOLDER
from connectors.warehouse import engine
from connectors.warehouse.engine import connect, migrate
from connectors.warehouse.migrations import configuration, upgrade
from tests.conftest import settings_in

SCHEMAS = {
    "archive", "landing", "quarantine", "registers", "checks", "pii", "staging", "intermediate", "marts", "bi_candidate", "bi", "ops",
}  # fmt: skip


def start_migration(url: str, home: Path) -> subprocess.Popen[str]:
    program = (
        "from connectors.settings import load_settings; from connectors.warehouse.engine import migrate;"
        f"migrate(load_settings({{'WAREHOUSE_HOME': {str(home)!r}, 'WAREHOUSE_URL': {url!r}}}))"
    )
    return subprocess.Popen([sys.executable, "-c", program], cwd=PROJECT_FOLDER, stderr=subprocess.PIPE, text=True)


def schemas(url: str) -> set[str]:
    with closing(psycopg.connect(url)) as conn:
        return {row[0] for row in conn.execute("select nspname from pg_namespace where nspname !~ '^pg_'")} & SCHEMAS


def test_every_schema_table_and_column_says_what_it_is(database: str) -> None:
    with closing(psycopg.connect(database)) as conn:
        silent = conn.execute(
            "select n.nspname, c.relname, a.attname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped"
            " where n.nspname = any(%s) and c.relkind in ('r', 'v')"
            " and (obj_description(c.oid, 'pg_class') is null or col_description(c.oid, a.attnum) is null)",
            (sorted(SCHEMAS),),
        ).fetchall()
        mute = conn.execute(
            "select nspname from pg_namespace where nspname = any(%s) and obj_description(oid, 'pg_namespace') is null",
            (sorted(SCHEMAS),),
        ).fetchall()
    assert (silent, mute) == ([], [])


def test_every_table_says_its_grain_first(database: str) -> None:
    with closing(psycopg.connect(database)) as conn:
        comments = conn.execute(
            "select c.relname, obj_description(c.oid, 'pg_class') from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " where n.nspname = any(%s) and c.relkind in ('r', 'v')",
            (sorted(SCHEMAS),),
        ).fetchall()
    assert comments
    assert [name for name, comment in comments if "粒度：" not in comment] == []


def test_every_table_has_a_primary_key(database: str) -> None:
    with closing(psycopg.connect(database)) as conn:
        keyless = conn.execute(
            "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " where n.nspname = any(%s) and c.relkind = 'r'"
            " and not exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary)",
            (sorted(SCHEMAS),),
        ).fetchall()
    assert keyless == []


def test_migrations_are_one_chain() -> None:
    from alembic.script import ScriptDirectory

    script = ScriptDirectory.from_config(configuration())
    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1


def test_types_of_figures_change_under_the_view_that_dbt_made_over_them(empty_database: str, tmp_path: Path) -> None:
    settings = settings_in(tmp_path, empty_database)
    with engine.engine(settings).begin() as connection:
        upgrade(connection, "0019")
    with closing(psycopg.connect(empty_database, autocommit=True)) as conn:
        conn.execute("create view staging.stg_history as select indicator_id, value from bi.indicator_value_history")
        conn.execute(
            "insert into bi.indicator_value_history values ('i', 'unit', 'A', 'month', '2021-03', 0.3333333333, 1, 3, 0.5, 'provisional', 1)"
        )
        migrate(settings)
        types = conn.execute(
            "select c.relname, format_type(a.atttypid, a.atttypmod) from pg_attribute a join pg_class c on c.oid = a.attrelid"
            " where a.attname = 'value' and c.relname in ('indicator_value', 'indicator_value_history', 'stg_history') order by 1"
        ).fetchall()
        assert types == [
            (name, "numeric(38,10)") for name in ("indicator_value", "indicator_value_history", "stg_history")
        ]
        assert conn.execute("select value::text from staging.stg_history").fetchall() == [("0.3333333333",)]


def test_a_second_migration_changes_nothing(database: str, tmp_path: Path) -> None:
    def catalogue() -> list[tuple[str, ...]]:
        with closing(psycopg.connect(database)) as conn:
            return conn.execute(
                "select oid::text, xmin::text from pg_class union all select oid::text, xmin::text from pg_namespace order by 1"
            ).fetchall()

    before = catalogue()
    migrate(settings_in(tmp_path, database))
    assert catalogue() == before


def test_two_migrations_started_at_once_both_succeed(empty_database: str, tmp_path: Path) -> None:
    started = [start_migration(empty_database, tmp_path) for _ in range(2)]
    said = [process.communicate(timeout=120)[1] for process in started]
    assert [process.returncode for process in started] == [0, 0], said
    assert schemas(empty_database) == SCHEMAS


def test_a_migration_killed_half_way_leaves_nothing_and_the_next_one_succeeds(
    empty_database: str, tmp_path: Path
) -> None:
    with closing(psycopg.connect(empty_database)) as blocker:
        # The migration has made other schemas by the time that it waits for this uncommitted one.
        blocker.execute("create schema marts")
        process = start_migration(empty_database, tmp_path)
        with closing(psycopg.connect(empty_database, autocommit=True)) as watcher:
            waiting = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query ~ 'marts'"
            deadline = time.monotonic() + 60
            while not watcher.execute(waiting).fetchone():
                assert process.poll() is None, process.communicate()
                assert time.monotonic() < deadline
                time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        blocker.rollback()
    assert schemas(empty_database) == set()
    migrate(settings_in(tmp_path, empty_database))
    assert schemas(empty_database) == SCHEMAS


def test_a_server_that_is_too_old_is_named_and_left_alone(
    empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "OLDEST_SUPPORTED", 99)
    with pytest.raises(DatabaseTooOld) as raised:
        migrate(settings_in(tmp_path, empty_database))
    assert raised.value.oldest == 99
    assert schemas(empty_database) == set()


def test_a_server_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnreachable) as raised:
        connect(settings_in(tmp_path, "postgresql://me:hush@127.0.0.1:9/union"))
    assert "127.0.0.1:9/union" in str(raised.value)
    assert "hush" not in str(raised.value)


def test_a_connection_reads_days_in_the_province_s_time_zone(settings) -> None:  # type: ignore[no-untyped-def]
    with closing(connect(settings)) as conn:
        assert conn.execute("show timezone").fetchone() == ("Asia/Shanghai",)
