"""Who heard the sample's lectures and came to its other training: people of the rosters, whatever their post.

Synthetic throughout; none of it counts for a share of those trained.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import cache

from connectors.sample.courses import Attendance, Session
from connectors.sample.days import chance_of
from connectors.sample.organisation import OFFICE, reporters
from connectors.sample.people import Person
from connectors.sample.posts import CADRE, Post, posts

_EVENTS = 30
"""How many enterprises hold one each year."""

_TAUGHT = (
    ("lecture", "职工心理健康讲座", 2),
    ("lecture", "安全生产专题讲座", 3),
    ("lecture", "女职工权益保护讲座", 2),
    ("other", "应急救护技能培训", 8),
    ("other", "办公软件与信息技能培训", 6),
)
_OF_OFFICE = "劳模精神劳动精神工匠精神专题讲座"
_MONTHS = (3, 6, 7, 8, 9, 11, 12)
"""When enterprises hold theirs; the lecture of the office is in April."""


def audiences(year: int) -> Iterator[Attendance]:
    """Those of the enterprises' own events, and the cadres of all units in the lecture of the office."""
    chance = chance_of(year, "training", "events")
    for unit in chance.some(reporters(f"{year}-12"), _EVENTS):
        kind, course, hours = chance.pick(_TAUGHT)
        session = _one_day(unit.unit_code, kind, course, date(year, chance.pick(_MONTHS), 1), hours)
        able = _there(_posts_of()[unit.unit_code], session)
        for person in chance.some(able, min(len(able), chance.between(8, 24))):
            yield Attendance(session, person)
    session = _one_day(OFFICE, "lecture", _OF_OFFICE, date(year, 4, 1), 3)
    for person in chance.some(_there((post for post in posts() if post.role == CADRE), session), 60):
        yield Attendance(session, person)


def _one_day(organiser: str, kind: str, course: str, month: date, hours: int) -> Session:
    """The first Thursday of the month: in the first week nothing else is taught."""
    day = month + timedelta(days=(3 - month.weekday()) % 7)
    return Session(organiser, kind, course, day, day, hours)


def _there(some: Iterable[Post], session: Session) -> list[Person]:
    """Those of them who are in post on the days of the session, each once."""
    there = {post.person for post in some if post.is_held(session.first_day, session.last_day)}
    return sorted(there, key=lambda person: person.citizen_id)


@cache
def _posts_of() -> dict[str, list[Post]]:
    by_unit: dict[str, list[Post]] = defaultdict(list)
    for post in posts():
        by_unit[post.unit_id].append(post)
    return by_unit
