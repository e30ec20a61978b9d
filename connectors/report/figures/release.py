"""Which release a page shows, and which days it is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

from expectations.periods import Period


@dataclass(frozen=True, slots=True)
class Release:
    """One consistent state of everything that readers see; `night` is the business date it was made for."""

    release_id: int
    published_at: datetime
    night: date


@dataclass(frozen=True, slots=True)
class Span:
    """The days of a report: the period's own, and the months of the year in which it ends, shown for context.

    `last_day` is the period's end, or the night's date where the period has not ended by then.
    """

    first_day: date
    last_day: date
    year_start: date

    @property
    def months(self) -> tuple[str, ...]:
        """The months from January to the one of `last_day`, as period ids."""
        return tuple(f"{self.last_day.year}-{month:02d}" for month in range(1, self.last_day.month + 1))


def span_of(period: Period, night: date) -> Span:
    """The span of a period as seen on a night."""
    last_day = max(period.first_day, min(period.last_day, night))
    return Span(period.first_day, last_day, date(last_day.year, 1, 1))


def read_release(conn: psycopg.Connection[Any]) -> Release | None:
    """The newest release, or None before the first."""
    with conn.cursor(row_factory=class_row(Release)) as cursor:
        return cursor.execute(
            "select release_id, published_at at time zone 'Asia/Shanghai' as published_at, night"
            " from bi.release order by release_id desc limit 1"
        ).fetchone()
