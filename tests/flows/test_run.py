"""`warehouse run`, with Prefect around it: what it says, how it ends, and what it leaves in Prefect."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import psycopg

from flows.moments import STEPS
from tests.flows.conftest import Desk, Office, prefect_of
from tests.night import inbox

NIGHT = inbox.NIGHT.isoformat()


def test_a_run_with_data_problems_ends_with_1_and_an_account_that_adds_up(office: Office) -> None:
    said = office.first_night
    assert said.returncode == 1, said.stderr
    assert "收到 13  = 新报送 10（接收 10，退回 0）+ 重复 1 + 无法识别 2" in said.stdout
    assert "账目相符。" in said.stdout
    assert "文件《说明.xlsx》：" in said.stdout
    assert "1 行待更正" in said.stdout
    assert "已发布第 1 期" in said.stdout
    report = Path(said.stdout.split("年度报告：")[1].splitlines()[0])
    assert report.read_text(encoding="utf-8").startswith("<!")


def test_a_run_tells_its_steps_in_plain_lines_where_no_terminal_is(office: Office) -> None:
    begun = [line.split()[1] for line in office.first_night.stderr.splitlines() if " done " not in line]
    assert list(dict.fromkeys(begun)) == list(STEPS)
    assert all(line.startswith("step ") for line in office.first_night.stderr.splitlines())


def test_prefect_keeps_the_run_its_steps_and_readable_artifacts_and_no_row(office: Office) -> None:
    with closing(psycopg.connect(prefect_of(office.url))) as conn:
        (run,) = conn.execute("select id, name, state_type::text from flow_run order by created limit 1").fetchall()
        assert run[1:] == (f"night {NIGHT}", "COMPLETED")
        tasks = conn.execute("select name from task_run where flow_run_id = %s order by start_time", run[:1])
        assert [n for (n,) in tasks] == [
            *("collect inbox", "take in 1 of 1", "calendar", "cross check", "build", "publish", "reply", "alert")
        ]
        found = conn.execute("select key, data #>> '{}' from artifact where flow_run_id = %s", run[:1])
        artifacts: dict[str, str] = dict(found.fetchall())
        assert "账目相符。" in artifacts["night-account"]
        assert "送温暖慰问金" in artifacts["published-comparison"]
        assert set(artifacts) == {"night-account", "published-comparison", "report"}
        tables = conn.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
        for (table,) in tables:
            text = " ".join(str(row) for row in conn.execute(f'select t::text from "{table}" t'))
            assert inbox.WORKER_NAME not in text, table
            assert inbox.PERSON not in text, table


def test_a_second_run_loads_nothing_and_ends_with_0(second_office: Desk) -> None:
    told = second_office.call("run", "--date", NIGHT, "--json")
    assert told.returncode == 0, told.stderr
    facts = json.loads(told.stdout)
    assert facts["run"]["account"]["received"] == 0
    assert not facts["is_new_release"]
    assert facts["rows_waiting_in_all"] == 3
    assert Path(facts["report"]).exists()


def test_a_failed_check_ends_with_3_names_the_check_and_keeps_the_release(second_office: Desk) -> None:
    with closing(psycopg.connect(second_office.environment["WAREHOUSE_URL"], autocommit=True)) as conn:
        # A build of another program is one of everything, and looks at what changed past the ledger too.
        conn.execute("update ops.dbt_build set inputs = 'of another night', foundation = 'of another program'")
        # What no workbook could bring past the judgement: more employees covered than there are.
        conn.execute("update landing.unit_profile set contract_covered_employees = employees * 2")
    failed = second_office.call("run", "--date", NIGHT)
    assert failed.returncode == 3
    assert "指标未通过检验，没有发布" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert "未完成" in failed.stdout
    assert [r["release_id"] for r in second_office.call_json("release", "list")] == [1]
    with closing(psycopg.connect(second_office.environment["WAREHOUSE_URL"])) as conn:
        assert conn.execute("select status from ops.run order by run_id desc limit 1").fetchone() == ("failed",)
    with closing(psycopg.connect(prefect_of(second_office.environment["WAREHOUSE_URL"]))) as conn:
        states = conn.execute("select state_type::text from flow_run order by created").fetchall()
        assert states[-1] == ("FAILED",)
