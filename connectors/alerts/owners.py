"""The register of owners: people, the channels they are reached by, which alerts are whose, and when people want quiet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from connectors.channels.channel import Channel

SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is told. `quiet` are the times of the day (Shanghai) between which nothing is sent to them."""

    person_id: str
    name: str
    channels: tuple[str, ...]
    quiet: tuple[time, time] | None = None

    def not_before(self, now: datetime) -> datetime:
        """The first moment from `now` on that is not in their quiet hours."""
        if self.quiet is None:
            return now
        local = now.astimezone(SHANGHAI)
        begins, ends = self.quiet
        at = local.time()
        is_quiet = begins <= at < ends if begins < ends else at >= begins or at < ends
        if not is_quiet:
            return now
        end = local.replace(hour=ends.hour, minute=ends.minute, second=0, microsecond=0)
        return end if end > local else end + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Route:
    """Whose alerts of these units (with all below them), forms, severities and kinds are; an empty one means any."""

    owner: str
    units: frozenset[str] = frozenset()
    forms: frozenset[str] = frozenset()
    severities: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Owners:
    """Everybody, and what is whose. The first route that fits decides; what fits none is the default owner's."""

    default: str
    people: Mapping[str, Person]
    channels: Mapping[str, Channel]
    routes: Sequence[Route] = ()
    contacts: Mapping[str, str] = field(default_factory=dict)

    def owner_of(
        self, kind: str, severity: str, form_id: str | None, unit_id: str | None, parents: Mapping[str, str]
    ) -> Person:
        """Who owns an alert; `parents` gives the unit above each unit."""
        above = set(lineage(unit_id, parents))
        for route in self.routes:
            if (
                (not route.units or route.units & above)
                and (not route.forms or form_id in route.forms)
                and (not route.severities or severity in route.severities)
                and (not route.kinds or kind in route.kinds)
            ):
                return self.people[route.owner]
        return self.people[self.default]

    def contact_of(self, unit_id: str) -> Person | None:
        """Who is reminded for a unit, if anybody but the default owner."""
        person_id = self.contacts.get(unit_id)
        return self.people[person_id] if person_id else None


def lineage(unit_id: str | None, parents: Mapping[str, str]) -> list[str]:
    """A unit and those above it, the nearest first; a register that goes in circles ends the walk."""
    found: list[str] = []
    while unit_id and unit_id not in found:
        found.append(unit_id)
        unit_id = parents.get(unit_id)
    return found
