"""The rows that wait, as people ask for them."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.rows import dict_row


def read_quarantine(
    conn: psycopg.Connection[Any],
    *,
    form_id: str | None = None,
    unit_id: str | None = None,
    period: str | None = None,
    rule_code: str | None = None,
    limit: int = 100,
) -> list[dict[str, Any]]:
    """Why each row of the submissions in force waits, those that wait longest first: a line per row and error, as `ops.finding` has
    it, with `object_name` and `since`, when the file with the row was first decided upon."""
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "select f.*, d.object_name,"
            "  (select min(first.decided_at) from ops.submission first where first.delivery_id = s.delivery_id) as since"
            " from quarantine.submitted_row q join ops.submission_in_force s using (submission_id)"
            " join archive.delivery d using (delivery_id) join ops.finding f"
            "   on (f.submission_id, f.row_number) = (q.submission_id, q.row_number) and f.severity = 'error'"
            " where (%(form)s::text is null or s.form_id = %(form)s) and (%(unit)s::text is null or s.unit_id = %(unit)s)"
            " and (%(period)s::text is null or s.period = %(period)s) and (%(rule)s::text is null or f.code = %(rule)s)"
            " order by since, s.form_id, s.unit_id, s.period, q.row_number, f.finding_id limit %(limit)s",
            {"form": form_id, "unit": unit_id, "period": period, "rule": rule_code, "limit": limit},
        ).fetchall()
