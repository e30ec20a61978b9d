"""The courses of the sample: when the office and the enterprises teach what.

Cadres are taught in a month's second week, team leaders in its third, supervisors in its fourth, so that somebody with
two posts is never in two places at a time. Synthetic throughout.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from connectors.sample.days import chance_of
from connectors.sample.organisation import OFFICE, Unit, enterprises
from connectors.sample.people import Person
from connectors.sample.posts import CADRE, LEADER, SUPERVISOR, Post

_WEEK = {CADRE: 2, LEADER: 3, SUPERVISOR: 4}
_DAYS = {CADRE: 3, LEADER: 3, SUPERVISOR: 2}
_HOURS_A_DAY = 8

_OF_OFFICE: dict[str, tuple[tuple[int, str], ...]] = {
    CADRE: (
        (3, "工会基础业务"),
        (5, "工会财务与经审实务"),
        (6, "职工权益与劳动法律实务"),
        (8, "民主管理与集体协商实务"),
        (9, "工会基础业务"),
        (11, "工会财务与经审实务"),
        (12, "智慧工会与信息报送实务"),
    ),
    SUPERVISOR: (
        (4, "劳动保护监督检查实务"),
        (6, "安全生产法律法规"),
        (9, "劳动保护监督检查实务"),
        (11, "职业病防治监督"),
        (12, "事故隐患排查实务"),
    ),
    LEADER: ((4, "班组长示范培训"), (6, "班组长综合能力提升"), (9, "班组长示范培训"), (12, "班组长综合能力提升")),
}
"""Month and course of what the office teaches each year."""

_OF_ENTERPRISE = {
    CADRE: ("车间工会工作实务", "工会小组长业务"),
    SUPERVISOR: ("车间劳动保护实务",),
    LEADER: ("班组建设与现场管理", "班组安全管理实务", "班组质量管理实务"),
}
_MONTHS = {CADRE: (4, 7, 10), SUPERVISOR: (3, 5, 7, 10), LEADER: (3, 5, 7, 8, 10, 11)}
"""The months in which an enterprise may teach; the others are left to the office."""
_LARGE = 2_000
"""An enterprise of so many employees teaches cadres and supervisors itself as well; all teach team leaders."""


@dataclass(frozen=True, slots=True)
class Session:
    """A course that is taught once: `organiser` is the unit that teaches and reports it, `kind` the form's code."""

    organiser: str
    kind: str
    course: str
    first_day: date
    last_day: date
    hours: int

    @property
    def month(self) -> str:
        """The month whose workbook holds it: that in which it ends."""
        return f"{self.last_day:%Y-%m}"


@dataclass(frozen=True, slots=True)
class Attendance:
    """One person in one session, and whether the person passed."""

    session: Session
    person: Person
    is_passed: bool = True


@cache
def office_sessions(kind: str, year: int) -> tuple[Session, ...]:
    """What the office teaches those of that post in the year, by day."""
    return tuple(_session(OFFICE, kind, course, year, month) for month, course in _OF_OFFICE[kind])


@cache
def own_sessions(unit: Unit, kind: str, year: int) -> tuple[Session, ...]:
    """What the enterprise teaches its own people of that post in the year, by day."""
    if kind != LEADER and unit.size < _LARGE:
        return ()
    chance = chance_of(year, "courses", unit.unit_code, kind)
    months = chance.some(_MONTHS[kind], 3 if kind == LEADER else 1)
    return tuple(_session(unit.unit_code, kind, chance.pick(_OF_ENTERPRISE[kind]), year, month) for month in months)


def sessions_open_to(post: Post, year: int) -> list[Session]:
    """What somebody in that post may attend in the year from its first day to its last, the own unit's first."""
    unit = _enterprises(year)[post.unit_id]
    return [
        session
        for session in (*own_sessions(unit, post.role, year), *office_sessions(post.role, year))
        if post.is_held(session.first_day, session.last_day)
    ]


@cache
def _enterprises(year: int) -> dict[str, Unit]:
    return {unit.unit_code: unit for unit in enterprises(year)}


def _session(organiser: str, kind: str, course: str, year: int, month: int) -> Session:
    first = date(year, month, 1)
    first_day = first + timedelta(days=-first.weekday() % 7 + 7 * (_WEEK[kind] - 1))
    last_day = first_day + timedelta(days=_DAYS[kind] - 1)
    return Session(organiser, kind, course, first_day, last_day, _DAYS[kind] * _HOURS_A_DAY)
