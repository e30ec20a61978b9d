"""The chain of events: every change is in it, ids follow commits, and whatever was changed past the system is seen and said."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.errors import RestrictViolation

from connectors.settings import Settings
from connectors.warehouse import past_events
from connectors.warehouse.audit import Audit, audit, heads_of
from connectors.warehouse.engine import connect, engine, migrate
from connectors.warehouse.event_log import KINDS_ZH
from connectors.warehouse.events import FACTS, Event, append_events, event_hash
from connectors.warehouse.migrations import upgrade
from connectors.warehouse.recorded import RECORDED
from tests.conftest import HOME, _database, settings_in, template_of
from tests.connectors.warehouse.desk import REGISTER, call, relief_book, take_books
from tests.connectors.warehouse.history import KINDS, KINDS_OF_CLOSING, close_and_reopen, make_history

PUT_BACK = (
    *("ops.event", "ops.event_head", "ops.reply", "ops.withdrawal", "ops.waiver", "ops.waiver_end", "ops.unmasking"),
)
"""The tables from which tests take rows away."""


@pytest.fixture(scope="module")
def busy(
    cluster: Settings, pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """A warehouse in which everything has happened; whoever changes it puts it back."""
    for url in _database(cluster, template_of(pytestconfig.stash[HOME])):
        settings = settings_in(tmp_path_factory.mktemp("busy") / "home", url)
        with connect(settings) as conn:
            make_history(settings, conn)
            for table in PUT_BACK:
                conn.execute(f"create table public.kept_{table.replace('.', '_')} as table {table}")
        yield settings


@pytest.fixture
def conn(busy: Settings) -> Iterator[psycopg.Connection[Any]]:
    with connect(busy) as conn:
        # The one who owns the tables may switch the trigger off; nobody can be kept from that.
        conn.execute("alter table ops.event disable trigger append_only")
        yield conn
        put_back(conn)
        conn.execute("alter table ops.event enable trigger append_only")


TABLES_OF_CLOSING = {"ops.closing", "ops.reopening", "ops.submission_held", "ops.submission_let_in"}
"""What an older warehouse did not have; they have a test of their own."""


def put_back(conn: psycopg.Connection[Any]) -> None:
    with conn.transaction():
        for table in reversed(PUT_BACK):
            conn.execute(f"delete from {table}")
        for table in PUT_BACK:
            conn.execute(
                f"insert into {table} overriding system value select * from public.kept_{table.replace('.', '_')}"
            )


def said(found: Audit) -> str:
    return "\n".join(fault.zh for fault in found.faults)


def rehash(conn: psycopg.Connection[Any], first: int) -> None:
    """Do what one who knows the code can: make the chain whole again from an event on, and its head."""
    with conn.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        events = cursor.execute("select * from ops.event order by event_id").fetchall()
    last = "" if first == 1 else events[first - 2]["hash"]
    for event in events[first - 1 :]:
        facts = {name: event[name] for name in FACTS}
        last = event_hash(last, event["event_id"], event["happened_at"], facts, event["details"])
        conn.execute("update ops.event set hash = %s where event_id = %s", (last, event["event_id"]))
    conn.execute("update ops.event_head set event_id = %s, hash = %s", (events[-1]["event_id"], last))


def test_whatever_happens_is_in_the_chain_and_the_tables_agree_with_it(conn: psycopg.Connection[Any]) -> None:
    told: list[tuple[int, int]] = []
    found = audit(conn, {}, lambda done, total: told.append((done, total)))
    assert (said(found), found.events, told) == ("", found.head.event_id, [(found.events, found.events)])
    kinds = {row[0] for row in conn.execute("select distinct kind from ops.event")}
    assert kinds == KINDS
    assert kinds <= set(KINDS_ZH)
    tables = RECORDED.keys() - TABLES_OF_CLOSING
    rows = conn.execute(" union all ".join(f"select count(*) from {table}" for table in tables)).fetchall()
    assert all(count for (count,) in rows), "every table of the chain is in the history"
    assert found.rows == sum(count for (count,) in rows)


def test_closings_and_what_waited_are_in_the_chain_too(settings: Settings) -> None:
    with connect(settings) as conn:
        take_books(settings, conn, REGISTER, relief_book({}))
        close_and_reopen(settings, conn)
        assert said(audit(conn, {})) == ""
        assert {row[0] for row in conn.execute("select kind from ops.event")} >= KINDS_OF_CLOSING
        for table in TABLES_OF_CLOSING:
            assert conn.execute(f"select count(*) from {table}").fetchone() == (1,), table
        conn.execute("update ops.closing set release_id = 2")
        assert "结账记录 1（ops.closing）" in said(audit(conn, {}))


def test_what_is_in_force_can_be_read_off_the_events_alone(conn: psycopg.Connection[Any]) -> None:
    in_force: dict[tuple[str, ...], int] = {}
    for kind, submission_id, *key in conn.execute(
        "select kind, submission_id, form_id, unit_id, period from ops.event order by event_id"
    ):
        if kind == "accepted":
            in_force[tuple(key)] = submission_id
        elif kind in ("superseded", "withdrawn") and in_force[tuple(key)] == submission_id:
            del in_force[tuple(key)]
    as_seen = conn.execute("select form_id, unit_id, period, submission_id from ops.submission_in_force")
    assert in_force == {tuple(key): submission_id for *key, submission_id in as_seen}
    # Each accepted event says what it replaced by the very next one.
    replaced = conn.execute("select count(*) from ops.event where kind = 'superseded'").fetchone()
    accepted = conn.execute(
        "select count(*) from ops.submission a join ops.submission b using (form_id, unit_id, period) left join ops.withdrawal w"
        " on w.submission_id = a.submission_id where (a.outcome, b.outcome) = ('accepted', 'accepted')"
        " and a.version < b.version and w is null and not exists (select from ops.submission m where"
        " (m.form_id, m.unit_id, m.period, m.outcome) = (a.form_id, a.unit_id, a.period, 'accepted')"
        " and m.version > a.version and m.version < b.version)"
    ).fetchone()
    assert replaced == accepted


CHAIN_FAULTS = {
    "details changed": ("update ops.event set details = details || '{\"version\": 9}' where event_id = 5", 5),
    "author changed": ("update ops.event set author = '李处' where event_id = 5", 5),
    "time moved": ("update ops.event set happened_at = happened_at - interval '1 hour' where event_id = 5", 5),
    "first deleted": ("delete from ops.event where event_id = 1", 1),
    "one deleted": ("delete from ops.event where event_id = 7", 7),
    "some deleted": ("delete from ops.event where event_id between 7 and 9", 7),
    "two exchanged": (
        "update ops.event set event_id = -event_id where event_id in (5, 6);"
        "update ops.event set event_id = case event_id when -5 then 6 else 5 end where event_id < 0",
        5,
    ),
    "one put in at the end": (
        "insert into ops.event select event_id + 1, now(), 'withdrawn', null, null, null, null, null, '王处', null, '{}', hash"
        " from ops.event_head",
        None,
    ),
    "one put in in the middle": (
        "update ops.event set event_id = -event_id - 1 where event_id > 5;"
        "update ops.event set event_id = -event_id where event_id < 0;"
        "insert into ops.event select 6, happened_at, kind, delivery_id, submission_id, form_id, unit_id, period, author, reason,"
        " '{}', hash from ops.event where event_id = 5",
        6,
    ),
    "end cut off": ("delete from ops.event where event_id = (select event_id from ops.event_head)", None),
    "all gone": ("delete from ops.event", 1),
    "head set back": ("update ops.event_head set event_id = event_id - 1", None),
}


def test_every_kind_of_change_to_the_chain_is_seen_and_its_first_event_named(conn: psycopg.Connection[Any]) -> None:
    head = audit(conn, {}).head.event_id
    for what, (statements, first) in CHAIN_FAULTS.items():
        for statement in statements.split(";"):
            conn.execute(statement)
        [fault, *_] = audit(conn, {}).faults or [None]
        assert fault is not None, what
        expected = first or {"one put in at the end": head + 1, "end cut off": head, "head set back": head}[what]
        assert fault.event_id == expected, (what, fault)
        put_back(conn)
        assert said(audit(conn, {})) == ""


def test_a_chain_that_was_made_whole_again_is_betrayed_by_the_receipts(conn: psycopg.Connection[Any]) -> None:
    receipts = [row[0] for row in conn.execute("select receipt from ops.reply order by delivery_id desc")]
    kept_elsewhere = heads_of(receipts[:1])
    conn.execute("update ops.event set author = '李处' where event_id = 5")
    rehash(conn, 5)
    assert "哈希与之不同，链被改写过" in said(audit(conn, {}))
    put_back(conn)

    conn.execute("delete from ops.event where event_id > 20")
    rehash(conn, 1)
    found = said(audit(conn, kept_elsewhere))
    assert "末端被截去" in found
    # Without its own receipts the warehouse cannot know, but whoever holds one can.
    conn.execute("delete from ops.reply")
    assert "末端被截去" not in said(audit(conn, {}))
    assert "末端被截去" in said(audit(conn, kept_elsewhere))


ROW_FAULTS = {
    "ops.submission": ("update ops.submission set rows_loaded = rows_loaded + {0} where submission_id = 2", "改动过"),
    "archive.delivery": ("update archive.delivery set modified_ns = modified_ns + {0} where delivery_id = 1", "改动过"),
    "ops.delivery_outcome": (
        "update ops.delivery_outcome set run_id = run_id + {0} where delivery_id = 3",
        "改动过",
    ),
    "ops.correction": ("update ops.correction set row_number = row_number + {0}", "改动过"),
    "ops.confirmation": ("update ops.confirmation set run_id = run_id + {0}", "改动过"),
    "bi.release": ("update bi.release set published_at = published_at + {0} * interval '1 microsecond'", "改动过"),
    "ops.waiver": ("update ops.waiver set last_day = last_day + {0}", "改动过"),
    "ops.waiver_end": ("delete from ops.waiver_end", "已被删除"),
    "ops.withdrawal": (
        "insert into ops.withdrawal select max(submission_id), '', '', now() from ops.submission_in_force",
        "绕过系统加入",
    ),
}


def test_every_row_that_was_changed_deleted_or_put_in_past_the_system_is_named(conn: psycopg.Connection[Any]) -> None:
    for table, (statement, word) in ROW_FAULTS.items():
        conn.execute(statement.format(1))
        found = audit(conn, {})
        assert [word in fault.zh and f"（{table}）" in fault.zh for fault in found.faults] == [True], said(found)
        if "{0}" in statement:
            conn.execute(statement.format(-1))
        else:
            put_back(conn)
    assert said(audit(conn, {})) == ""


def test_postgres_itself_refuses_to_change_an_event(settings: Settings) -> None:
    with connect(settings) as conn:
        for statement in ("update ops.event set author = 'x'", "delete from ops.event", "truncate ops.event"):
            with pytest.raises(RestrictViolation):
                conn.execute(statement)


def test_the_events_of_an_older_warehouse_are_those_that_it_would_have_written(
    conn: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def life() -> list[tuple[Any, ...]]:
        return conn.execute(
            "select kind, author, reason, delivery_id, submission_id, form_id, unit_id, period, details -> 'rows' from ops.event"
            # What a copy says of its form is in no table; unmaskings are younger than the chain.
            " where kind not in ('copied', 'unmasked') order by kind, delivery_id, submission_id, details"
        ).fetchall()

    before = sorted(life(), key=repr)
    conn.execute("delete from ops.event")
    conn.execute("update ops.event_head set event_id = 0, hash = ''")
    conn.execute("delete from ops.reply")
    conn.execute("delete from ops.unmasking")
    conn.execute("update ops.run set release_id = 1")
    monkeypatch.setattr(past_events, "BATCH", 7)
    with conn.transaction():
        written = past_events.write_past_events(conn)
    found = audit(conn, {})
    assert (said(found), found.events) == ("", written)
    assert sorted(life(), key=repr) == before
    marked = conn.execute("select bool_and((details ->> 'recorded_afterwards')::boolean) from ops.event").fetchone()
    assert marked == (True,)


def test_an_older_warehouse_that_is_filled_gets_its_chain_when_it_is_migrated(
    empty_database: str, tmp_path: Path
) -> None:
    settings = settings_in(tmp_path / "home", empty_database)
    with engine(settings).begin() as connection:
        upgrade(connection, "0010")
    with connect(settings) as conn:
        conn.execute(
            "insert into archive.delivery (source_id, object_name, size_bytes, modified_ns, sha256, received_at, collected_at, run_id)"
            " values ('inbox', '慰问.xlsx', 1, 1, '', now(), now(), 1)"
        )
        conn.execute("insert into ops.delivery_outcome values (1, 'unrecognised', null, null, 0, 0, 0, 0, 1, now())")
    migrate(settings)
    with connect(settings) as conn:
        assert conn.execute("select kind from ops.event order by event_id").fetchall() == [
            ("received",),
            ("unrecognised",),
        ]
        assert said(audit(conn, {})) == ""


def test_whoever_commits_later_has_the_later_event(settings: Settings) -> None:
    with connect(settings) as first, connect(settings) as second:
        ids: list[int] = []

        def append() -> None:
            with second.transaction():
                ids.append(append_events(second, [Event("closed", "李处")]))

        waiting = threading.Thread(target=append)
        with first.transaction():
            mine = append_events(first, [Event("closed", "王处")])
            waiting.start()
            waiting.join(0.3)
            assert ids == [], "the chain is held until the transaction ends"
        waiting.join()
        assert ids == [mine + 1]
        assert said(audit(first, {})) == ""


def test_two_loads_at_once_make_one_chain(settings: Settings) -> None:
    books = {unit: relief_book({}, unit_id=unit) for unit in ("A0101", "A0102")}

    def load(unit: str) -> None:
        with closing(connect(settings)) as own:
            take_books(settings, own, books[unit], relief_book({"persons": 3}, unit_id=unit))

    with connect(settings) as conn:
        take_books(settings, conn, REGISTER)
        both = [threading.Thread(target=load, args=(unit,)) for unit in books]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join()
        assert said(audit(conn, {})) == ""
        kinds = conn.execute(
            "select unit_id, array_agg(kind order by event_id) from ops.event where form_id = 'relief' group by 1 order by 1"
        ).fetchall()
    assert kinds == [(unit, ["accepted", "accepted", "superseded"]) for unit in books]


def test_people_hear_whether_the_chain_is_whole_and_what_happened(
    busy: Settings,
    conn: psycopg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    [(receipt,)] = conn.execute("select receipt from ops.reply order by delivery_id desc limit 1").fetchall()
    kept, forged = tmp_path / "回执.json", tmp_path / "假回执.json"
    kept.write_text(json.dumps([receipt]))
    forged.write_text(json.dumps([receipt | {"chain": {"event_id": 1, "hash": ""}}]))
    assert call(busy, monkeypatch, "audit", "verify", "--receipt", str(kept)) == 0
    assert "事件链完整" in capsys.readouterr().out
    assert call(busy, monkeypatch, "audit", "verify", "--receipt", str(forged)) == 2
    capsys.readouterr()

    assert call(busy, monkeypatch, "audit", "list", "--unit", "A0101", "--kind", "withdrawn") == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert "撤回" in lines[2]
    assert "王处  报错单位" in lines[2]
    assert call(busy, monkeypatch, "audit", "list", "--since", "2000-01-01", "--json", "--limit", "3") == 0
    ids = [event["event_id"] for event in json.loads(capsys.readouterr().out)]
    assert ids == sorted(ids, reverse=True)
    assert call(busy, monkeypatch, "audit", "list", "--kind", "eaten") == 2
    capsys.readouterr()

    conn.execute("delete from ops.event where event_id = 7")
    assert call(busy, monkeypatch, "audit", "verify", "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["whole"], told["faults"][0]["event_id"]) == (False, 7)
