"""Published figures against computed ones."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.rows import class_row


@dataclass(frozen=True, slots=True)
class PublishedFigure:
    """One figure that the union printed, its qualifier (exact, more_than, just_under), and what the rows come to."""

    figure_id: str
    indicator_id: str
    period: str
    name_zh: str
    unit: str
    qualifier: str
    published_value: Decimal
    computed_value: Decimal | None
    verdict: str


def read_published(conn: psycopg.Connection[Any], period_id: str) -> tuple[PublishedFigure, ...]:
    """The published figures of a period, by their number; one since an earlier year (2018-2021) belongs to its last year."""
    with conn.cursor(row_factory=class_row(PublishedFigure)) as cursor:
        found = cursor.execute(
            "select figure_id, indicator_id, period, name_zh, unit, qualifier, published_value, computed_value, verdict"
            " from bi.published_comparison where period = %(period)s or period like '____-' || %(period)s order by figure_id",
            {"period": period_id},
        )
        return tuple(found.fetchall())
