"""Who is asked, when, and why nobody is: the rules of the timetable, and the same by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone

import pytest

from connectors.settings import Settings
from connectors.warehouse.engine import connect
from flows import staff
from flows.night import today
from flows.reminding import is_time
from flows.schedule import SHANGHAI
from tests.connectors.alerts.world import OWNERS, World
from tests.connectors.channels.servers import bot
from tests.connectors.warehouse.desk import call

Call = Callable[..., tuple[int, str]]


@pytest.fixture
def world(settings: Settings) -> Iterator[World]:
    """Two units that owe an answer since yesterday, of a contact each."""
    settings.home.mkdir(parents=True, exist_ok=True)
    settings.owners_file.write_text(OWNERS)
    with connect(settings) as conn:
        world = World(conn, settings.owners_file).begin()
        for unit in ("A0101", "A0201"):
            world.owes("relief", unit, "2021-03", today() - timedelta(days=1))
        yield world


@pytest.fixture
def warehouse(
    settings: Settings, world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    monkeypatch.setenv("WAREHOUSE_OWNERS", str(world.owners))

    def run(*arguments: str) -> tuple[int, str]:
        code = call(settings, monkeypatch, "alerts", *arguments)
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


def night_ended(world: World, status: str, days_ago: int = 0) -> None:
    world.conn.execute(
        "insert into ops.run (kind, business_date, status, started_at, finished_at) values ('night', %s, %s, now(), now())",
        (today() - timedelta(days=days_ago), status),
    )


def test_nobody_is_asked_before_the_night_of_the_day_has_come_to_its_end(world: World, settings: Settings) -> None:
    assert staff.remind(world.conn, settings, today()).why_nobody == "no_night"
    night_ended(world, "succeeded", days_ago=1)
    night_ended(world, "failed")
    assert staff.remind(world.conn, settings, today()).why_nobody == "no_night"
    assert world.messages() == []
    night_ended(world, "data_problems")
    assert staff.remind(world.conn, settings, today()).people == 2
    assert staff.remind(world.conn, settings, today()).people == 0


def test_by_hand_it_is_written_sent_and_told_and_once_a_day(warehouse: Call, world: World, settings: Settings) -> None:
    code, said = warehouse("remind")
    assert (code, "夜间流程还没有完成" in said) == (1, True)
    night_ended(world, "succeeded")
    with bot("wecom") as li, bot("feishu") as wang:
        (settings.home / "li.url").write_text(li.url)
        (settings.home / "wang.url").write_text(wang.url)
        code, said = warehouse("remind", "--json")
        assert (code, json.loads(said)["reminded"]["people"], json.loads(said)["sent"]) == (0, 2, 2)
        assert warehouse("remind") == (0, "没有要催的，或今天都已催过。\n")
        assert [len(li.taken), len(wang.taken)] == [1, 1]
        assert "逾期 1 天" in li.taken[0].text


@pytest.mark.parametrize("zone_hours", [8, 0, -5])
@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ("2021-04-16 08:59:59", False),
        ("2021-04-16 09:00:00", True),
        ("2021-04-16 17:59:59", True),
        ("2021-04-16 18:00:00", False),
        ("2021-04-17 09:00:00", False),
        ("2021-05-04 09:00:00", False),
        # A Saturday that is worked for the holiday, and a year whose holidays are not known yet.
        ("2021-05-08 09:00:00", True),
        ("2093-04-16 09:00:00", True),
        ("2093-04-18 09:00:00", False),
    ],
)
def test_the_timetable_asks_on_working_days_by_day_as_they_are_in_shanghai(
    there: str, expected: bool, zone_hours: int
) -> None:
    moment = datetime.fromisoformat(there).replace(tzinfo=SHANGHAI)
    assert is_time(moment.astimezone(timezone(timedelta(hours=zone_hours)))) is expected
