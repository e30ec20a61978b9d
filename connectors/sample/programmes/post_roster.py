"""The rosters of those in post: every enterprise lists cadres, supervisors and team leaders each quarter.

Who leaves within the quarter is listed a last time, with the day.
"""

from __future__ import annotations

from connectors.sample.days import quarters
from connectors.sample.organisation import reporters
from connectors.sample.posts import posts
from connectors.sample.reported import Reported
from expectations.periods import parse_period


def reported(year: int) -> tuple[Reported, ...]:
    """The rosters of the year, by quarter, unit, role, first day and person."""
    return tuple(row for quarter in quarters(year) for row in _rosters(quarter))


def _rosters(quarter: str) -> list[Reported]:
    span, units = parse_period(quarter), {unit.unit_code for unit in reporters(quarter)}
    return [
        Reported(
            "post_roster",
            post.unit_id,
            quarter,
            {
                "person_name": post.person.name,
                "person_citizen_id": post.person.citizen_id,
                "role": post.role,
                "post_started_on": post.started_on,
                # Nobody knows at the quarter's end who will leave after it.
                "post_ended_on": post.ended_on if post.ended_on and post.ended_on <= span.last_day else None,
            },
        )
        for post in posts()
        if post.unit_id in units and post.touches(span.first_day, span.last_day)
    ]
