"""What a rule would do: how many rows and units of a period break it, before anybody is made to feel it.

A rule about rows is asked of the archived originals of the submissions in force, so that one which was written today is known
today; a rule about other submissions is counted by every night, in shadow or not, and what it found last is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.rows import class_row

from connectors.warehouse.registers import read_unit_register
from expectations.contract import Form, Rule

if TYPE_CHECKING:
    from connectors.archive import Archive
    from connectors.workbooks.pool import ReaderPool

CHUNK = 200
"""Originals read and judged at once."""

Rows = set[tuple[int, int]]
"""Delivery and row number; 0 where a whole submission is meant."""


@dataclass(frozen=True, slots=True)
class Impact:
    """How many of the rows, and of the units that answered for a period, break a rule."""

    rule: Rule
    period: str
    rows: int
    rows_asked: int
    units: int
    units_asked: int


@dataclass(frozen=True, slots=True)
class _Answer:
    delivery_id: int
    unit_id: str
    rows: int
    sha256: str


def last_period(conn: psycopg.Connection[Any], form: Form) -> str | None:
    """The newest period of a form that somebody has answered for; None where nobody has."""
    row = conn.execute("select max(period) from ops.submission_in_force where form_id = %s", (form.form_id,)).fetchone()
    return row[0] if row else None


def count_impact(
    conn: psycopg.Connection[Any],
    archive: Archive,
    pool: ReaderPool,
    form: Form,
    rules: Sequence[Rule],
    period: str,
) -> list[Impact]:
    """The impact of these rules of a form on a period, in their order."""
    answers = _answers(conn, form, period)
    broken: dict[str, Rows] = {rule.code: _found_by_night(conn, rule, period) for rule in rules if rule.query}
    if row_rules := {rule.code for rule in rules if rule.query is None}:
        for code, delivery_id, row_number in _broken(conn, archive, pool, form, answers):
            if code in row_rules:
                broken.setdefault(code, set()).add((delivery_id, row_number))
    units = {answer.delivery_id: answer.unit_id for answer in answers}
    rows_asked = sum(answer.rows for answer in answers)
    return [_impact(rule, period, broken.get(rule.code, set()), units, rows_asked) for rule in rules]


def _impact(rule: Rule, period: str, broken: Rows, units: Mapping[int, str], rows_asked: int) -> Impact:
    of_units = {units[delivery_id] for delivery_id, _ in broken if delivery_id in units}
    return Impact(rule, period, len(broken), rows_asked, len(of_units), len(set(units.values())))


def _answers(conn: psycopg.Connection[Any], form: Form, period: str) -> list[_Answer]:
    with conn.cursor(row_factory=class_row(_Answer)) as cursor:
        return cursor.execute(
            "select s.delivery_id, s.unit_id, s.rows_loaded + s.rows_quarantined as rows, d.sha256"
            " from ops.submission_in_force s join archive.delivery d using (delivery_id)"
            " where (s.form_id, s.period) = (%s, %s) order by s.delivery_id",
            (form.form_id, period),
        ).fetchall()


def _found_by_night(conn: psycopg.Connection[Any], rule: Rule, period: str) -> Rows:
    found = conn.execute(
        "select s.delivery_id, coalesce(f.row_number, 0) from ops.cross_finding f"
        " join ops.submission_in_force s using (submission_id)"
        " where f.code = %s and f.until_run_id is null and s.period = %s",
        (rule.code, period),
    )
    return {(delivery_id, row_number) for delivery_id, row_number in found}


def _broken(
    conn: psycopg.Connection[Any], archive: Archive, pool: ReaderPool, form: Form, answers: Sequence[_Answer]
) -> Iterator[tuple[str, int, int]]:
    """The rules that rows of these answers break: rule, delivery, row."""
    from expectations.judgement import judge

    register = read_unit_register(conn)
    for start in range(0, len(answers), CHUNK):
        chunk = answers[start : start + CHUNK]
        batch = pool.read([(a.delivery_id, archive.get(a.sha256, pool.longest_file_bytes + 1)) for a in chunk])
        rows = batch.rows.get(form.form_id)
        if rows is None:
            continue
        failures = judge([(form, rows)], {"unit": register.spans})
        yield from failures.select("rule_code", "delivery_id", "row_number").iter_rows()
