"""Which nights have to be run (again) now: a decision over plain values, apart from where they come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

How = Literal["active", "completed", "failed", "crashed", "cancelled"]

AFTER_CRASH = [timedelta(), timedelta(seconds=20), timedelta(minutes=2), timedelta(minutes=10), timedelta(minutes=30)]
"""Pauses before a night is tried again that was killed; the kill was not its fault."""

AFTER_FAILURE = [timedelta(minutes=5), timedelta(minutes=20), timedelta(hours=1)]
"""Pauses before a due night is tried again that failed by itself: a database or a disk may have been mended, a failing check has not."""

CRASH_MEMORY = timedelta(days=1)
"""A run that was killed longer ago is nobody's any more."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A run of a night in Prefect: what it was for, when it began (or is to), when it ended, and how it stands."""

    business_date: date
    how: How
    began_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """The newest night that the schedule has brought due, and the nights before it that were missed too, the oldest first."""

    due_at: datetime
    missed: Sequence[date]

    @property
    def business_date(self) -> date:
        """Its business date."""
        return self.due_at.date()


@dataclass(frozen=True, slots=True)
class Wanted:
    """A night to start now, with the reason as people read it."""

    business_date: date
    zh: str
    en: str


def nights_to_start(
    attempts: Iterable[Attempt], due: Due | None, is_answered: Callable[[date, datetime], bool], moment: datetime
) -> list[Wanted]:
    """The nights that nobody has brought to their end and that it is time to start.

    `due` is None where nothing is expected yet or the newest due night still has time to begin by itself. `is_answered` asks the
    ledger whether a night of that date came to its end, or is at work, since that moment.
    """
    by_date: dict[date, list[Attempt]] = {}
    known = sorted(attempts, key=lambda a: a.began_at)
    for attempt in known:
        by_date.setdefault(attempt.business_date, []).append(attempt)
    wanted = []
    for day in sorted({*by_date, *([due.business_date] if due else [])}):
        is_due = due is not None and day == due.business_date
        mine = [
            a for a in by_date.get(day, []) if not is_due or (due and a.began_at >= due.due_at) or a.how == "active"
        ]
        found = _due(due, mine, moment) if is_due and due else _killed(day, mine, moment)
        since = due.due_at if is_due and due else (mine[0].began_at if mine else moment)
        if found and not (mine and not is_due and _is_overtaken(mine[-1], known, due)) and not is_answered(day, since):
            wanted.append(found)
    return wanted


def _due(due: Due, mine: Sequence[Attempt], moment: datetime) -> Wanted | None:
    last = mine[-1] if mine else None
    if last is None:
        return _missed(due)
    if last.how in ("failed", "crashed") and _is_time(mine, moment):
        return _again(due.business_date, last)
    # One that completed without a good night in the ledger is not there; a person who cancels a night wants it so.
    return None


def _killed(day: date, mine: Sequence[Attempt], moment: datetime) -> Wanted | None:
    """A night that somebody started by hand, or an earlier one, is only tried again where it was killed."""
    if not mine or mine[-1].how != "crashed" or any(a.how == "active" for a in mine):
        return None
    last = mine[-1]
    if moment - (last.ended_at or last.began_at) > CRASH_MEMORY or not _is_time(mine, moment):
        return None
    return _again(day, last)


def _is_overtaken(last: Attempt, known: Iterable[Attempt], due: Due | None) -> bool:
    """Whether a night of a newer date has begun since, or is due since: it takes up all that is new, and an older date would be
    published after a newer one."""
    day, began = last.business_date, last.began_at
    if due is not None and due.business_date > day and due.due_at > began:
        return True
    return any(a.business_date > day and a.began_at > began for a in known)


def _is_time(mine: Sequence[Attempt], moment: datetime) -> bool:
    if any(a.how == "active" for a in mine):
        return False
    last, failed = mine[-1], sum(a.how in ("failed", "crashed") for a in mine)
    pauses = AFTER_CRASH if last.how == "crashed" else AFTER_FAILURE
    return failed <= len(pauses) and moment >= (last.ended_at or last.began_at) + pauses[failed - 1]


def _missed(due: Due) -> Wanted:
    named = "、".join(day.isoformat() for day in due.missed)
    before_zh = f"；此前错过的 {named} 由这一夜一并处理" if named else ""
    before_en = f"; it takes up what the missed nights of {named.replace('、', ', ')} would have" if named else ""
    return Wanted(
        due.business_date,
        f"补跑：{due.due_at:%Y-%m-%d %H:%M} 应当运行的夜间流程当时没有运行（服务未启动），现在补上，业务日期 {due.business_date}{before_zh}。",
        f"Catching up: the night due {due.due_at:%Y-%m-%d %H:%M} did not run then (nothing served); it runs now, "
        f"for the business date {due.business_date}{before_en}.",
    )


def _again(day: date, last: Attempt) -> Wanted:
    how_zh, how_en = ("中途被终止", "was killed half-way") if last.how == "crashed" else ("没有成功", "failed")
    return Wanted(
        day,
        f"接着运行：业务日期 {day} 的夜间流程{how_zh}（{last.began_at:%m-%d %H:%M} 开始），现在接着完成。",
        f"Going on: the night of {day} {how_en} (begun {last.began_at:%m-%d %H:%M}); it goes on now.",
    )
