"""How good the data are: rows by what became of them, findings by code, and where something waits for a correction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import class_row

from connectors.report.figures.release import Span

_FORMS = """
    select q.form_id, sum(q.rows_read)::bigint as rows_read, sum(q.rows_loaded)::bigint as rows_loaded,
        sum(q.rows_quarantined)::bigint as rows_quarantined, sum(q.rows_ignored)::bigint as rows_ignored
    from bi.data_quality_summary q join bi.period p using (period)
    where p.last_day between %s and %s
    group by q.form_id order by q.form_id
"""

_FINDINGS = """
    select f.code, f.severity, sum(f.findings)::bigint as findings, count(distinct f.unit_id) as units
    from bi.finding_summary f join bi.period p using (period)
    where p.last_day between %s and %s
    group by f.code, f.severity
    order by array_position(array['critical', 'error', 'warning', 'info'], f.severity), findings desc, f.code
"""

_WAITING = """
    select q.unit_id, q.form_id, q.period, q.outcome = 'refused' as is_refused, q.rows_quarantined
    from bi.data_quality_summary q join bi.period p using (period)
    where p.last_day between %s and %s and (q.outcome = 'refused' or q.rows_quarantined > 0)
    order by q.unit_id, q.period, q.form_id
"""


@dataclass(frozen=True, slots=True)
class FormRows:
    """What became of the rows of one form, in the newest submission of each unit and period: read = loaded + quarantined + ignored."""

    form_id: str
    rows_read: int
    rows_loaded: int
    rows_quarantined: int
    rows_ignored: int


@dataclass(frozen=True, slots=True)
class FindingCount:
    """How often one code was found, and in how many units."""

    code: str
    severity: str
    findings: int
    units: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """A workbook that waits for its correction: refused whole, or taken with some rows in quarantine."""

    unit_id: str
    form_id: str
    period: str
    is_refused: bool
    rows_quarantined: int


@dataclass(frozen=True, slots=True)
class Quality:
    """The quality of what answers for the period."""

    forms: tuple[FormRows, ...]
    findings: tuple[FindingCount, ...]
    waiting: tuple[Waiting, ...]


def read_quality(conn: psycopg.Connection[Any], span: Span) -> Quality:
    """The quality of the newest submissions whose period ends within the report's."""
    days = (span.first_day, span.last_day)
    with conn.cursor(row_factory=class_row(FormRows)) as cursor:
        forms = cursor.execute(_FORMS, days).fetchall()
    with conn.cursor(row_factory=class_row(FindingCount)) as cursor:
        findings = cursor.execute(_FINDINGS, days).fetchall()
    with conn.cursor(row_factory=class_row(Waiting)) as cursor:
        waiting = cursor.execute(_WAITING, days).fetchall()
    return Quality(tuple(forms), tuple(findings), tuple(waiting))
