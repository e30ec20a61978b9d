"""The command line itself: quick, lazy, in the language asked for, and ending with the right exit code."""

from __future__ import annotations

import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from flows.command import COMMANDS, answer
from flows.speech import SpokenCommand, SpokenOption
from tests.flows.conftest import ROOT, Desk, desk_in

HEAVY = (
    "polars",
    "pandas",
    "prefect",
    "great_expectations",
    "dbt",
    "sqlalchemy",
    "psycopg",
    "open_data_contract_standard",
)
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def cpu_seconds_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_help_is_quick_and_imports_nothing_heavy() -> None:
    code = (
        "import sys; from flows.command import answer; answer(['--help']);"
        f"print([m for m in {HEAVY} if m in sys.modules], file=sys.stderr)"
    )
    before = cpu_seconds_of_children()
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert all(name in done.stdout for name in COMMANDS)
    # Processor time, because another test may have the other core; a quiet machine answers in the same wall time.
    assert cpu_seconds_of_children() - before < 0.5


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_helps_in_both_languages(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer([name, "--help"]) == 0
    chinese = capsys.readouterr().out
    assert "用法：" in chinese
    assert "显示本帮助" in chinese
    assert answer([name, "--help", "--lang", "en"]) == 0
    english = capsys.readouterr().out
    assert english.startswith("Usage:")
    assert not CHINESE.search(english)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_has_words_in_both_languages(name: str) -> None:
    module = __import__(f"flows.commands.{name}", fromlist=["command_line"])
    commands = [module.command_line, *getattr(module.command_line, "commands", {}).values()]
    for command in commands:
        assert isinstance(command, SpokenCommand)
        options = [p for p in command.params if p.param_type_name == "option"]
        assert options
        for option in options:
            assert isinstance(option, SpokenOption)
            assert CHINESE.search(option.zh)
            assert not CHINESE.search(option.en)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["runn"], "没有命令 runn。"),
        (["run", "--dat", "2022-01-31"], "没有选项 --dat。是否想用 --date？"),
        (["run", "--date", "gestern"], "选项 --date 的值不对。应为日期，如 2022-01-31。"),
        (["explain"], "缺少参数 INDICATOR。"),
        (["explain", "relief_paid"], "缺少选项 --period。"),
        (["findings", "--severity", "bad"], "没有程度 bad。可以是：critical、error、warning、info。"),
        (["findings", "--form", "relif"], "没有报表 relif。可以是："),
        (["submissions", "--state", "gone"], "没有状态 gone。"),
        (["submissions", "--period", "2021-13"], "“2021-13”不是期间。"),
        (["submissions", "--limit", "x"], "选项 --limit 的值不对。应为整数。"),
        (["template", "relief", "--unit", "A0101", "--period", "2021", "-o", "x.xlsx"], "《慰问救助台账》是月报"),
        (["check", "/nowhere/at/all.xlsx"], "没有这个文件或文件夹"),
        (["status", "--lang", "fr"], "可以是：zh、en。"),
        (["status", "twice"], "多余的参数：twice。"),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_told_in_chinese(
    arguments: list[str],
    sentence: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("WAREHOUSE_HOME", str(tmp_path))
    assert answer(arguments) == 2
    said = capsys.readouterr()
    assert sentence in said.err
    assert "--help" in said.err
    assert said.out == ""


def test_a_wrong_setting_is_wrong_usage(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAREHOUSE_CHUNK_SIZE", "many")
    assert answer(["status"]) == 2
    assert "WAREHOUSE_CHUNK_SIZE" in capsys.readouterr().err


def test_asking_an_empty_warehouse_makes_none(empty_desk: Desk) -> None:
    asked = empty_desk.call("submissions")
    assert asked.returncode == 2
    assert "仓库还没有数据" in asked.stderr
    assert not Path(empty_desk.environment["WAREHOUSE_HOME"]).exists()


def test_our_failure_is_one_sentence_and_a_traceback_only_when_asked_for(tmp_path: Path) -> None:
    desk = desk_in(tmp_path, WAREHOUSE_URL="postgresql://nobody:geheim@127.0.0.1:9/union")
    failed = desk.call("submissions")
    assert failed.returncode == 3
    assert "无法连接数据库" in failed.stderr
    assert len(failed.stderr.strip().splitlines()) == 1
    debugged = desk.call("submissions", "--debug", "--lang", "en")
    assert debugged.returncode == 3
    assert "Traceback" in debugged.stderr
    assert "Cannot connect to the database" in debugged.stderr
    assert "geheim" not in failed.stderr + debugged.stderr
