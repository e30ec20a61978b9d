"""Reminders and chasers: one message per person and day, each step of each answer once, and nobody who has answered."""

from __future__ import annotations

from datetime import date, timedelta

from tests.connectors.alerts.world import World

DUE = date(2021, 4, 10)


def reminders(world: World, channel_id: str) -> list[str]:
    return [
        message["content"]["title"]
        for message in world.messages(channel_id)
        if message["subject"].startswith("reminder")
    ]


def nights(world: World, first: int, last: int, *missed: int) -> None:
    for days in range(first, last + 1):
        if days not in missed:
            world.night(DUE + timedelta(days=days))


def test_an_answer_is_asked_for_step_by_step_and_once_each(world: World) -> None:
    world.owes("relief", "A0101", "2021-03", DUE, "awaited")
    nights(world, -5, 8)
    assert [title[3:13] for title in reminders(world, "li-group")] == [
        "2021-04-07", "2021-04-09", "2021-04-11", "2021-04-13", "2021-04-17",
    ]  # fmt: skip
    assert world.night(DUE + timedelta(days=8)).reminders == 0


def test_a_night_that_was_missed_is_made_up_for_by_the_next(world: World) -> None:
    world.owes("relief", "A0101", "2021-03", DUE, "awaited")
    nights(world, -5, 2, -3, -2, 1)
    assert [title[3:13] for title in reminders(world, "li-group")] == ["2021-04-09", "2021-04-12"]


def test_each_person_has_one_message_with_all_that_is_owed_and_units_without_a_contact_are_the_default_owners(
    world: World,
) -> None:
    for unit in ("A0101", "A0102", "A0201"):
        world.owes("relief", unit, "2021-03", DUE)
        world.owes("training", unit, "2021-03", DUE + timedelta(days=4), "awaited")
    assert world.night(DUE + timedelta(days=1)).reminders == 2
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
    world.night(DUE + timedelta(days=1))
    [said] = [m for m in world.sections("li-group") if "已逾期，请尽快报送" in m]
    assert said["已逾期，请尽快报送"] == ["A0102 A0102：《慰问救助台账》2021-03（逾期 1 天，已退回，请改正后重报）"]


def test_a_night_that_failed_asks_nobody(world: World) -> None:
    world.owes("relief", "A0101", "2021-03", DUE)
    assert world.night(DUE + timedelta(days=1), is_whole=False).reminders == 0
    assert world.night(DUE + timedelta(days=2)).reminders == 1
