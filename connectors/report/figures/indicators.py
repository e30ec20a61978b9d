"""Indicator values: of the province, and the rates of its groups."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.rows import class_row

_COLUMNS = """
    v.indicator_id, i.name_zh, i.unit, i.pillar, v.org_id, v.value, v.numerator, v.denominator, v.completeness, v.status
"""


@dataclass(frozen=True, slots=True)
class IndicatorValue:
    """One indicator of one organisation in the period.

    `value` is None where it cannot be computed; `unit` is the indicator's (CNY, share, persons …); `completeness` is a share.
    """

    indicator_id: str
    name_zh: str
    unit: str
    pillar: str
    org_id: str
    value: Decimal | None
    numerator: Decimal | None
    denominator: Decimal | None
    completeness: Decimal | None
    status: str


def read_province_values(conn: psycopg.Connection[Any], period_id: str) -> tuple[IndicatorValue, ...]:
    """Every indicator of the province in the period, in the order of the catalogue of indicators."""
    return _read(conn, "v.org_level = 'province'", period_id)


def read_group_rates(conn: psycopg.Connection[Any], period_id: str) -> tuple[IndicatorValue, ...]:
    """The rates of each group and of the province that say how far the work reaches; how well is reported is told apart."""
    return _read(
        conn, "v.org_level in ('group', 'province') and i.unit = 'share' and i.pillar <> 'operations'", period_id
    )


def _read(conn: psycopg.Connection[Any], condition: str, period_id: str) -> tuple[IndicatorValue, ...]:
    with conn.cursor(row_factory=class_row(IndicatorValue)) as cursor:
        found = cursor.execute(
            f"select {_COLUMNS} from bi.indicator_value v join bi.indicator i using (indicator_id)"  # noqa: S608 - our words
            f" where v.period = %s and {condition} order by i.position, v.org_id",
            (period_id,),
        )
        return tuple(found.fetchall())
