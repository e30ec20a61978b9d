"""When nights are due, and which are to be started: plain values, wherever the machine stands."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from prefect.schedules import Cron

from flows.attempts import AFTER_CRASH, AFTER_FAILURE, Attempt, Due, How, nights_to_start
from flows.schedule import CRON, DUE_AT, SHANGHAI, ZONE, business_date_of, due_between, last_due, next_due

DUE = datetime(2021, 4, 20, 2, tzinfo=SHANGHAI)
DAY = DUE.date()


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Shanghai", "Pacific/Kiritimati"])
@pytest.mark.parametrize(
    ("there", "due"),
    [
        ("2021-04-20 01:59:59", "2021-04-19"),
        ("2021-04-20 02:00:00", "2021-04-20"),
        ("2022-01-01 01:00:00", "2021-12-31"),
        ("2022-01-01 03:00:00", "2022-01-01"),
        ("2024-02-29 02:00:01", "2024-02-29"),
    ],
)
def test_the_last_night_due_is_that_of_shanghai_wherever_the_machine_stands(zone: str, there: str, due: str) -> None:
    moment = datetime.fromisoformat(there).replace(tzinfo=SHANGHAI).astimezone(ZoneInfo(zone))
    assert last_due(moment).date() == date.fromisoformat(due)
    assert next_due(moment) - last_due(moment) == timedelta(days=1)
    assert business_date_of(last_due(moment).astimezone(UTC)) == date.fromisoformat(due)


def test_the_cron_line_says_the_same_hour() -> None:
    assert f"{DUE_AT.minute} {DUE_AT.hour} * * *" == CRON
    assert str(SHANGHAI) == ZONE
    assert Cron(CRON, timezone=ZONE).cron == CRON


def test_the_nights_between_two_moments_are_named_in_order_and_not_without_end() -> None:
    assert due_between(DUE - timedelta(days=2), DUE) == [DAY - timedelta(days=1), DAY]
    assert due_between(DUE, DUE) == []
    assert due_between(DUE - timedelta(days=400), DUE)[-1] == DAY
    assert len(due_between(DUE - timedelta(days=400), DUE)) == 31


def _never(_day: date, _since: datetime) -> bool:
    return False


def _attempt(how: How, *, minutes_ago: int = 1, day: date = DAY) -> Attempt:
    ended = DUE + timedelta(hours=1) - timedelta(minutes=minutes_ago)
    return Attempt(day, how, DUE + timedelta(minutes=1), None if how == "active" else ended)


NOW = DUE + timedelta(hours=1)


def test_a_night_that_did_not_begin_is_started_with_its_own_date_and_names_those_missed_before_it() -> None:
    missed = [DAY - timedelta(days=2), DAY - timedelta(days=1)]
    [wanted] = nights_to_start([], Due(DUE, missed), _never, NOW + timedelta(hours=7))
    assert wanted.business_date == DAY
    assert "2021-04-18、2021-04-19" in wanted.zh
    assert "2021-04-20 02:00" in wanted.zh


@pytest.mark.parametrize("how", ["active", "completed", "cancelled"])
def test_a_night_that_runs_or_ended_or_that_a_person_cancelled_is_left_alone(how: How) -> None:
    assert nights_to_start([_attempt(how)], Due(DUE, []), _never, NOW) == []


def test_what_the_ledger_knows_to_be_done_is_not_started() -> None:
    assert nights_to_start([_attempt("crashed")], Due(DUE, []), lambda *_: True, NOW) == []


def test_a_killed_night_is_tried_again_at_once_and_then_after_growing_pauses_and_not_for_ever() -> None:
    assert nights_to_start([_attempt("crashed", minutes_ago=0)], Due(DUE, []), _never, NOW)
    twice = [_attempt("crashed", minutes_ago=0)] * 2
    assert not nights_to_start(twice, Due(DUE, []), _never, NOW)
    assert nights_to_start(twice, Due(DUE, []), _never, NOW + AFTER_CRASH[1])
    for_ever = [_attempt("crashed")] * (len(AFTER_CRASH) + 1)
    assert not nights_to_start(for_ever, Due(DUE, []), _never, NOW + timedelta(hours=5))


def test_a_due_night_that_failed_is_tried_again_later_and_one_started_by_hand_is_not() -> None:
    failed = [_attempt("failed", minutes_ago=0)]
    assert not nights_to_start(failed, Due(DUE, []), _never, NOW)
    assert nights_to_start(failed, Due(DUE, []), _never, NOW + AFTER_FAILURE[0])
    by_hand = [_attempt("failed", day=date(2021, 3, 1))]
    assert not nights_to_start(by_hand, None, _never, NOW + AFTER_FAILURE[0])


def test_a_night_by_hand_that_was_killed_is_gone_on_with_for_a_day() -> None:
    killed = [_attempt("crashed", day=date(2021, 3, 1))]
    [wanted] = nights_to_start(killed, None, _never, NOW)
    assert wanted.business_date == date(2021, 3, 1)
    assert not nights_to_start(killed, None, _never, NOW + timedelta(days=2))
    at_work = [*killed, _attempt("active", day=date(2021, 3, 1))]
    assert not nights_to_start(at_work, None, _never, NOW)


def test_a_killed_night_that_a_newer_one_has_overtaken_is_not_published_after_it() -> None:
    killed = Attempt(DAY - timedelta(days=1), "crashed", DUE - timedelta(days=1), DUE - timedelta(hours=23, minutes=50))
    [wanted] = nights_to_start([killed], Due(DUE, [killed.business_date]), _never, NOW)
    assert wanted.business_date == DAY
    newer = Attempt(DAY, "active", DUE)
    assert nights_to_start([killed, newer], None, _never, DUE + timedelta(seconds=1)) == []
    # What somebody started by hand for an older date after the night was done is gone on with.
    done, by_hand = Attempt(DAY, "completed", DUE, DUE), Attempt(date(2021, 3, 1), "crashed", NOW, NOW)
    assert [w.business_date for w in nights_to_start([done, by_hand], Due(DUE, []), _never, NOW)] == [date(2021, 3, 1)]
