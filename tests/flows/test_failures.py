"""What an unforeseen error may tell: its kind and place; never its words, which may quote a row."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import date

import psycopg
import pytest

from connectors.errors import DatabaseUnreachable
from connectors.settings import Settings
from flows.failures import (
    AccountUnbalanced,
    ChecksFailed,
    NoRegister,
    NothingYet,
    PortTaken,
    SchedulerWontStart,
    ServiceStopped,
    StepFailed,
    heals,
)
from flows.moments import Moment
from flows.night_steps import Night, last_ended_month_year

SECRET = "欧阳测试 610199198001010010"


def night_that_fails(settings: Settings, error: Exception, seen: list[Moment]) -> StepFailed:
    """What a night raises when one of its steps raises this error."""
    night = Night(settings, date(2021, 4, 20), seen.append)
    with pytest.raises(StepFailed) as caught, night._told("take_in", "2/5"):
        raise error
    return caught.value


def test_an_unforeseen_error_is_told_without_its_words(settings: Settings) -> None:
    seen: list[Moment] = []
    failed = night_that_fails(settings, ValueError(SECRET), seen)
    for said in (failed.sentence("zh"), failed.sentence("en"), str(failed), repr(failed)):
        assert "ValueError" in said
        assert "test_failures.py" in said
        assert SECRET not in said
    assert SECRET.encode() not in pickle.dumps(failed)
    assert [moment.is_over for moment in seen] == [False]


@pytest.mark.parametrize(
    ("error", "may_heal"),
    [
        (psycopg.OperationalError("server closed the connection"), True),
        (psycopg.errors.AdminShutdown("terminating"), True),
        (psycopg.InterfaceError("the connection is closed"), True),
        (psycopg.errors.UniqueViolation("again"), False),
        (ValueError("again"), False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_only_a_lost_connection_is_worth_another_try(settings: Settings, error: Exception, may_heal: bool) -> None:
    assert heals(night_that_fails(settings, error, [])) is may_heal


def test_an_unreachable_database_heals_and_a_failed_check_does_not() -> None:
    assert heals(DatabaseUnreachable("db", "refused"))
    assert not heals(ChecksFailed("test_x"))


@pytest.mark.parametrize(
    "make",
    [
        lambda: ChecksFailed("coverage_is_at_most_one"),
        lambda: AccountUnbalanced(7, 2),
        lambda: StepFailed("build", "KeyError", "dbt.py:1"),
        lambda: SchedulerWontStart("http://127.0.0.1:1/api", "x.log"),
        lambda: PortTaken("127.0.0.1", 4200, "in use"),
        lambda: ServiceStopped("prefect-worker", 1, "x.log"),
        lambda: NoRegister("2021-03"),
        NothingYet,
    ],
)
def test_every_failure_is_a_full_sentence_in_both_languages(make: Callable[[], Exception]) -> None:
    failure = make()
    for lang, end in (("zh", "。"), ("en", ".")):
        sentence = failure.sentence(lang)  # type: ignore[attr-defined]
        assert "{" not in sentence
        assert sentence.rstrip().endswith(end) or isinstance(failure, NothingYet)


@pytest.mark.parametrize(
    ("night", "year"), [(date(2022, 1, 31), "2021"), (date(2022, 2, 1), "2022"), (date(2021, 12, 31), "2021")]
)
def test_a_night_reports_the_year_of_the_last_ended_month(night: date, year: str) -> None:
    assert last_ended_month_year(night) == year
