"""A hostile world and a tired operator, at the real command line: damaged files, signals, a lost server, wrong places."""

from __future__ import annotations

import os
import signal
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest

from connectors.postgres import ensure_database, status, stop
from connectors.settings import Settings
from tests.conftest import of_database, settings_in
from tests.flows.conftest import Desk, Office, desk_in
from tests.night import inbox

NIGHT = inbox.NIGHT.isoformat()


def test_two_broken_files_are_refused_and_exactly_the_three_bad_rows_wait(office: Office) -> None:
    assert office.first_night.returncode == 1
    found = office.desk.call_json("findings")
    assert [(f["file"], f["code"], f["cell"], f["value"]) for f in found if f["severity"] != "warning"] == [
        ("说明.xlsx", "file.not_a_workbook", None, None),
        ("A0102_救助_3月.xlsx", "file.damaged", None, None),
        ("A0201_慰问_3月.xlsx", "value.not_a_number", "H7", "约2000"),
        ("A0201_慰问_3月.xlsx", "value.unknown_code", "B8", "送关怀"),
        ("A0201_慰问_3月.xlsx", "relief.beneficiary_unit_known", "D9", "Z9999"),
    ]
    assert all(f["what"] and f["fix"] for f in found)
    told = {s["object_name"]: s for s in office.desk.call_json("submissions")}
    good, bad = told["A0101_慰问_3月.xlsx"], told["A0201_慰问_3月.xlsx"]
    assert (good["rows_loaded"], good["rows_quarantined"]) == (2, 0)
    assert (bad["rows_loaded"], bad["rows_quarantined"]) == (1, 3)
    assert not told.keys() & {"说明.xlsx", "A0102_救助_3月.xlsx"}
    with closing(psycopg.connect(office.url)) as conn:
        waiting = conn.execute(
            "select unit_id, row_number from quarantine.submitted_row order by row_number"
        ).fetchall()
    assert waiting == [("A0201", 7), ("A0201", 8), ("A0201", 9)]


@pytest.mark.parametrize(("step", "told", "code"), [("take_in", signal.SIGINT, 130), ("build", signal.SIGTERM, 143)])
def test_a_run_that_is_told_to_stop_ends_in_order_and_is_marked_failed(
    step: str, told: signal.Signals, code: int, second_office: Desk
) -> None:
    with closing(psycopg.connect(second_office.environment["WAREHOUSE_URL"], autocommit=True)) as conn:
        conn.execute("delete from ops.dbt_build")
        conn.execute("delete from ops.delivery_outcome where outcome = 'unrecognised'")
    run = second_office.start("run", "--date", NIGHT)
    assert run.stderr is not None
    before = ""
    while f"step {step}" not in before:
        before += run.stderr.readline()
        assert run.poll() is None, before
    time.sleep(1)
    run.send_signal(told)
    out, err = run.communicate(timeout=60)
    assert run.returncode == code, err
    assert "已中断；再次运行会接着完成。" in err
    assert "Traceback" not in before + err
    assert "未完成" in out
    assert second_office.call_json("status")["last_run"]["run"]["status"] == "failed"


def test_a_run_that_never_began_shows_no_account_of_another(second_office: Desk, tmp_path: Path) -> None:
    failed = Desk(second_office.environment | {"WAREHOUSE_KEYS_DIR": str(tmp_path)}).call("run", "--date", NIGHT)
    assert failed.returncode == 3
    assert "密钥" in failed.stderr
    assert failed.stdout == ""


def test_a_run_whose_server_is_killed_while_it_builds_finds_it_again_and_ends_well(tmp_path: Path) -> None:
    home = tmp_path / "home"
    inbox.fill(tmp_path / "inbox")
    tmp_path.chmod(0o711)
    settings = settings_in(home)
    run = desk_in(home, WAREHOUSE_INBOX=str(tmp_path / "inbox")).start("run", "--date", NIGHT)
    try:
        assert run.stderr is not None
        before = ""
        while "step build" not in before:
            before += run.stderr.readline()
            assert run.poll() is None, before
        time.sleep(2)
        pid = status(settings).pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        out, err = run.communicate(timeout=120)
        assert run.returncode == 1, err
        assert "已发布第 1 期" in out
    finally:
        run.kill()
        stop(settings)


def test_two_first_runs_at_once_both_end_well(office: Office, cluster: Settings, tmp_path: Path) -> None:
    server, name = ensure_database(cluster), f"twice_{uuid4().hex}"
    with closing(psycopg.connect(server, autocommit=True)) as conn:
        conn.execute(f"create database {name} template template0 encoding 'UTF8'")
    desk = desk_in(tmp_path / "home", WAREHOUSE_URL=of_database(server, name), WAREHOUSE_INBOX=str(office.inbox))
    try:
        runs = [desk.start("run", "--date", NIGHT, "--json") for _ in range(2)]
        said = [run.communicate(timeout=240) for run in runs]
        assert sorted(run.returncode for run in runs) in ([0, 1], [1, 1]), said
    finally:
        with closing(psycopg.connect(server, autocommit=True)) as conn:
            conn.execute(f"drop database if exists {name} with (force)")
            conn.execute(f"drop database if exists {name}_prefect with (force)")


@pytest.mark.parametrize("arguments", [("run",), ("status",), ("submit", "README.md")], ids=lambda a: a[0])
def test_a_file_in_the_place_of_a_folder_is_named(arguments: tuple[str, ...], tmp_path: Path) -> None:
    wrong = tmp_path / "file"
    wrong.touch()
    failed = desk_in(wrong, WAREHOUSE_INBOX=str(wrong)).call(*arguments)
    assert failed.returncode == 3
    assert str(wrong) in failed.stderr
    assert "系统故障" not in failed.stderr


def test_a_role_without_rights_is_told_which_database_and_what_to_ask_for(cluster: Settings, tmp_path: Path) -> None:
    server, name = ensure_database(replace(cluster)), f"closed_{uuid4().hex}"
    with closing(psycopg.connect(server, autocommit=True)) as conn:
        conn.execute(f"create database {name}")
        conn.execute(f"revoke create on database {name} from current_user")
    prefect = f"sqlite+aiosqlite:///{tmp_path}/prefect.db"
    desk = desk_in(
        tmp_path / "home",
        WAREHOUSE_URL=of_database(server, name),
        WAREHOUSE_INBOX=str(tmp_path),
        PREFECT_API_DATABASE_CONNECTION_URL=prefect,
    )
    try:
        refused = desk.call("run", "--date", NIGHT)
    finally:
        with closing(psycopg.connect(server, autocommit=True)) as conn:
            conn.execute(f"drop database {name} with (force)")
    assert refused.returncode == 3
    assert "权限不足" in refused.stderr
    assert name in refused.stderr
    assert str(urlsplit(server).password) not in refused.stderr
