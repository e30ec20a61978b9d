"""`warehouse doctor`: each fault is planted, found, and told with its remedy; a sound installation has nothing to mend."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.settings import Settings, load_settings
from flows.doctor import Check, Grade, Verdict, examine, grade_of, machine, warehouse
from flows.schedule import now
from flows.watching.records import record_backup
from tests.conftest import settings_in
from tests.farm import Farm
from tests.flows.conftest import Desk, Office


@pytest.fixture
def sound(office: Office, tmp_path: Path) -> Settings:
    """The office with a copy of its home, which a test may break; its ports are free ones."""
    settings = load_settings(office.desk.environment)
    shutil.copytree(settings.home, tmp_path / "home", ignore=shutil.ignore_patterns("prefect", "postgres"))
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        ports = one.getsockname()[1], two.getsockname()[1]
    home = tmp_path / "home"
    return replace(settings, home=home, keys_dir=home / "keys", prefect_port=ports[0], health_port=ports[1])


def worst(settings: Settings, check: Check) -> Verdict:
    verdicts = list(examine(settings, [check]))
    return max(verdicts, key=lambda v: list(Grade).index(v.grade))


def test_a_sound_installation_has_nothing_to_mend(sound: Settings) -> None:
    found = [v for v in examine(sound) if v.grade is Grade.BROKEN and v.check != "disks"]
    assert found == []
    names = {v.check for v in examine(sound)}
    assert names >= {
        "disks",
        "clock",
        "fonts",
        "packages",
        "holidays",
        "ports",
        "database",
        "migrations",
        "leases",
        "keys",
    }


def test_the_command_tells_a_table_and_json_and_ends_with_1_where_something_is_broken(
    office: Office, tmp_path: Path
) -> None:
    inbox = tmp_path / "inbox"
    inbox.write_text("a file")
    desk = Desk(office.desk.environment | {"WAREHOUSE_INBOX": str(inbox)})
    told = desk.call("doctor")
    assert told.returncode == 1, told.stderr
    assert f"收件文件夹 {inbox}" in told.stdout
    assert "修复：" in told.stdout
    facts = json.loads(desk.call("doctor", "--json").stdout)
    assert facts["grade"] == "broken"
    assert all(v["mend_zh"] for v in facts["verdicts"] if v["grade"] != "good")


def test_an_empty_home_is_no_fault_and_nothing_is_made_in_it(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "home")
    graded = {v.check: v.grade for v in examine(settings, [warehouse.database, warehouse.keys, warehouse.folders])}
    assert set(graded.values()) == {Grade.GOOD}
    assert not settings.home.exists()


def test_a_key_that_others_may_read_is_told(sound: Settings) -> None:
    (sound.keys_dir / "token.key").chmod(0o644)
    assert "0644" in worst(sound, warehouse.keys).what_zh
    found = worst(sound, warehouse.secrets)
    assert (found.grade, found.mend_en) == (Grade.BROKEN, f"chmod 600 {sound.keys_dir / 'token.key'}")


def test_a_key_that_is_gone_is_told(sound: Settings) -> None:
    (sound.keys_dir / "token.key").unlink()
    assert worst(sound, warehouse.keys).grade is Grade.BROKEN


def test_a_port_that_somebody_else_has_is_told(sound: Settings) -> None:
    with socket.create_server(("127.0.0.1", sound.prefect_port)):
        assert worst(sound, machine.ports).grade is Grade.BROKEN
    assert worst(sound, machine.ports).grade is Grade.GOOD


def test_a_database_that_is_dead_or_newer_than_the_program_is_told(
    sound: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert worst(sound, warehouse.migrations).grade is Grade.GOOD
    monkeypatch.setattr("connectors.warehouse.migrations.version_in", lambda _conn: "9999")
    assert worst(sound, warehouse.migrations).grade is Grade.BROKEN
    dead = replace(sound, url="postgresql://u:secret@127.0.0.1:1/w")
    assert worst(dead, warehouse.database).grade is Grade.BROKEN
    assert "secret" not in worst(dead, warehouse.database).what_zh


def test_a_scheduler_that_does_not_answer_is_told(sound: Settings, farm: Farm, monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(warehouse.workers(sound)) == []
    told = worst(farm.settings(sound), warehouse.workers)
    assert (told.grade, told.what_en.split(", ")[1]) == (Grade.GOOD, "2 workers")
    monkeypatch.setattr("connectors.dask.workers.CONNECT_SECONDS", 1)
    gone = worst(replace(sound, dask_scheduler="tcp://127.0.0.1:1"), warehouse.workers)
    assert (gone.grade, "warehouse dask scheduler" in gone.what_en) == (Grade.BROKEN, True)


def test_a_clock_that_is_wrong_is_told(sound: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert worst(sound, machine.clock).grade is Grade.GOOD
    monkeypatch.setattr(machine, "now", lambda: now() + timedelta(minutes=5))
    assert "+300 s" in worst(sound, machine.clock).what_zh


def test_a_package_in_another_version_than_the_lock_is_told(
    sound: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert worst(sound, machine.packages).grade is Grade.GOOD
    (tmp_path / "requirements.lock").write_text("click==0.0.1 \\\n    --hash=sha256:00\n")
    monkeypatch.setattr(machine, "PROJECT_FOLDER", tmp_path)
    assert "click" in worst(sound, machine.packages).what_en


def test_holidays_that_end_soon_or_have_ended_are_told(sound: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    known = now().replace(year=2024, month=6, day=1)
    for days, grade in ((0, Grade.GOOD), (200, Grade.ADVICE), (900, Grade.BROKEN)):
        monkeypatch.setattr(machine, "now", lambda at=known + timedelta(days=days): at)
        monkeypatch.setattr("chinese_calendar.is_workday", _known_until_2024)
        assert worst(sound, machine.holidays).grade is grade


def _known_until_2024(day: object) -> bool:
    if getattr(day, "year", 0) > 2024:
        raise NotImplementedError
    return True


@pytest.mark.parametrize(("days", "grade"), [(0, Grade.GOOD), (8, Grade.ADVICE)])
def test_a_backup_that_is_old_is_told(
    sound: Settings, tmp_path: Path, days: int, grade: Grade, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert worst(sound, warehouse.backups).grade is Grade.ADVICE
    place = tmp_path / "one.backup"
    place.touch()
    record_backup(sound, place)
    monkeypatch.setattr(warehouse, "now", lambda: now() + timedelta(days=days))
    assert worst(sound, warehouse.backups).grade is grade
    place.unlink()
    assert worst(sound, warehouse.backups).grade is Grade.BROKEN


def test_a_check_that_breaks_is_a_verdict_and_keeps_none_of_the_others_from_being_asked(sound: Settings) -> None:
    def broken(_settings: Settings) -> Iterator[Verdict]:
        raise ZeroDivisionError
        yield

    found = list(examine(sound, [broken, machine.time_zone]))
    assert [v.grade for v in found] == [Grade.BROKEN, Grade.GOOD]
    assert "ZeroDivisionError" in found[0].what_zh
    assert grade_of(found) is Grade.BROKEN
