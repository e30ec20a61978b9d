"""What units still have to hand in: what was published as missing, without what has come since."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
from psycopg.rows import class_row

_OWED = """
    select c.form_id, c.unit_id, c.period, c.due_date, c.state = 'refused' as is_refused
    from bi.completeness c
    where c.expected and not c.accepted and c.state <> 'held'
        and (%(unit)s::text is null or c.unit_id = %(unit)s)
        and c.due_date >= %(first)s and (%(last)s::date is null or c.due_date <= %(last)s)
        and not exists (
            select from ops.submission_in_force s where (s.form_id, s.unit_id, s.period) = (c.form_id, c.unit_id, c.period)
        )
    order by c.due_date, c.form_id, c.unit_id, c.period
"""


@dataclass(frozen=True, slots=True)
class Owed:
    """An answer that is expected and not in force; `is_refused` where the last one was sent back."""

    form_id: str
    unit_id: str
    period: str
    due_date: date
    is_refused: bool


def read_owed(
    conn: psycopg.Connection[Any], first: date, last: date | None = None, unit_id: str | None = None
) -> list[Owed]:
    """What is due between these days, both included, by all units or one, what is due first first; empty before the first release.

    What waits for a closed period is not owed.
    """
    if conn.execute("select to_regclass('bi.completeness') is null").fetchall() == [(True,)]:
        return []
    with conn.cursor(row_factory=class_row(Owed)) as cursor:
        return cursor.execute(_OWED, {"unit": unit_id, "first": first, "last": last}).fetchall()
