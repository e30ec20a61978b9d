"""Reminders and chasers: one message per person and day, each step of each answer once, and nobody who has answered."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import date, timedelta

import pytest

from connectors.settings import Settings
from connectors.warehouse.engine import connect
from expectations.workdays import is_workday
from tests.connectors.alerts.world import OWNERS, World

DUE = date(2021, 4, 10)


def reminders(world: World, channel_id: str) -> list[str]:
    return [
        message["content"]["title"]
        for message in world.messages(channel_id)
        if message["subject"].startswith("reminder")
    ]


def days(world: World, first: int, last: int, *missed: int) -> None:
    for number in range(first, last + 1):
        if number not in missed:
            world.remind(DUE + timedelta(days=number))


def test_an_answer_is_asked_for_step_by_step_and_once_each(world: World) -> None:
    world.owes("relief", "A0101", "2021-03", DUE, "awaited")
    days(world, -5, 8)
    assert [title[3:13] for title in reminders(world, "li-group")] == [
        "2021-04-07", "2021-04-09", "2021-04-11", "2021-04-13", "2021-04-17",
    ]  # fmt: skip
    assert world.remind(DUE + timedelta(days=8)) == 0


def test_a_day_that_was_missed_is_made_up_for_by_the_next(world: World) -> None:
    world.owes("relief", "A0101", "2021-03", DUE, "awaited")
    days(world, -5, 2, -3, -2, 1)
    assert [title[3:13] for title in reminders(world, "li-group")] == ["2021-04-09", "2021-04-12"]


def test_each_person_has_one_message_with_all_that_is_owed_and_units_without_a_contact_are_the_default_owners(
    world: World,
) -> None:
    for unit in ("A0101", "A0102", "A0201"):
        world.owes("relief", unit, "2021-03", DUE)
        world.owes("training", unit, "2021-03", DUE + timedelta(days=4), "awaited")
    assert world.remind(DUE + timedelta(days=1)) == 2
    [mine] = [m for m in world.sections("li-group") if "即将到期" in m]
    [other] = [m for m in world.sections("wang-group") if "即将到期" in m]
    assert [line[:5] for line in mine["已逾期，请尽快报送"]] == ["A0101", "A0102"]
    assert other == {
        "已逾期，请尽快报送": ["A0201 A0201：《慰问救助台账》2021-03（逾期 1 天）"],
        "即将到期": ["A0201 A0201：《培训台账》2021-03（04-14 到期）"],
    }


def test_who_has_answered_since_is_left_alone_and_who_was_refused_is_told_so(world: World) -> None:
    world.owes("relief", "A0101", "2021-03", DUE)
    world.owes("relief", "A0102", "2021-03", DUE)
    world.answer("relief", "A0102", "2021-03", refused={"form.no_rows": 1})
    world.answer("relief", "A0101", "2021-03")
    # As the release of the night before had it.
    world.conn.execute("update bi.completeness set accepted = false, state = 'overdue' where unit_id = 'A0101'")
    world.remind(DUE + timedelta(days=1))
    [said] = [m for m in world.sections("li-group") if "已逾期，请尽快报送" in m]
    assert said["已逾期，请尽快报送"] == ["A0102 A0102：《慰问救助台账》2021-03（逾期 1 天，已退回，请改正后重报）"]


@pytest.mark.parametrize(
    ("due", "asked"),
    [
        # A Sunday: the last reminder comes on the Friday before it, and the chaser on the Monday after it.
        (date(2021, 4, 18), ["2021-04-15", "2021-04-16", "2021-04-19", "2021-04-21"]),
        # In the middle of the holiday of May: before it, and on the first working day after it.
        (date(2021, 5, 3), ["2021-04-30", "2021-05-06"]),
    ],
)
def test_a_reminder_that_falls_on_days_off_comes_before_them_and_a_chaser_after(
    due: date, asked: list[str], world: World
) -> None:
    world.owes("relief", "A0101", "2021-03", due, "awaited")
    for number in range(-8, 4):
        if is_workday(day := due + timedelta(days=number)):
            world.remind(day)
    assert [title[3:13] for title in reminders(world, "li-group")] == asked


def test_a_person_is_asked_once_a_day_and_for_what_came_since_on_the_next(world: World) -> None:
    world.owes("relief", "A0101", "2021-03", DUE)
    assert [world.remind(DUE + timedelta(days=1)) for _ in range(3)] == [1, 0, 0]
    world.owes("training", "A0101", "2021-03", DUE)
    world.owners.write_text(OWNERS.replace("channels: [li-group]", "channels: [li-group, wang-group]"))
    assert world.remind(DUE + timedelta(days=1)) == 0, "neither again nor over a channel that is new"
    assert world.remind(DUE + timedelta(days=2)) == 1
    assert len(reminders(world, "li-group")) == 2


def test_two_who_ask_at_once_ask_once(world: World, settings: Settings) -> None:
    for unit in ("A0101", "A0102", "A0201"):
        world.owes("relief", unit, "2021-03", DUE)
    with ExitStack() as opened:
        conns = [opened.enter_context(connect(settings)) for _ in range(4)]
        with ThreadPoolExecutor(4) as pool:
            asked = list(pool.map(lambda conn: world.remind(DUE + timedelta(days=1), conn), conns))
    assert sum(asked) == 2
    assert (len(reminders(world, "li-group")), len(reminders(world, "wang-group"))) == (1, 1)


def test_a_night_asks_nobody(world: World) -> None:
    world.owes("relief", "A0101", "2021-03", DUE)
    world.night(DUE + timedelta(days=1))
    assert reminders(world, "li-group") == []
