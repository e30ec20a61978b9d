"""Where a figure comes from: which forms feed a measure, and how many rows of theirs count in the period."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import class_row

TABLES = (
    "marts.measures",
    "marts.fct_measures",
    "intermediate.int_measure_periods",
    "intermediate.int_unit_months",
    "intermediate.int_enterprises_in_force",
)
"""What dbt leaves beside `bi`; a database that holds `bi` alone, such as a copy for readers, has none of them."""

_COUNTED = """
    with rows as (
        select m.measure_id
        from marts.fct_measures m
        join marts.measures s on s.measure_id = m.measure_id and s.membership = 'as_then'
        join intermediate.int_measure_periods p on p.measure_id = m.measure_id and p.period = %(period)s
        join intermediate.int_unit_months o
            on o.unit_id = m.unit_id and o.month_date = date_trunc('month', m.occurred_date)::date
            and o.org_level = 'province' and o.basis <> 'as_now'
        where m.state_first_date is null and m.value <> 0
            and o.month_date between date_trunc('month', p.first_date)::date and p.as_of_date
        union all
        select m.measure_id
        from marts.fct_measures m
        join marts.measures s on s.measure_id = m.measure_id and s.membership = 'at_period_end'
        join intermediate.int_enterprises_in_force o
            on o.unit_id = m.unit_id and o.period = %(period)s and o.org_level = 'province' and o.basis <> 'as_now'
        where m.value <> 0 and case
            when m.state_first_date is null
                then date_trunc('month', m.occurred_date)::date between o.first_date and o.as_of_date
            else o.as_of_date between m.state_first_date and m.state_last_date
                and (
                    s.over_time <> 'state_in_year'
                    or least(m.state_first_date, m.occurred_date) >= date_trunc('year', o.as_of_date)::date
                )
            end
    )
    select s.measure_id, s.name_zh, string_to_array(s.forms, ';') as forms, count(rows.measure_id) as rows_count
    from marts.measures s left join rows on rows.measure_id = s.measure_id
    group by s.measure_id, s.name_zh, s.forms
"""


@dataclass(frozen=True, slots=True)
class Source:
    """One measure: its name, the ids of the forms that feed it (`all` stands for every form), and its rows in the period.

    A row is one line of a sheet, or one submission where the whole submission is what counts.
    """

    measure_id: str
    name_zh: str
    forms: list[str]
    rows_count: int


def read_sources(conn: psycopg.Connection[Any], period_id: str) -> dict[str, Source]:
    """Every measure of the province by its id; empty where the database holds nothing but `bi`."""
    missing = conn.execute(
        "select 1 from unnest(%s::text[]) as name where to_regclass(name) is null limit 1", (list(TABLES),)
    ).fetchone()
    if missing:
        return {}
    with conn.cursor(row_factory=class_row(Source)) as cursor:
        return {s.measure_id: s for s in cursor.execute(_COUNTED, {"period": period_id})}
