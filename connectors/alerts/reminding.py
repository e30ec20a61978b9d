"""Reminders before the due date and chasers after it (催报): one message per person and day, each step of each answer once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg

from connectors.alerts.ledger import Night
from connectors.alerts.lines import NAMED, Names
from connectors.alerts.outbox import put_message
from connectors.alerts.owners import Owners, Person
from connectors.channels.message import Content, Section
from expectations.contract import forms

STAGES = (-3, -1, 1, 3, 7, 14, 21, 28, 56, 84)
"""Days from the due date at which an answer that is not there is asked for; a night that was missed is made up for by the next."""

LATEST = 180
"""Days after which nobody is asked any more: it stays an alert, and is the office's."""

_OWED = """
    select c.form_id, c.unit_id, c.period, c.due_date, c.state = 'refused' as is_refused
    from bi.completeness c
    where c.expected and not c.accepted and c.state <> 'held'
        and c.due_date between %(night)s::date - %(latest)s and %(night)s::date - %(first)s
        and not exists (
            select from ops.submission_in_force s where (s.form_id, s.unit_id, s.period) = (c.form_id, c.unit_id, c.period)
        )
    order by c.due_date, c.form_id, c.unit_id, c.period
"""


@dataclass(frozen=True, slots=True)
class _Owed:
    form_id: str
    unit_id: str
    period: str
    due_date: date
    is_refused: bool
    stage: int


def write_reminders(conn: psycopg.Connection[Any], night: Night, owners: Owners, names: Names, now: datetime) -> int:
    """Write one message for each person of whom an answer has come to another step; gives the messages written.

    Whoever is the contact of a unit is told; for units without one, the default owner has a list. It reads what was published, and leaves out
    what has come since. In the caller's transaction; repeated, it writes nothing.
    """
    if not _is_published(conn):
        return 0
    owed: dict[str, list[_Owed]] = defaultdict(list)
    for answer in _read_owed(conn, night.business_date):
        person = owners.contact_of(answer.unit_id) or owners.people[owners.default]
        owed[person.person_id].append(answer)
    told = {tuple(row) for row in conn.execute("select form_id, unit_id, period, stage from ops.reminder").fetchall()}
    written = 0
    for person_id, answers in owed.items():
        due = [a for a in answers if (a.form_id, a.unit_id, a.period, a.stage) not in told]
        if due:
            written += _remind(conn, night, owners.people[person_id], answers, due, names, now)
    return written


def _remind(
    conn: psycopg.Connection[Any],
    night: Night,
    person: Person,
    answers: Sequence[_Owed],
    due: Sequence[_Owed],
    names: Names,
    now: datetime,
) -> int:
    subject, written = f"reminder/{person.person_id}/{night.business_date}", 0
    content = _content(night.business_date, answers, names)
    for channel_id in dict.fromkeys(person.channels):
        not_before = person.not_before(now)
        if (
            put_message(conn, subject, channel_id, person.person_id, content, night.business_date, not_before)
            is not None
        ):
            written += 1
    if written:
        with conn.cursor() as cursor:
            cursor.executemany(
                "insert into ops.reminder (form_id, unit_id, period, stage, recipient_id, subject, night)"
                " values (%s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
                [
                    (a.form_id, a.unit_id, a.period, a.stage, person.person_id, subject, night.business_date)
                    for a in due
                ],
            )
    return written


def _content(night: date, answers: Sequence[_Owed], names: Names) -> Content:
    late = [a for a in answers if a.due_date < night]
    soon = [a for a in answers if a.due_date >= night]
    counted = "，".join(f"{word} {len(part)} 份" for word, part in (("已逾期", late), ("即将到期", soon)) if part)
    sections = tuple(
        Section(heading, tuple(_lines(part, names, night)))
        for heading, part in (("已逾期，请尽快报送", late), ("即将到期", soon))
        if part
    )
    return Content(f"催报 {night}：{counted}", sections, "已经报送的，请忽略；报送后当夜处理，次日可见回执。")


def _lines(answers: Sequence[_Owed], names: Names, night: date) -> list[str]:
    """A line per unit, the one that owes longest first."""
    by_unit: dict[str, list[_Owed]] = defaultdict(list)
    for answer in answers:
        by_unit[answer.unit_id].append(answer)
    return [
        f"{names.unit(unit_id)}：{'、'.join(_answer(a, night) for a in owed[:NAMED])}"
        + (f"等 {len(owed)} 份" if len(owed) > NAMED else "")
        for unit_id, owed in by_unit.items()
    ]


def _answer(owed: _Owed, night: date) -> str:
    form = forms().get(owed.form_id)
    title = f"《{form.title_zh}》" if form else owed.form_id
    days = (night - owed.due_date).days
    when = f"逾期 {days} 天" if days > 0 else f"{owed.due_date:%m-%d} 到期"
    return f"{title}{owed.period}（{when}{'，已退回，请改正后重报' if owed.is_refused else ''}）"


def _read_owed(conn: psycopg.Connection[Any], night: date) -> list[_Owed]:
    found = conn.execute(_OWED, {"night": night, "latest": LATEST, "first": STAGES[0]}).fetchall()
    return [
        _Owed(form_id, unit_id, period, due_date, is_refused, max(s for s in STAGES if s <= (night - due_date).days))
        for form_id, unit_id, period, due_date, is_refused in found
    ]


def _is_published(conn: psycopg.Connection[Any]) -> bool:
    return conn.execute("select to_regclass('bi.completeness') is not null").fetchall() == [(True,)]
