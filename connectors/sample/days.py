"""The days of the sample year: its months and quarters, and days on which somebody is at work."""

from __future__ import annotations

from datetime import date, timedelta

from connectors.sample.chance import Chance

YEAR = 2021
MONTHS = tuple(f"{YEAR}-{month:02d}" for month in range(1, 13))
QUARTERS = tuple(f"{YEAR}-Q{quarter}" for quarter in range(1, 5))


def day_in(month: str, chance: Chance, first: int = 3, last: int = 25) -> date:
    """A day of that month from `first` to `last`, moved to the Friday before where it is a weekend."""
    day = date.fromisoformat(f"{month}-{chance.between(first, last):02d}")
    return day - timedelta(days=max(0, day.weekday() - 4))
