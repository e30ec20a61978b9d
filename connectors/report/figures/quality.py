"""How good the data are: rows by what became of them, findings by code, and where rows wait for a correction."""

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
    where p.last_day between %s and %s and q.code = ''
    group by q.form_id order by q.form_id
"""

_FINDINGS = """
    select q.code, q.severity, sum(q.findings)::bigint as findings, count(distinct q.unit_id) as units
    from bi.data_quality_summary q join bi.period p using (period)
    where p.last_day between %s and %s and q.code <> ''
    group by q.code, q.severity
    order by array_position(array['critical', 'error', 'warning', 'info'], q.severity), findings desc, q.code
"""

_WAITING = """
    select q.unit_id, q.form_id, q.period, q.rows_quarantined
    from bi.data_quality_summary q join bi.period p using (period)
    where p.last_day between %s and %s and q.code = '' and q.rows_quarantined > 0
    order by q.unit_id, q.period, q.form_id
"""


@dataclass(frozen=True, slots=True)
class FormRows:
    """What became of the rows of one form, in its submissions in force: read = loaded + quarantined + ignored."""

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
    """Rows of one unit, form and period that wait in quarantine for a corrected workbook."""

    unit_id: str
    form_id: str
    period: str
    rows_quarantined: int


@dataclass(frozen=True, slots=True)
class Quality:
    """The quality of what answers for the period."""

    forms: tuple[FormRows, ...]
    findings: tuple[FindingCount, ...]
    waiting: tuple[Waiting, ...]


def read_quality(conn: psycopg.Connection[Any], span: Span) -> Quality:
    """The quality of the submissions in force whose period ends within the report's."""
    days = (span.first_day, span.last_day)
    with conn.cursor(row_factory=class_row(FormRows)) as cursor:
        forms = cursor.execute(_FORMS, days).fetchall()
    with conn.cursor(row_factory=class_row(FindingCount)) as cursor:
        findings = cursor.execute(_FINDINGS, days).fetchall()
    with conn.cursor(row_factory=class_row(Waiting)) as cursor:
        waiting = cursor.execute(_WAITING, days).fetchall()
    return Quality(tuple(forms), tuple(findings), tuple(waiting))
