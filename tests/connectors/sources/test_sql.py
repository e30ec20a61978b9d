"""A database as a source: its rows become workbooks once, it is only read, and what it says is not told on."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.connectors.sources.bench import Bench
from tests.connectors.workbooks.filled import read
from tests.night.inbox import relief_row


@pytest.fixture
def other(empty_database: str, bench: Bench) -> str:
    """Another system's database, with relief lines of two units; its URL is in a file beside sources.yaml."""
    rows = [relief_row(cash_cny="5000.25"), relief_row(cash_cny="6000"), relief_row(beneficiary_unit="A0102")]
    with closing(psycopg.connect(empty_database)) as conn:
        conn.execute(
            "create table relief (unit text, period text, campaign text, beneficiary_group text, beneficiary_unit text,"
            " funding_level text, money_flow text, persons int, cash_cny numeric(12, 2), goods_cny numeric(12, 2), given_on date)"
        )
        for unit, row in zip(("A0101", "A0101", "A0102"), rows, strict=True):
            conn.execute(
                f"insert into relief (unit, period, {', '.join(row)}) values ({', '.join(['%s'] * (len(row) + 2))})",
                [unit, "2021-03", *row.values()],
            )
        conn.commit()
    return empty_database


def declared(bench: Bench, url: str, **changes: Any) -> Path:
    mapping = {
        "form": "relief", "unit": {"column": "unit"}, "period": {"column": "period"},
        "columns": {name: name for name in relief_row()},
    }  # fmt: skip
    path = bench.declare(
        {
            "id": "hr", "kind": "sql", "database": {"file": "url.txt"}, "query": "select * from relief order by random()",
            "mapping": mapping, "deadline_seconds": 60, "retries": 0,
        } | changes
    )  # fmt: skip
    path.with_name("url.txt").write_text(url)
    return path


def test_rows_become_a_workbook_a_unit_once(bench: Bench, other: str) -> None:
    declared(bench, other)
    first = bench.look()["hr"]
    assert (first.outcome, first.received) == ("good", 2), first
    found = bench.delivered("hr")
    assert sorted(found) == ["relief_A0101_2021-03.xlsx", "relief_A0102_2021-03.xlsx"]
    batch = read(found["relief_A0101_2021-03.xlsx"])
    assert sorted(str(row["cash_cny"]) for row in batch.rows["relief"].to_dicts()) == ["5000.25", "6000.00"]
    again = bench.look()["hr"]
    assert (again.received, again.unchanged) == (0, 2)
    with closing(psycopg.connect(other, autocommit=True)) as conn:
        conn.execute("update relief set persons = 11 where unit = 'A0102'")
    assert bench.look()["hr"].received == 1


def test_a_query_that_writes_is_not_run(bench: Bench, other: str) -> None:
    for query in ("delete from relief returning *", "select relief.*, lo_create(0) from relief"):
        declared(bench, other, query=query)
        shut = bench.look()["hr"]
        assert shut.outcome == "shut"
    assert "没有执行" in str(shut.error_zh)
    with closing(psycopg.connect(other)) as conn:
        assert conn.execute("select count(*) from relief").fetchone() == (3,)


def test_a_query_that_does_not_end_is_stopped(bench: Bench, other: str) -> None:
    declared(bench, other, query="select *, pg_sleep(60) from relief", statement_seconds=1)
    assert bench.look()["hr"].outcome == "broken"
    with closing(psycopg.connect(other)) as conn:
        left = conn.execute(
            "select count(*) from pg_stat_activity where application_name = 'warehouse source'"
        ).fetchone()
    assert left == (0,)


def test_a_server_that_goes_away_takes_nothing(bench: Bench, other: str) -> None:
    kill = "select pg_terminate_backend(pg_backend_pid())"
    declared(
        bench, other, query=f"select *, case when unit = 'A0102' then ({kill}) end from relief order by unit", retries=1
    )
    broken = bench.look()["hr"]
    assert (broken.outcome, broken.attempts, broken.received) == ("broken", 2, 0)
    assert bench.delivered("hr") == {}
    declared(bench, other)
    assert bench.look()["hr"].received == 2


@pytest.mark.parametrize("query", ["select 欧阳测试 from relief", "select unit, period from relief"])
def test_a_wrong_query_is_told_without_what_the_server_says(bench: Bench, other: str, query: str) -> None:
    declared(bench, other, query=query, retries=2)
    shut = bench.look()["hr"]
    assert (shut.outcome, shut.attempts) == ("shut", 1)
    assert "欧阳测试" not in str(shut.error_zh)


def test_a_database_that_does_not_let_us_in_is_told_without_the_password(bench: Bench, other: str) -> None:
    parts = urlsplit(other)
    declared(bench, f"postgresql://nobody:hush@127.0.0.1:9{parts.path}")
    broken = bench.look()["hr"]
    assert broken.outcome == "broken"
    assert "hush" not in f"{broken.error_zh}{broken.error_en}"
