"""What readers see of figures that show people, release by release: a build is a few rows here, the publish and the login are real."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from typing import Any

import psycopg
import pytest

from connectors.settings import Settings
from connectors.warehouse.engine import connect
from connectors.warehouse.lease import Lease, hold
from connectors.warehouse.publish import publish
from connectors.warehouse.rights import ensure_rights
from connectors.warehouse.roles import BI_READER
from tests.night.rights import logged_in

NIGHT = date(2021, 4, 20)

BUILT = """
create table bi_candidate.indicator_value (
  indicator_id text, org_level text, org_id text, period_type text, period text,
  value numeric, numerator numeric, denominator numeric, completeness numeric, status text,
  primary key (indicator_id, org_level, org_id, period_type, period));
create table bi_candidate.indicator (indicator_id text primary key, position integer, sensitivity text, numerator_measure text,
  subtracted_measure text, denominator_measure text);
create table bi_candidate.period (period text primary key, period_type text, first_day date, last_day date);
create table marts.measures (measure_id text, aggregation text, unit text, forms text);
create table marts.fct_measures (measure_id text, form_id text, submission_id bigint, row_number integer, unit_id text,
  occurred_date date, value numeric, distinct_key text);
create table intermediate.int_unit_months (basis text, unit_id text, month_date date, org_level text, org_id text);
insert into bi_candidate.period values ('2021', 'year', '2021-01-01', '2021-12-31'), ('2021-2025', 'plan', '2021-01-01', '2025-12-31');
insert into bi_candidate.indicator values ('relief_paid', 10, 'people', 'relief_cny', null, null),
  ('lectures_held', 20, 'none', 'lectures', null, null);
create table marts.indicators as select * from bi_candidate.indicator;
insert into marts.measures values ('relief_cny', 'sum', 'CNY', 'relief'), ('lectures', 'sum', 'events', 'culture');
"""


class Warehouse:
    """A warehouse whose builds are said in one line: how many persons each unit helped in 2021."""

    def __init__(self, settings: Settings, lease: Lease, conn: psycopg.Connection[Any]) -> None:
        self.settings, self.lease, self.conn, self.run_id = settings, lease, conn, 0

    def night(self, cny: int = 0, **persons: int) -> None:
        """Build and publish: each person of a unit got 100 CNY, and the first unit `cny` more."""
        self.run_id += 1
        with self.conn.transaction():
            self.conn.execute("truncate bi_candidate.indicator_value, marts.fct_measures")
            money = {unit: 100 * number for unit, number in persons.items()}
            money[next(iter(money))] += cny
            for unit, number in persons.items():
                for row in range(number):
                    self.conn.execute(
                        "insert into marts.fct_measures values ('relief_cny', 'relief', 1, %s, %s, '2021-02-01', %s, %s)",
                        (row, unit, 100 if row else money[unit] - 100 * (number - 1), f"{unit}-{row}"),
                    )
            figures = [("unit", unit, cny) for unit, cny in money.items()] + [("province", "SN", sum(money.values()))]
            for level, org, value in figures:
                for kind, period in (("month", "2021-02"), ("year", "2021"), ("plan", "2021-2025")):
                    self.conn.execute(
                        "insert into bi_candidate.indicator_value values ('relief_paid', %s, %s, %s, %s, %s, %s, null, 1, 'provisional')",
                        (level, org, kind, period, value, value),
                    )
            self.conn.execute(
                "insert into ops.dbt_build (run_id, business_date, fence, inputs, started_at, finished_at, passed, last_submission_id,"
                " last_event_id) select %s, %s, %s, 'inputs', now(), now(), true, 0, event_id from ops.event_head",
                (self.run_id, NIGHT, self.lease.fence),
            )
        publish(self.settings, self.lease, self.run_id, NIGHT, "night")

    def seen(self) -> dict[str, int]:
        """What a reader sees of the year, by organisation, once it is certain that nothing but years and plans is seen."""
        assert self.settings.url
        with logged_in(self.settings.url, self.conn, BI_READER, []) as reader:
            rows = reader.execute("select org_id, period_type, value::bigint from bi.indicator_value").fetchall()
            assert reader.execute("select count(*) from bi.release_change").fetchone() == (0,)
            history = reader.execute(
                "select org_id, period_type, value::bigint from bi.indicator_value_history"
            ).fetchall()
        assert sorted(history) == sorted(rows)
        year = {org: value for org, kind, value in rows if kind == "year"}
        assert {org: value for org, kind, value in rows if kind == "plan"} == year
        assert len(rows) == 2 * len(year)
        return year

    def withheld(self) -> dict[str, tuple[str, int | None]]:
        rows = self.conn.execute(
            "select org_id, reason, seen_release from bi.withheld_figure where period_type = 'year'"
        )
        return {org: (reason, release) for org, reason, release in rows}


@pytest.fixture
def warehouse(settings: Settings) -> Iterator[Warehouse]:
    with ExitStack() as stack:
        lease = stack.enter_context(hold(settings, "publish", "run 1"))
        conn = stack.enter_context(connect(settings))
        conn.execute(BUILT)
        ensure_rights(conn)
        yield Warehouse(settings, lease, conn)


def test_a_small_figure_is_withheld_and_so_is_what_would_give_it_away(warehouse: Warehouse) -> None:
    warehouse.night(A=10, B=3, C=0)
    assert warehouse.seen() == {"SN": 1300, "C": 0}
    assert warehouse.withheld() == {"A": ("too_few", None), "B": ("too_few", None)}
    owner = warehouse.conn.execute("select count(*) from bi.indicator_value").fetchone()
    assert owner == (12,)


def test_readers_see_the_figure_of_before_until_enough_have_come(warehouse: Warehouse) -> None:
    warehouse.night(A=10, B=7)
    assert warehouse.seen() == {"SN": 1700, "A": 1000, "B": 700}
    warehouse.night(A=10, B=8)
    assert warehouse.seen() == {"SN": 1700, "A": 1000, "B": 700}
    assert warehouse.withheld() == {"SN": ("change_too_small", 1), "B": ("change_too_small", 1)}
    warehouse.night(A=10, B=12)
    assert warehouse.seen() == {"SN": 2200, "A": 1000, "B": 1200}
    assert warehouse.withheld() == {}


def test_more_money_for_nobody_more_and_fewer_people_wait(warehouse: Warehouse) -> None:
    warehouse.night(A=10)
    warehouse.night(cny=50, A=10)
    assert warehouse.seen() == {"SN": 1000, "A": 1000}
    warehouse.night(A=4)
    assert warehouse.seen() == {"SN": 1000, "A": 1000}
    assert warehouse.withheld() == {"SN": ("change_too_small", 1), "A": ("change_too_small", 1)}
    warehouse.night(A=16)
    assert warehouse.seen() == {"SN": 1600, "A": 1600}


def test_a_figure_that_returns_to_what_readers_see_is_told_no_longer(warehouse: Warehouse) -> None:
    warehouse.night(A=10)
    warehouse.night(A=11)
    warehouse.night(A=10)
    assert warehouse.seen() == {"SN": 1000, "A": 1000}
    assert warehouse.withheld() == {}
