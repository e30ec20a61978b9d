"""Publishing: `bi` moves from one release to the next whole, and only by what changed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from typing import Any

import psycopg
import pytest

from connectors.errors import PublishedColumnError, PublishRefused
from connectors.settings import Settings
from connectors.warehouse.closing import reopen
from connectors.warehouse.engine import connect
from connectors.warehouse.lease import Lease, hold
from connectors.warehouse.publish import Published, publish
from connectors.warehouse.release_tables import ensure_like_candidate
from connectors.warehouse.withdrawal import withdraw
from tests.connectors.warehouse.desk import put_closing
from tests.connectors.warehouse.stories import put_register, tell

NIGHT = date(2021, 4, 20)

CANDIDATE = """
set role warehouse_transformer;
create table bi_candidate.indicator_value (
  indicator_id text, org_level text, org_id text, period_type text, period text,
  value numeric, numerator numeric, denominator numeric, completeness numeric, status text,
  primary key (indicator_id, org_level, org_id, period_type, period));
create table bi_candidate.relief_summary (org_id text, period text, money_cny numeric, primary key (org_id, period));
comment on table bi_candidate.relief_summary is 'one row per organisation and period';
comment on column bi_candidate.relief_summary.money_cny is 'CNY';
grant select on all tables in schema bi_candidate to warehouse_loader, warehouse_publisher;
reset role;
"""


class Warehouse:
    """A warehouse in which a build is a statement, and that can publish."""

    def __init__(self, settings: Settings, lease: Lease, conn: psycopg.Connection[Any]) -> None:
        self.settings, self.lease, self.conn, self.run_id = settings, lease, conn, 0
        self.status = "provisional"

    def build(self, *figures: tuple[str, str, int | None], passed: bool = True) -> None:
        """Stand in for dbt: these (unit, month, value) figures are the candidate, of a new run."""
        self.run_id += 1
        with self.conn.transaction():
            self.conn.execute("truncate bi_candidate.indicator_value, bi_candidate.relief_summary")
            for org_id, period, value in figures:
                self.conn.execute(
                    "insert into bi_candidate.indicator_value values"
                    " ('relief_paid', 'unit', %s, 'month', %s, %s, %s, null, 1, %s)",
                    (org_id, period, value, value, self.status),
                )
                self.conn.execute(
                    "insert into bi_candidate.relief_summary values (%s, %s, %s)", (org_id, period, value)
                )
            self._record(passed)

    def rebuild(self) -> None:
        """Stand in for a build that gives what is in the candidate already; a test may change that afterwards."""
        self.run_id += 1
        self._record(passed=True)

    def _record(self, passed: bool) -> None:
        self.conn.execute(
            "insert into ops.dbt_build (run_id, business_date, fence, inputs, started_at, finished_at, passed, last_submission_id,"
            " last_event_id) select %s, %s, %s, 'inputs', now(), now(), %s,"
            " (select coalesce(max(submission_id), 0) from ops.submission), event_id from ops.event_head",
            (self.run_id, NIGHT, self.lease.fence, passed),
        )

    def publish(self) -> Published:
        return publish(self.settings, self.lease, self.run_id, NIGHT, "night")

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.conn.execute(query).fetchall()  # type: ignore[call-overload, no-any-return]


@pytest.fixture
def warehouse(settings: Settings) -> Iterator[Warehouse]:
    with ExitStack() as stack:
        lease = stack.enter_context(hold(settings, "publish", "run 1"))
        conn = stack.enter_context(connect(settings))
        conn.execute(CANDIDATE)
        yield Warehouse(settings, lease, conn)


def test_the_first_release_shows_what_was_built_with_its_comments(warehouse: Warehouse) -> None:
    warehouse.build(("A1", "2021-03", 10))
    assert warehouse.publish() == Published(1, True, {"indicator_value": 1, "relief_summary": 1})
    assert warehouse.rows("select org_id, value, release_id from bi.indicator_value") == [("A1", 10, 1)]
    assert warehouse.rows("select obj_description('bi.relief_summary'::regclass), col_description('bi.relief_summary'::regclass, 3)") == [
        ("one row per organisation and period", "CNY")
    ]  # fmt: skip


def test_nothing_changed_makes_no_release(warehouse: Warehouse) -> None:
    warehouse.build(("A1", "2021-03", 10))
    warehouse.publish()
    warehouse.build(("A1", "2021-03", 10))
    assert warehouse.publish() == Published(1, False, {})
    assert warehouse.rows("select count(*) from bi.release") == [(1,)]
    assert warehouse.rows("select kind, author, details ->> 'release_id' from ops.event") == [
        ("published", "run 1", "1")
    ]


def test_only_changed_figures_are_written_and_each_is_recorded(warehouse: Warehouse) -> None:
    warehouse.build(("A1", "2021-03", 10), ("A2", "2021-03", 5), ("A3", "2021-03", 7))
    warehouse.publish()
    warehouse.build(("A1", "2021-03", 12), ("A2", "2021-03", 5), ("A4", "2021-03", 1))
    # Three rows of figures (A1 changed, A3 gone, A4 new); of the summary the same three.
    assert warehouse.publish() == Published(2, True, {"indicator_value": 3, "relief_summary": 3})
    assert warehouse.rows("select org_id, old_value, new_value from bi.release_change where release_id = 2 order by 1") == [
        ("A1", 10, 12), ("A3", 7, None), ("A4", None, 1)
    ]  # fmt: skip
    assert warehouse.rows("select org_id, value from bi.indicator_value order by 1") == [
        ("A1", 12),
        ("A2", 5),
        ("A4", 1),
    ]


def test_every_past_release_can_be_read_as_it_was(warehouse: Warehouse) -> None:
    states = [{"A1": 10}, {"A1": 12, "A2": 3}, {"A2": 3}, {"A1": 10, "A2": 4}]
    for state in states:
        warehouse.build(*((unit, "2021-03", value) for unit, value in state.items()))
        warehouse.publish()
    for release_id, state in enumerate(states, start=1):
        seen = warehouse.conn.execute(
            "select org_id, value from bi.indicator_value_history where valid_from_release <= %s"
            " and (valid_to_release is null or valid_to_release > %s)",
            (release_id, release_id),
        )
        assert {org_id: int(value) for org_id, value in seen} == state


def test_a_build_that_failed_its_tests_keeps_the_last_release(warehouse: Warehouse) -> None:
    warehouse.build(("A1", "2021-03", 10))
    warehouse.publish()
    warehouse.build(("A1", "2021-03", 99), passed=False)
    with pytest.raises(PublishRefused):
        warehouse.publish()
    assert warehouse.rows("select value, release_id from bi.indicator_value") == [(10, 1)]


def test_a_run_that_lost_its_lease_publishes_nothing(warehouse: Warehouse) -> None:
    warehouse.build(("A1", "2021-03", 10))
    warehouse.conn.execute("update ops.lease set fence = fence + 1")
    with pytest.raises(PublishRefused, match="took the lease"):
        warehouse.publish()
    assert warehouse.rows("select count(*) from bi.release") == [(0,)]


def test_a_column_that_readers_know_never_goes_away_in_silence(warehouse: Warehouse) -> None:
    warehouse.build(("A1", "2021-03", 10))
    warehouse.publish()
    warehouse.build(("A1", "2021-03", 10))
    warehouse.conn.execute("alter table bi_candidate.relief_summary rename column money_cny to money")
    with pytest.raises(PublishedColumnError, match="money_cny"):
        warehouse.publish()


def test_a_new_column_joins_the_published_table(warehouse: Warehouse) -> None:
    warehouse.build(("A1", "2021-03", 10))
    warehouse.publish()
    warehouse.conn.execute("alter table bi_candidate.relief_summary add column persons bigint")
    warehouse.build(("A1", "2021-03", 11))
    warehouse.conn.execute("update bi_candidate.relief_summary set persons = 4")
    warehouse.publish()
    assert warehouse.rows("select money_cny, persons from bi.relief_summary") == [(11, 4)]


def test_a_reader_never_sees_two_releases_mixed(warehouse: Warehouse) -> None:
    units = [f"A{n}" for n in range(200)]
    warehouse.build(*((unit, "2021-03", 1) for unit in units))
    warehouse.publish()
    seen: list[tuple[Any, ...]] = []
    ended = threading.Event()

    def poll() -> None:
        with connect(warehouse.settings) as conn:
            while not ended.is_set():
                with conn.transaction():
                    # Two statements in one snapshot, as a dashboard of several charts asks.
                    conn.execute("set transaction isolation level repeatable read")
                    figures = conn.execute(
                        "select min(value), max(value), count(*), max(release_id) from bi.indicator_value"
                    ).fetchone()
                    summary = conn.execute(
                        "select min(money_cny), max(money_cny), count(*) from bi.relief_summary"
                    ).fetchone()
                assert figures is not None
                assert summary is not None
                seen.append((*figures, *summary))

    reader = threading.Thread(target=poll)
    reader.start()
    try:
        for release in range(2, 12):
            warehouse.build(*((unit, "2021-03", release) for unit in units))
            warehouse.publish()
    finally:
        ended.set()
        reader.join()
    assert {row[3] for row in seen} >= {1, 11} or len({row[3] for row in seen}) > 3
    assert {row for row in seen if row != (row[3], row[3], 200, row[3], row[3], row[3], 200)} == set()


def test_a_figure_that_nothing_accounts_for_says_so(warehouse: Warehouse) -> None:
    put_register(warehouse.conn)
    for unit_id in ("A0101", "A0102"):
        tell(
            warehouse.conn,
            {"form": "relief", "unit": unit_id, "period": "2021-03", "rows": [{"given_on": date(2021, 3, 5)}]},
        )
    warehouse.build(("A0101", "2021-03", 10), ("A0102", "2021-03", 5))
    warehouse.publish()
    assert withdraw(warehouse.conn, "relief", "A0101", "2021-03", reason="报错单位", author="王处")
    warehouse.build(("A0101", "2021-03", 4), ("A0102", "2021-03", 6))
    warehouse.publish()
    assert warehouse.rows("select org_id, cause from bi.release_change where release_id = 2 order by 1") == [
        ("A0101", "withdrawal"),
        ("A0102", "unexplained"),
    ]


WAITING = "select org_id, closed_value, new_value, since_release from bi.waiting_change order by 1"
MARCH = "select org_id, value, status from bi.indicator_value where period = '2021-03' order by 1"
MARCH_RELIEF = "select org_id, money_cny from bi.relief_summary where period = '2021-03' order by 1"


def test_figures_of_a_closed_period_wait_whether_they_move_come_or_go(warehouse: Warehouse) -> None:
    warehouse.build(("A1", "2021-03", 10), ("A2", "2021-03", 20), ("A1", "2021-04", 1))
    warehouse.publish()
    put_closing(warehouse.conn, "2021-Q1")
    warehouse.status = "closed"
    warehouse.build(("A1", "2021-03", 11), ("A3", "2021-03", 30), ("A1", "2021-04", 2))
    # April moves, and the two that stay have a new status.
    assert warehouse.publish().changed == {"indicator_value": 3, "waiting_change": 3, "relief_summary": 1}
    assert warehouse.rows(MARCH) == [("A1", 10, "closed"), ("A2", 20, "closed")]
    assert warehouse.rows(MARCH_RELIEF) == [("A1", 10), ("A2", 20)]
    assert warehouse.rows(WAITING) == [("A1", 10, 11, 2), ("A2", 20, None, 2), ("A3", None, 30, 2)]
    assert warehouse.rows("select org_id, period from bi.release_change where release_id = 2") == [("A1", "2021-04")]
    # The same once more is no release; what is as it was when it was closed waits no longer, the rest since the same release.
    warehouse.build(("A1", "2021-03", 11), ("A3", "2021-03", 30), ("A1", "2021-04", 2))
    assert not warehouse.publish().is_new
    warehouse.build(("A1", "2021-03", 10), ("A2", "2021-03", 21), ("A3", "2021-03", 30), ("A1", "2021-04", 2))
    assert warehouse.publish().changed == {"waiting_change": 2}
    assert warehouse.rows(WAITING) == [("A2", 20, 21, 2), ("A3", None, 30, 2)]


def test_what_waits_outside_the_scope_of_a_build_of_changes_goes_on_waiting(warehouse: Warehouse) -> None:
    warehouse.build(("A1", "2021-03", 10), ("A1", "2021-04", 1))
    warehouse.publish()
    put_closing(warehouse.conn, "2021-03")
    warehouse.status = "closed"
    warehouse.build(("A1", "2021-03", 11), ("A1", "2021-04", 1))
    warehouse.publish()
    warehouse.build(("A1", "2021-03", 11), ("A1", "2021-04", 2))
    warehouse.conn.execute(
        "create table intermediate.int_changed_figures as select 'as_then' as basis, 'relief_paid' as indicator_id,"
        " 'unit' as org_level, 'A1' as org_id, '2021-04' as period;"
        "grant select on intermediate.int_changed_figures to warehouse_publisher"
    )
    warehouse.conn.execute(
        "update ops.dbt_build set base_build_id = build_id - 1 where run_id = %s", (warehouse.run_id,)
    )
    # What the summary changed is asked of another table, which this build does not have.
    warehouse.conn.execute("drop table bi_candidate.relief_summary")
    assert warehouse.publish().changed == {"indicator_value": 1}
    assert warehouse.rows(MARCH) == [("A1", 10, "closed")]
    assert warehouse.rows(WAITING) == [("A1", 10, 11, 2)]
    assert warehouse.rows("select value from bi.indicator_value where period = '2021-04'") == [(2,)]


def test_a_reopened_period_is_restated_by_the_release_that_changes_it(warehouse: Warehouse) -> None:
    warehouse.build(("A1", "2021-03", 10), ("A1", "2021-04", 1))
    warehouse.publish()
    put_closing(warehouse.conn, "2021-03")
    put_closing(warehouse.conn, "2021", 2)
    warehouse.build(("A1", "2021-03", 11), ("A1", "2021-04", 1))
    warehouse.publish()
    reopen(warehouse.conn, "2021", reason="补报", author="李处")
    warehouse.publish()
    assert warehouse.rows(MARCH) == [("A1", 11, "provisional")]
    assert warehouse.rows(MARCH_RELIEF) == [("A1", 11)]
    assert warehouse.rows(WAITING) == []
    # The year and the month were reopened together: it is one restatement, of the year.
    assert warehouse.rows("select release_id, cause from bi.release order by 1 desc limit 1") == [
        (3, "restatement 2021; night")
    ]
    assert warehouse.rows("select t.release_id, c.period from ops.restatement t join ops.reopening using (reopening_id)"
                          " join ops.closing c using (closing_id)") == [(3, "2021")]  # fmt: skip


def test_an_index_of_a_model_is_made_once_also_where_the_table_was_there_before(warehouse: Warehouse) -> None:
    warehouse.build(("A0101", "2021-03", 5))
    warehouse.publish()
    wanted = [("period",), ("period", "org_id")]
    for _ in range(2):
        ensure_like_candidate(warehouse.conn, "relief_summary", wanted)
        made = warehouse.conn.execute(
            "select pg_get_indexdef(indexrelid) from pg_index where indrelid = 'bi.relief_summary'::regclass"
        ).fetchall()
        assert sorted(text.partition(" USING btree ")[2] for (text,) in made) == [
            "(org_id, period)",
            "(period)",
            "(period, org_id)",
        ]
