"""Relief money by campaign and month."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.rows import class_row

from connectors.report.figures.release import Span


@dataclass(frozen=True, slots=True)
class ReliefLine:
    """What one campaign came to in one month: CNY, and person-times. `is_in_period` is false for months shown for context."""

    campaign: str
    campaign_name: str
    month: str
    money_cny: Decimal
    persons: int
    is_in_period: bool


def read_relief(conn: psycopg.Connection[Any], span: Span) -> tuple[ReliefLine, ...]:
    """Campaign × month, of the period and of the year in which it ends."""
    with conn.cursor(row_factory=class_row(ReliefLine)) as cursor:
        found = cursor.execute(
            "select r.campaign, r.campaign_name, r.period as month, sum(r.money_cny) as money_cny,"
            " sum(r.persons)::bigint as persons, p.first_day between %(first_day)s and %(last_day)s as is_in_period"
            " from bi.relief_summary r join bi.period p using (period)"
            " where p.first_day between least(%(first_day)s, %(year_start)s) and %(last_day)s"
            " group by 1, 2, 3, 6 order by min(r.sort_key), 3",
            {"first_day": span.first_day, "last_day": span.last_day, "year_start": span.year_start},
        )
        return tuple(found.fetchall())
