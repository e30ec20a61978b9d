"""When nights are due: one place for the schedule, in the words of Prefect (a cron line) and as plain dates.

A night is due at 02:00 in Shanghai and has the date of that day as its business date, wherever the machine stands and whenever the
night is really run.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

CRON = "0 2 * * *"
"""02:00 each day: after the last upload of the evening, before anybody comes to work."""

ZONE = "Asia/Shanghai"
SHANGHAI = ZoneInfo(ZONE)
DUE_AT = time(2)
"""What `CRON` says, as a time of day."""

GRACE = timedelta(hours=3)
"""How long after it was due a night may still be under way, or be tried again, before somebody is to hear of it."""

MOST_NAMED = 31
"""So many missed nights are named at most; a machine that was off for a year has more to tell than their dates."""


def now() -> datetime:
    """This moment, in Shanghai."""
    return datetime.now(SHANGHAI)


def last_due(moment: datetime) -> datetime:
    """When the newest night that should have begun by this moment was due."""
    there = moment.astimezone(SHANGHAI)
    due = datetime.combine(there.date(), DUE_AT, SHANGHAI)
    return due if due <= there else due - timedelta(days=1)


def next_due(moment: datetime) -> datetime:
    """When the next night is due after this moment."""
    return last_due(moment) + timedelta(days=1)


def business_date_of(scheduled: datetime) -> date:
    """The business date of a night that is scheduled for this moment: the day in Shanghai."""
    return scheduled.astimezone(SHANGHAI).date()


def due_between(since: datetime, until: datetime) -> list[date]:
    """The business dates of the nights that fell due after `since` and by `until`, the oldest first, the newest `MOST_NAMED`."""
    due = last_due(until)
    found: list[date] = []
    while due > since and len(found) < MOST_NAMED:
        found.append(due.date())
        due -= timedelta(days=1)
    return found[::-1]
