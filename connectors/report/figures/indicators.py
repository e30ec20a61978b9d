"""Indicator values: of the province, the rates of its groups, and what the province's were in other years."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.rows import class_row

_COLUMNS = """
    i.indicator_id, i.name_zh, i.unit, i.pillar, i.numerator_measure, i.subtracted_measure, i.denominator_measure,
    v.org_id, v.value, v.numerator, v.denominator, v.completeness, v.status, v.release_id
"""

_YEARS_SHOWN = 5
"""A trend shows so many years at most: a plan has five."""


@dataclass(frozen=True, slots=True)
class IndicatorValue:
    """One indicator of one organisation in the period.

    `value` is None where it cannot be computed; `unit` is the indicator's (CNY, share, persons …); `completeness` is a share.
    `org_id`, `status` and `release_id` are None where the release holds no line of this indicator for the period.
    """

    indicator_id: str
    name_zh: str
    unit: str
    pillar: str
    numerator_measure: str | None
    subtracted_measure: str | None
    denominator_measure: str | None
    org_id: str | None
    value: Decimal | None
    numerator: Decimal | None
    denominator: Decimal | None
    completeness: Decimal | None
    status: str | None
    release_id: int | None

    @property
    def measures(self) -> tuple[str, ...]:
        """The measures that it is computed from, the numerator first."""
        named = (self.numerator_measure, self.subtracted_measure, self.denominator_measure)
        return tuple(measure for measure in named if measure)


def read_province_values(conn: psycopg.Connection[Any], period_id: str) -> tuple[IndicatorValue, ...]:
    """Every indicator of the catalogue, in its order, with the province's value; empty where the period has none at all."""
    with conn.cursor(row_factory=class_row(IndicatorValue)) as cursor:
        values = cursor.execute(
            f"select {_COLUMNS} from bi.indicator i left join bi.indicator_value v"  # noqa: S608 - our words
            " on v.indicator_id = i.indicator_id and v.org_level = 'province' and v.period = %s order by i.position",
            (period_id,),
        ).fetchall()
    return tuple(values) if any(v.org_id for v in values) else ()


def read_group_rates(conn: psycopg.Connection[Any], period_id: str) -> tuple[IndicatorValue, ...]:
    """The rates of each group and of the province that say how far the work reaches; how well is reported is told apart."""
    with conn.cursor(row_factory=class_row(IndicatorValue)) as cursor:
        found = cursor.execute(
            f"select {_COLUMNS} from bi.indicator_value v join bi.indicator i using (indicator_id)"  # noqa: S608 - our words
            " where v.period = %s and v.org_level in ('group', 'province') and i.unit = 'share'"
            " and i.pillar <> 'operations' order by i.position, v.org_id",
            (period_id,),
        )
        return tuple(found.fetchall())


def read_years(conn: psycopg.Connection[Any], year: int) -> dict[str, tuple[tuple[int, Decimal | None], ...]]:
    """Each indicator's values of the province in this year and those before it that the release holds, the oldest first."""
    found = conn.execute(
        "select indicator_id, period::integer, value from bi.indicator_value"
        " where org_level = 'province' and period_type = 'year' and period::integer between %s and %s order by 1, 2",
        (year - _YEARS_SHOWN + 1, year),
    )
    years: dict[str, list[tuple[int, Decimal | None]]] = defaultdict(list)
    for indicator_id, of_year, value in found:
        years[indicator_id].append((of_year, value))
    return {indicator_id: tuple(values) for indicator_id, values in years.items()}
