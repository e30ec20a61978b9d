"""Reminders before the due date and chasers after it (催报): one message per person and day, each step of each answer once.

No part of the night: it publishes at two in the morning, when people are not to be asked for anything, and who hands in at eight is
not to be asked at nine. `flows.staff.remind` asks, by its own timetable and by hand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import psycopg

from connectors.alerts.lines import NAMED, Names
from connectors.alerts.outbox import put_message
from connectors.alerts.owners import Owners, Person
from connectors.channels.message import Content, Section
from connectors.warehouse.owed import Owed, read_owed
from expectations.contract import forms
from expectations.workdays import is_probably_workday

STAGES = (-3, -1, 1, 3, 7, 14, 21, 28, 56, 84)
"""Days from the due date at which an answer that is not there is asked for; a day that was missed is made up for by the next."""

LATEST = 180
"""Days after which nobody is asked any more: it stays an alert, and is the office's."""


@dataclass(frozen=True, slots=True)
class _Due:
    """What is owed, and the step that it has come to."""

    owed: Owed
    stage: int

    @property
    def key(self) -> tuple[str, str, str, int]:
        """The step of this answer, which is told once."""
        return (self.owed.form_id, self.owed.unit_id, self.owed.period, self.stage)


def write_reminders(conn: psycopg.Connection[Any], day: date, owners: Owners, names: Names, now: datetime) -> int:
    """Write one message for each person of whom an answer has come to another step by that day; gives the people asked.

    Whoever is the contact of a unit is told; for units without one, the default owner has a list. Who has been asked that day is asked no
    more: what is left comes the next day. It reads what was published, and leaves out what has come since. In the caller's transaction;
    repeated, or done by two at once, it writes nothing more.
    """
    owed: dict[str, list[_Due]] = defaultdict(list)
    for answer in _read_due(conn, day):
        person = owners.contact_of(answer.owed.unit_id) or owners.people[owners.default]
        owed[person.person_id].append(answer)
    told = {tuple(row) for row in conn.execute("select form_id, unit_id, period, stage from ops.reminder").fetchall()}
    asked = 0
    for person_id, answers in sorted(owed.items()):
        due = [a for a in answers if a.key not in told]
        if due and not _is_asked(conn, person_id, day):
            asked += _remind(conn, day, owners.people[person_id], [a.owed for a in answers], due, names, now)
    return asked


def _remind(
    conn: psycopg.Connection[Any],
    day: date,
    person: Person,
    answers: Sequence[Owed],
    due: Sequence[_Due],
    names: Names,
    now: datetime,
) -> bool:
    """Write the message; false where somebody else has just done so."""
    subject, content, not_before = (
        _subject(person.person_id, day),
        _content(day, answers, names),
        person.not_before(now),
    )
    written = [
        put_message(conn, subject, channel_id, person.person_id, content, day, not_before)
        for channel_id in dict.fromkeys(person.channels)
    ]
    is_written = any(written)
    if is_written:
        with conn.cursor() as cursor:
            cursor.executemany(
                "insert into ops.reminder (form_id, unit_id, period, stage, recipient_id, subject, night)"
                " values (%s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
                [(*a.key, person.person_id, subject, day) for a in due],
            )
    return is_written


def _subject(person_id: str, day: date) -> str:
    return f"reminder/{person_id}/{day}"


def _is_asked(conn: psycopg.Connection[Any], person_id: str, day: date) -> bool:
    """Whether the person has a message of that day over any channel, be it one that they had then."""
    return (
        conn.execute("select 1 from ops.outbox where subject = %s limit 1", (_subject(person_id, day),)).fetchone()
        is not None
    )


def _content(day: date, answers: Sequence[Owed], names: Names) -> Content:
    late = [a for a in answers if a.due_date < day]
    soon = [a for a in answers if a.due_date >= day]
    counted = "，".join(f"{word} {len(part)} 份" for word, part in (("已逾期", late), ("即将到期", soon)) if part)
    sections = tuple(
        Section(heading, tuple(_lines(part, names, day)))
        for heading, part in (("已逾期，请尽快报送", late), ("即将到期", soon))
        if part
    )
    return Content(f"催报 {day}：{counted}", sections, "已经报送的，请忽略；报送后当夜处理，次日可见回执。")


def _lines(answers: Sequence[Owed], names: Names, day: date) -> list[str]:
    """A line per unit, the one that owes longest first."""
    by_unit: dict[str, list[Owed]] = defaultdict(list)
    for answer in answers:
        by_unit[answer.unit_id].append(answer)
    return [
        f"{names.unit(unit_id)}：{'、'.join(_answer(a, day) for a in owed[:NAMED])}"
        + (f"等 {len(owed)} 份" if len(owed) > NAMED else "")
        for unit_id, owed in by_unit.items()
    ]


def _answer(owed: Owed, day: date) -> str:
    form = forms().get(owed.form_id)
    title = f"《{form.title_zh}》" if form else owed.form_id
    days = (day - owed.due_date).days
    when = f"逾期 {days} 天" if days > 0 else f"{owed.due_date:%m-%d} 到期"
    return f"{title}{owed.period}（{when}{'，已退回，请改正后重报' if owed.is_refused else ''}）"


def _read_due(conn: psycopg.Connection[Any], day: date) -> list[_Due]:
    ahead = _last_before_work(day)
    found = read_owed(conn, day - timedelta(days=LATEST), ahead - timedelta(days=STAGES[0]))
    return [_Due(owed, _stage(day, ahead, owed.due_date)) for owed in found]


def _stage(day: date, ahead: date, due: date) -> int:
    """The step that an answer has come to: a reminder that falls on days off comes before them (until `ahead`), a chaser after them."""
    return max(stage for stage in STAGES if stage <= ((ahead if stage < 0 else day) - due).days)


def _last_before_work(day: date) -> date:
    """The last day before people are at work again; the day itself, before a working day."""
    while not is_probably_workday(day + timedelta(days=1)):
        day += timedelta(days=1)
    return day
