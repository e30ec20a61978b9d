"""Copies of the database beside it: whole, of one moment, in nobody's way, and gone afterwards."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest

from connectors.errors import DumpFailed
from connectors.postgres.dumping import load_pieces, opened_dump
from connectors.settings import Settings
from connectors.warehouse.copying import clear_away_the_dead, temporary_copy
from connectors.warehouse.engine import connect
from connectors.warehouse.rights import ensure_rights

DESCRIPTION = """
select 'comment', c.oid::regclass::text, coalesce(a.attname, ''), d.description from pg_description d
left join pg_attribute a on a.attrelid = d.objoid and a.attnum = d.objsubid and d.objsubid > 0
join pg_class c on c.oid = d.objoid and d.classoid = 'pg_class'::regclass
where c.relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
union all select 'right', oid::regclass::text, relkind::text, relacl::text from pg_class where relacl is not null
and relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
union all select 'owner', oid::regclass::text, relkind::text, pg_get_userbyid(relowner) from pg_class
where relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace, 'pg_toast'::regnamespace)
union all select 'index', tablename, indexname, indexdef from pg_indexes where schemaname not in ('pg_catalog', 'pg_toast')
union all select 'view', schemaname, viewname, definition from pg_views where schemaname not in ('pg_catalog', 'information_schema')
union all select 'sequence', schemaname, sequencename, coalesce(last_value, 0)::text from pg_sequences
union all select 'database', datcollate, datctype, coalesce(datacl::text, '') from pg_database where datname = current_database()
order by 1, 2, 3, 4
"""


def test_a_copy_holds_tables_views_sequences_comments_and_rights(settings: Settings) -> None:
    with connect(settings) as conn:
        conn.execute("create table marts.t (a int primary key, b text); comment on table marts.t is '粒度'")
        conn.execute(
            "insert into marts.t values (1, E'x\\ty\\n'), (2, null); create view marts.v as select b from marts.t"
        )
        conn.execute(
            "create sequence marts.s start 7; select nextval('marts.s'); grant select on marts.t to pg_monitor"
        )
        conn.execute("revoke all on database " + conn.info.dbname + " from public")
        with conn.transaction():
            ensure_rights(conn)
        described = conn.execute(DESCRIPTION).fetchall()
    with temporary_copy(settings) as copy, connect(copy) as conn:
        assert conn.execute("select a, b from marts.t order by a").fetchall() == [(1, "x\ty\n"), (2, None)]
        assert len(described) > 300
        assert conn.execute(DESCRIPTION).fetchall() == described


def test_writers_do_not_wait_for_a_copy_and_it_holds_one_moment(settings: Settings) -> None:
    with connect(settings) as conn:
        # More than a pipe holds, so that pg_dump stands in the middle of its work.
        conn.execute("create table marts.t as select md5(i::text) as a from generate_series(1, 100000) i")
        with opened_dump(settings.url or "") as dump:
            conn.execute("set lock_timeout = '200ms'")
            conn.execute("insert into marts.t values ('written since')")
            conn.execute("update marts.t set a = 'written since' where a = md5('1')")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                conn.execute("drop table marts.t")
            assert b"written since" not in b"".join(dump.pieces)


def test_a_copy_waits_for_who_replaces_a_table_and_does_not_end_it(settings: Settings) -> None:
    copied: list[object] = []

    def copy() -> None:
        with temporary_copy(settings) as place, connect(place) as conn:
            copied.extend(conn.execute("select a from marts.t").fetchall())

    with connect(settings) as conn:
        conn.execute("create table marts.t as select 1 as a")
        with conn.transaction():
            conn.execute("alter table marts.t rename to t_before; create table marts.t as select 2 as a")
            copying = threading.Thread(target=copy)
            copying.start()
            # Longer than an attempt of the dump waits, and than Postgres waits before it ends one of two who block each other.
            _wait_for_lock(settings)
            conn.execute("lock table ops.run in access exclusive mode")
            time.sleep(1.2)
        copying.join()
    assert copied == [(2,)]


def _wait_for_lock(settings: Settings) -> None:
    with connect(settings) as conn:
        while not conn.execute(
            "select 1 from pg_locks where not granted and relation = 'marts.t'::regclass"
        ).fetchone():
            time.sleep(0.01)


def test_a_dump_that_breaks_off_leaves_the_target_empty(settings: Settings, empty_database: str) -> None:
    with opened_dump(settings.url or "") as dump:
        script = b"".join(dump.pieces)

    def broken() -> Iterator[bytes]:
        yield script[: len(script) // 2]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_pieces(empty_database, broken())
    with pytest.raises(DumpFailed, match="psql: UndefinedTable") as failure:
        load_pieces(empty_database, [script, b"insert into nowhere values ('110101199003070011');"])
    assert "110101199003070011" not in failure.value.sentence()
    with closing(psycopg.connect(empty_database)) as conn:
        assert conn.execute("select count(*) from pg_namespace where nspname = 'ops'").fetchone() == (0,)


def test_the_copy_of_a_killed_owner_is_cleared_away_by_the_next_and_one_in_use_is_not(settings: Settings) -> None:
    process = multiprocessing.get_context("forkserver").Process(target=_copy_and_die, args=(settings,))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    with connect(settings) as conn:
        [left] = _copies(conn)
        with temporary_copy(settings):
            [used] = _copies(conn)
            assert used != left
            assert clear_away_the_dead(conn) == []
        assert _copies(conn) == []


def _copy_and_die(settings: Settings) -> None:
    with temporary_copy(settings):
        os.kill(os.getpid(), signal.SIGKILL)


def _copies(conn: psycopg.Connection[Any]) -> list[str]:
    query = (
        "select c.datname from pg_database c, pg_database d where d.datname = current_database()"
        " and starts_with(c.datname, 'warehouse_copy_' || d.oid || '_')"
    )
    return [row[0] for row in conn.execute(query)]
