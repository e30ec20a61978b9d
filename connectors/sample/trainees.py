"""Who attended which course in the sample: of those in post, as many as the plan's targets need; some fail or come again.

How many is synthetic: the union published no figure of its training.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache

from connectors.sample.audiences import audiences
from connectors.sample.chance import Chance
from connectors.sample.courses import Attendance, office_sessions, sessions_open_to
from connectors.sample.days import YEAR, chance_of
from connectors.sample.people import Person, member
from connectors.sample.posts import CADRE, LEADER, SUPERVISOR, Post, posts

ROUNDS: Mapping[str, tuple[Mapping[int, float], ...]] = {
    CADRE: (
        {2021: 0.52, 2022: 0.74, 2023: 0.88, 2024: 0.96, 2025: 0.99},
        {2021: 0.17, 2022: 0.38, 2023: 0.60, 2024: 0.80, 2025: 0.95},
    ),
    SUPERVISOR: ({2021: 0.46, 2022: 0.63, 2023: 0.78, 2024: 0.90, 2025: 0.98},),
}
"""The share of those in post at each year's end who have passed one course of the plan, and two different ones."""

LEADERS_TRAINED = {2021: 1_900, 2022: 2_050, 2023: 2_150, 2024: 2_150, 2025: 2_100}
"""How many team leaders pass for the first time in each year: more than the 10 000 of the plan (T03) by its end."""

RESERVES = 12
"""So many of them have no post yet: the office teaches some who are to become team leaders."""

_FAILS = 0.03
_LEAVERS, _FAILED, _REPEATERS = 5, 6, 3
"""How many cadres, and supervisors, each year pass and leave before its end, fail, and come to the same course again."""
_LEADERS_AGAIN = 40
"""How many team leaders who passed in an earlier year of the plan come again."""


@cache
def attendances(year: int) -> tuple[Attendance, ...]:
    """Everybody who was trained in the year, by organiser, first day, course and person."""
    made = [*_Classes(CADRE, year).fill(), *_Classes(SUPERVISOR, year).fill(), *_leaders(year), *audiences(year)]
    return tuple(
        sorted(made, key=lambda a: (a.session.organiser, a.session.first_day, a.session.course, a.person.citizen_id))
    )


class _Classes:
    """The courses of a year for cadres or supervisors, as they fill."""

    def __init__(self, role: str, year: int) -> None:
        self._role, self._year, self._chance = role, year, chance_of(year, "training", role)
        self._passed = _passed_before(role, year)
        self._taken: dict[Person, set[date]] = defaultdict(set)
        self._made: list[Attendance] = []

    def fill(self) -> list[Attendance]:
        """First as many of those in post at the year's end as each round needs, then those who change no share."""
        spells, last_day = _posts_in(self._role, self._year), date(self._year, 12, 31)
        in_post = {post.person: post for post in spells if post.is_held(last_day, last_day)}
        for courses, shares in enumerate(ROUNDS[self._role], start=1):
            missing = round(shares[self._year] * len(in_post)) - sum(len(self._passed[p]) >= courses for p in in_post)
            for post in _shuffled(in_post.values(), self._chance):
                if missing > 0 and len(self._passed[post.person]) == courses - 1:
                    missing -= self._attend(post)
        left = [post for post in spells if post.person not in in_post]
        for post in _shuffled(left, self._chance)[:_LEAVERS]:
            self._attend(post)
        untrained = [post for post in in_post.values() if not self._passed[post.person]]
        for post in _shuffled(untrained, self._chance)[:_FAILED]:
            self._attend(post, is_passed=False)
        self._made += list(self._again(in_post))[:_REPEATERS]
        return self._made

    def _attend(self, post: Post, is_passed: bool = True) -> bool:
        """Send the person to a course that is new to the person; whether there is one on days that are still free."""
        taken, known = self._taken[post.person], self._passed[post.person]
        able = [s for s in sessions_open_to(post, self._year) if s.first_day not in taken and s.course not in known]
        if not able:
            return False
        session = self._chance.pick(able)
        self._made.append(Attendance(session, post.person, is_passed))
        taken.add(session.first_day)
        if is_passed:
            known.add(session.course)
        return True

    def _again(self, in_post: Mapping[Person, Post]) -> Iterator[Attendance]:
        """Who passed and could come to the same course when it is taught a second time in the year."""
        for attended in self._made:
            if attended.is_passed and attended.person in in_post:
                for session in sessions_open_to(in_post[attended.person], self._year):
                    is_later = session.first_day > attended.session.first_day
                    is_free = session.first_day not in self._taken[attended.person]
                    if session.course == attended.session.course and is_later and is_free:
                        yield Attendance(session, attended.person)


def _leaders(year: int) -> Iterator[Attendance]:
    """The team leaders of the year: so many who pass for the first time, those who fail, and some who come again."""
    chance, passed, spells = chance_of(year, "training", LEADER), _passed_before(LEADER, year), _posts_in(LEADER, year)
    waiting = LEADERS_TRAINED[year] - RESERVES
    seen = set(passed)
    for post in _shuffled(spells, chance):
        able = sessions_open_to(post, year) if waiting and post.person not in seen else []
        if able:
            is_passed = not chance.happens(_FAILS)
            yield Attendance(chance.pick(able), post.person, is_passed)
            seen.add(post.person)
            waiting -= is_passed
    again = {post.person: able for post in spells if post.person in passed and (able := sessions_open_to(post, year))}
    for person, able in list(again.items())[:_LEADERS_AGAIN]:
        yield Attendance(chance.pick(able), person)
    session = office_sessions(LEADER, year)[2]
    for number in range(RESERVES * (year - YEAR), RESERVES * (year - YEAR + 1)):
        yield Attendance(session, member("reserve", number, year - chance.between(26, 34)))


def _passed_before(kind: str, year: int) -> dict[Person, set[str]]:
    """The courses of that kind that each has passed in the plan before the year."""
    passed: dict[Person, set[str]] = defaultdict(set)
    for before in range(YEAR, year):
        for attended in attendances(before):
            if attended.session.kind == kind and attended.is_passed:
                passed[attended.person].add(attended.session.course)
    return passed


def _posts_in(role: str, year: int) -> list[Post]:
    """The spells in that post of which some day lies in the year."""
    return [post for post in posts() if post.role == role and post.touches(date(year, 1, 1), date(year, 12, 31))]


def _shuffled(some: Iterable[Post], chance: Chance) -> list[Post]:
    return sorted(some, key=lambda _: chance.share(0, 1))
