"""Who holds which post in the sample's enterprises over the plan: people come, leave, hold two posts or change units.

Grain: one `Post` per person, unit, role and spell. Synthetic throughout; as many team leaders as the profiles say, nearly.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from connectors.sample.chance import Chance
from connectors.sample.days import LAST_YEAR, YEAR, day_in_quarter, quarters
from connectors.sample.organisation import (
    MERGED,
    MERGES_ON,
    OPENING,
    OPENS_ON,
    SUCCESSOR,
    Unit,
    enterprises,
    reporters,
    size_on,
)
from connectors.sample.people import Person, member
from connectors.sample.profiles import profiles
from expectations.periods import parse_period

CADRE, SUPERVISOR, LEADER = ROLES = ("union_cadre", "safety_supervisor", "team_leader")

_LEAVES = {CADRE: 0.025, SUPERVISOR: 0.025, LEADER: 0.075}
"""How likely somebody leaves the post in a quarter: team leaders change about every three years."""

_COMES_FROM_ELSEWHERE = {CADRE: 0.3, SUPERVISOR: 0.3, LEADER: 0.02}
"""How likely a vacant post is taken by somebody who left the same post at another unit."""

_HOLDS_TWO_POSTS = 0.25
"""How likely a unit's first supervisor is its first cadre too."""


@dataclass(frozen=True, slots=True)
class Post:
    """One spell in a post; `ended_on` None is somebody who is there when the plan ends."""

    unit_id: str
    role: str
    person: Person
    started_on: date
    ended_on: date | None = None

    def is_held(self, first_day: date, last_day: date) -> bool:
        """Whether the person is there from the first day to the last."""
        return self.started_on <= first_day and (self.ended_on is None or self.ended_on > last_day)

    def touches(self, first_day: date, last_day: date) -> bool:
        """Whether the person is there on any day of that span."""
        return self.started_on <= last_day and (self.ended_on is None or self.ended_on >= first_day)


@cache
def posts() -> tuple[Post, ...]:
    """Every spell of the plan, by unit, role, first day and person."""
    staff = _Staff()
    for year in range(YEAR, LAST_YEAR + 1):
        for quarter in quarters(year):
            staff.go_on(quarter)
    return tuple(sorted(staff.spells(), key=lambda p: (p.unit_id, p.role, p.started_on, p.person.citizen_id)))


class _Staff:
    """The posts of all units as the quarters pass."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], list[Post]] = defaultdict(list)
        self._ended: list[Post] = []
        self._looking: dict[str, list[Post]] = {role: [] for role in ROLES}
        """Those who left a post before this quarter and may take the same one elsewhere."""
        self._doubles: set[Person] = set()
        self._people = 0

    def go_on(self, quarter: str) -> None:
        """What happens in the next quarter."""
        last_day, left = parse_period(quarter).last_day, len(self._ended)
        if last_day - timedelta(days=100) < MERGES_ON < last_day:
            self._merge()
        leaders = {profile.reporter: profile.team_leaders for profile in profiles(last_day.year)}
        for unit in reporters(quarter):
            wanted = {
                CADRE: min(12, 2 + size_on(unit.unit_code, last_day) // 500),
                SUPERVISOR: min(10, 2 + size_on(unit.unit_code, last_day) // 700),
                LEADER: int(leaders[unit.unit_code] * Chance("leaders listed", unit.unit_code).share(0.92, 1.0)),
            }
            for role in ROLES:
                chance = Chance("posts", unit.unit_code, role, quarter)
                if not self._held[unit.unit_code, role]:
                    self._begin(unit, role, wanted[role], chance)
                self._leave(unit, role, quarter, chance)
                self._fill(unit, role, wanted[role], quarter, chance)
        for unit in enterprises(last_day.year):
            if unit.valid_to == last_day:
                self._close(unit)
        for post in self._ended[left:]:
            if post.person not in self._doubles:
                self._looking[post.role].append(post)

    def spells(self) -> Iterator[Post]:
        """Those that have ended, and those that go on."""
        yield from self._ended
        for held in self._held.values():
            yield from held

    def _begin(self, unit: Unit, role: str, wanted: int, chance: Chance) -> None:
        """Those who are there before the first roster of the unit."""
        held = self._held[unit.unit_code, role]
        if role == SUPERVISOR and chance.happens(_HOLDS_TWO_POSTS):
            cadre = min(self._held[unit.unit_code, CADRE], key=lambda post: post.started_on)
            self._doubles.add(cadre.person)
            held.append(Post(unit.unit_code, role, cadre.person, cadre.started_on))
        while len(held) < wanted:
            started_on = _began_before(unit, chance)
            held.append(Post(unit.unit_code, role, self._newcomer(started_on.year, chance), started_on))

    def _leave(self, unit: Unit, role: str, quarter: str, chance: Chance) -> None:
        first_day, stay = parse_period(quarter).first_day, []
        for post in self._held[unit.unit_code, role]:
            if post.started_on < first_day and chance.happens(_LEAVES[role]):
                self._end(post, day_in_quarter(quarter, chance))
            else:
                stay.append(post)
        self._held[unit.unit_code, role] = stay

    def _fill(self, unit: Unit, role: str, wanted: int, quarter: str, chance: Chance) -> None:
        held = self._held[unit.unit_code, role]
        while len(held) < wanted:
            started_on = day_in_quarter(quarter, chance)
            someone = self._from_elsewhere(unit, role, chance) or self._newcomer(started_on.year, chance)
            held.append(Post(unit.unit_code, role, someone, started_on))

    def _from_elsewhere(self, unit: Unit, role: str, chance: Chance) -> Person | None:
        looking = self._looking[role]
        if not chance.happens(_COMES_FROM_ELSEWHERE[role]):
            return None
        found = next((post for post in looking if post.unit_id != unit.unit_code), None)
        if found is None:
            return None
        looking.remove(found)
        return found.person

    def _newcomer(self, year: int, chance: Chance) -> Person:
        self._people += 1
        return member("post", self._people - 1, year - chance.between(26, 46))

    def _close(self, unit: Unit) -> None:
        for role in ROLES:
            for post in self._held.pop((unit.unit_code, role), []):
                self._end(post, unit.valid_to)

    def _merge(self) -> None:
        """All who were in post at the unit that was merged go on at its successor the day after."""
        for post in [post for post in self._ended if post.unit_id == MERGED and post.ended_on == MERGES_ON]:
            self._held[SUCCESSOR, post.role].append(
                Post(SUCCESSOR, post.role, post.person, MERGES_ON + timedelta(days=1))
            )
        for role, looking in self._looking.items():
            self._looking[role] = [post for post in looking if post.ended_on != MERGES_ON]

    def _end(self, post: Post, day: date | None) -> None:
        self._ended.append(Post(post.unit_id, post.role, post.person, post.started_on, day))


def _began_before(unit: Unit, chance: Chance) -> date:
    """A day on which somebody began who is there in the first roster of the unit."""
    if unit.unit_code == OPENING:
        return OPENS_ON + timedelta(days=chance.between(0, 40))
    return date(chance.between(2014, 2020), chance.between(1, 12), chance.between(1, 28))
