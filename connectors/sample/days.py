"""The days of the sample: its years, their months and quarters, and days on which somebody is at work."""

from __future__ import annotations

from datetime import date, timedelta

from connectors.sample.chance import Chance

YEAR = 2021
"""The sample year, whose totals are the published ones."""

LAST_YEAR = 2025
"""The last year of the plan, and of the continuation that nobody published."""

MONTHS = tuple(f"{YEAR}-{month:02d}" for month in range(1, 13))
QUARTERS = tuple(f"{YEAR}-Q{quarter}" for quarter in range(1, 5))


def months(year: int) -> tuple[str, ...]:
    """The months of the year: 2022-01 to 2022-12."""
    return tuple(f"{year}-{month:02d}" for month in range(1, 13))


def quarters(year: int) -> tuple[str, ...]:
    """The quarters of the year: 2022-Q1 to 2022-Q4."""
    return tuple(f"{year}-Q{quarter}" for quarter in range(1, 5))


def day_in(month: str, chance: Chance, first: int = 3, last: int = 25) -> date:
    """A day of that month from `first` to `last`, moved to the Friday before where it is a weekend."""
    day = date.fromisoformat(f"{month}-{chance.between(first, last):02d}")
    return day - timedelta(days=max(0, day.weekday() - 4))


def day_in_quarter(quarter: str, chance: Chance) -> date:
    """A working day in the quarter, written 2022-Q1."""
    year, _, number = quarter.partition("-Q")
    return day_in(f"{year}-{int(number) * 3 - chance.between(0, 2):02d}", chance)


def chance_of(year: int, *names: object) -> Chance:
    """The draws of one year under those names; the sample year's own go without the year, so that they stay as they were."""
    return Chance(*names, *(() if year == YEAR else (year,)))


def grown(amount: int, year: int, step: int = 1, rate: float = 0.04) -> int:
    """What the sample year's amount has become in another year: so much more each year, in whole steps."""
    if year == YEAR:
        return amount
    return int(amount * (1 + rate) ** (year - YEAR)) // step * step
