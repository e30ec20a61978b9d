"""A build of dbt inside this process: quiet, repeatable, and red when a test fails."""

from __future__ import annotations

import os
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import connectors.dbt
from connectors.dbt import BuildResult, build, read_project, run_dbt
from connectors.errors import BuildFailed
from connectors.settings import PROJECT_FOLDER, Settings
from connectors.warehouse.build_inputs import files_digest
from connectors.warehouse.engine import connect
from tests.dbt.small_year import NIGHT, put_small_year

UNIT_TESTS = 45
"""How many dbt unit tests there are at least; a selection that finds none must not pass for success."""


def test_a_build_of_good_data_passes_and_is_recorded(built: tuple[Settings, BuildResult]) -> None:
    settings, result = built
    assert result.failures == ()
    assert result.passed
    with connect(settings) as conn:
        rows = conn.execute(
            "select run_id, business_date, passed, finished_at is not null from ops.dbt_build order by build_id"
        ).fetchall()
    assert rows == [(1, NIGHT, True, True)]


def test_every_dbt_unit_test_passes(built: tuple[Settings, BuildResult]) -> None:
    results = run_dbt(built[0], "test", "--select", "test_type:unit")
    assert {r.node.name: r.message for r in results if str(r.status) != "pass"} == {}
    assert len(results) >= UNIT_TESTS


def test_a_failing_test_is_named_and_recorded_and_nothing_is_printed_or_left_behind(
    settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    put_small_year(settings)
    with connect(settings) as conn:
        conn.execute("update ops.submission set rows_read = rows_read + 1 where form_id = 'hardship_aid'")
    before = dict(os.environ)
    result = build(settings, 7, NIGHT, 1, "inputs")
    assert not result.passed
    assert result.failures == ("accepted_submissions_account_for_every_row",)
    assert capfd.readouterr() == ("", "")
    assert dict(os.environ) == before
    with connect(settings) as conn:
        assert conn.execute("select passed from ops.dbt_build").fetchall() == [(False,)]
    written = {path.relative_to(settings.home).parts[0] for path in settings.home.rglob("*") if path.is_file()}
    assert written == {"dbt_target", "logs"}


def test_the_password_of_the_database_is_in_no_file_that_dbt_writes(built: tuple[Settings, BuildResult]) -> None:
    from psycopg.conninfo import conninfo_to_dict

    settings = built[0]
    secret = str(conninfo_to_dict(settings.url or "")["password"])
    files = [path for path in settings.home.rglob("*") if path.is_file()]
    assert files
    assert [path for path in files if secret.encode() in path.read_bytes()] == []


def test_a_project_that_cannot_be_read_is_our_failure(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dbt_project.yml").write_text("name: [broken")
    monkeypatch.setattr(Settings, "dbt_project_dir", property(lambda _: tmp_path))
    with pytest.raises(BuildFailed, match=r"dbt\.log"):
        build(settings, 1, date(2021, 7, 31), 1, "inputs")


def test_what_dbt_remembers_of_a_project_is_taken_only_while_no_file_has_changed(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, asked = tmp_path / "project", list[str]()
    shutil.copytree(PROJECT_FOLDER / "dbt_project", project)
    monkeypatch.setattr(Settings, "dbt_project_dir", property(lambda _: project))

    def invoke(runner: Any, place: Settings, command: str, *arguments: str) -> Any:
        asked.extend(arguments)
        return invoke_dbt(runner, place, command, *arguments)

    invoke_dbt = connectors.dbt._invoke
    monkeypatch.setattr(connectors.dbt, "_invoke", invoke)

    def read() -> dict[str, str]:
        """As another process would: the unrendered text of each node by its name."""
        connectors.dbt._kept.clear()
        files_digest.cache_clear()
        return {name: str(getattr(node, "raw_code", "")) for name, node in read_project(settings).nodes.items()}

    first = read()
    assert read() == first
    new = project / "models" / "intermediate" / "int_new.sql"
    new.write_text("select 1 as a")
    assert read().items() - first.items() == {("model.union_warehouse.int_new", "select 1 as a")}
    new.unlink()
    assert read() == first
    assert asked == ["--no-partial-parse", "--partial-parse", "--no-partial-parse", "--no-partial-parse"]


def test_dbt_writes_nothing_beside_its_project(built: tuple[Settings, BuildResult]) -> None:
    project = PROJECT_FOLDER / "dbt_project"
    assert not [name for name in ("target", "logs", "dbt_packages", ".user.yml") if (project / name).exists()]
