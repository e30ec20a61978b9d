"""Cross rules: what a contract asks of the warehouse once rows are loaded, because one submission alone cannot answer it.

All rules are asked in one transaction over `checks.<form>`. What they find are spans: a finding that still holds stays as it is,
a new one opens, one that holds no more is closed; nothing is deleted, so asking again changes nothing. Where nothing was
accepted since the last time and no rule has changed, nothing is asked.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from connectors.warehouse.waivers import Waiver, read_waivers, waived_periods
from expectations.contract import Form, Rule, forms

log = logging.getLogger(__name__)

CROSS_CHECK_LOCK = "cross_check"
"""One run asks at a time."""

RULE_SECONDS = 60
"""What a rule may take; at 200 000 rows an honest one takes a second. One that takes longer must not hold up the night."""

SORT_MEMORY = "64MB"
"""Enough to hash the rows of a form in memory."""

LONGEST_EVIDENCE = 120
"""Characters. Evidence is a phrase with a few figures."""

IDENTIFYING = "[0-9A-Za-z]{15,}"
"""What no figure is and every citizen ID (15 or 18), bank card and token is; it is blotted out wherever evidence quotes a text."""

_ASKED = """
    create temporary table asked (code text, severity text, is_shadow boolean, fields text[], heading text,
        submission_id bigint, row_number integer, evidence text)
"""

_CLOSE = """
    update ops.cross_finding as f set until_run_id = %(run)s
    where until_run_id is null and code <> all(%(failed)s) and not exists (
        select from asked as a
        where a.code = f.code and a.submission_id = f.submission_id and coalesce(a.row_number, 0) = coalesce(f.row_number, 0)
            and (a.evidence, a.severity, a.is_shadow, a.fields) = (f.evidence, f.severity, f.is_shadow, f.fields)
    )
"""

_OPEN = """
    insert into ops.cross_finding
        (code, severity, is_shadow, fields, heading, submission_id, row_number, evidence, from_run_id)
    select a.*, %(run)s from asked as a
    where not exists (
        select from ops.cross_finding as f
        where f.until_run_id is null and f.code = a.code and f.submission_id = a.submission_id
            and coalesce(f.row_number, 0) = coalesce(a.row_number, 0)
    )
    order by a.code, a.submission_id, a.row_number
"""


@dataclass(frozen=True, slots=True)
class CrossCheck:
    """What asking came to: rules asked, findings opened and closed, and the rules that failed, each with the class of its error."""

    rules: int
    opened: int
    closed: int
    failed: tuple[str, ...] = ()


def ask_cross_rules(conn: psycopg.Connection[Any], run_id: int) -> CrossCheck | None:
    """Ask every cross rule of every form and bring the open findings to what they say; None where nothing is new.

    Harmless when repeated; killed, nothing has happened. A rule whose query fails is our fault: it is logged, its findings
    stay as they were, the others go on, and the next run asks again. Raises: psycopg.OperationalError for a lost connection.
    """
    rules = [(form, rule) for form in forms().values() for rule in form.cross_rules]
    with conn.transaction():
        conn.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (CROSS_CHECK_LOCK,))
        waivers = read_waivers(conn)
        inputs = _inputs(conn, rules, waivers)
        if _is_asked(conn, inputs):
            return None
        conn.execute(_ASKED)
        conn.execute(sql.SQL("set local work_mem = {}").format(SORT_MEMORY))
        _help_the_planner(conn, {form.form_id for form, _ in rules})
        failed = {rule.code: kind for form, rule in rules if (kind := _ask(conn, form, rule, waivers))}
        told = {"run": run_id, "failed": list(failed)}
        closed = conn.execute(_CLOSE, told).rowcount
        opened = conn.execute(_OPEN, told).rowcount
        conn.execute("drop table asked")
        checked = CrossCheck(len(rules), opened, closed, tuple(f"{code} {kind}" for code, kind in failed.items()))
        _record(conn, run_id, inputs, checked)
    return checked


def _help_the_planner(conn: psycopg.Connection[Any], form_ids: set[str]) -> None:
    """Statistics of what the night has just loaded, and no loop over every pair of rows: without them some rules took minutes at
    100 000 rows instead of a second, because the planner took the tables for empty."""
    conn.execute("analyze ops.submission")
    for form_id in sorted(form_ids):
        conn.execute(sql.SQL("analyze {}").format(sql.Identifier("landing", form_id)))
    conn.execute("set local enable_nestloop = off")


def _inputs(conn: psycopg.Connection[Any], rules: Sequence[tuple[Form, Rule]], waivers: Sequence[Waiver]) -> str:
    """The digest of everything that decides what the rules find: themselves, the waivers, and what was accepted and withdrawn so
    far, which only grows."""
    accepted = conn.execute(
        "select count(*), max(submission_id), (select count(*) from ops.withdrawal), (select count(*) from ops.submission_let_in)"
        " from ops.submission where outcome = 'accepted'"
    ).fetchone()
    said = [(r.code, r.query, r.severity, r.is_shadow, r.fields) for _, r in rules]
    waived = [waiver.waiver_id for waiver in waivers]
    return hashlib.sha256(f"{accepted} {said} {waived}".encode()).hexdigest()


def _is_asked(conn: psycopg.Connection[Any], inputs: str) -> bool:
    row = conn.execute(
        "select inputs = %s and failed = '{}' from ops.cross_check order by asked_at desc, run_id desc limit 1",
        (inputs,),
    ).fetchone()
    return bool(row and row[0])


def _ask(conn: psycopg.Connection[Any], form: Form, rule: Rule, waivers: Sequence[Waiver]) -> str | None:
    """Put what a rule finds into `asked`, told as `info` where it is waived.

    Gives the class of the error where the query fails, whose text may quote a row.
    """
    waived = waived_periods(form, rule, waivers)
    statement = sql.Composed(
        [
            sql.SQL(
                "insert into asked select distinct on (q.submission_id, q.row_number) {},"
                " case when w.reason is null then {} else 'info' end, {}, {}::text[], {}, q.submission_id, q.row_number,"
                " left(regexp_replace(coalesce(q.evidence, ''), {}, '***', 'g'), {}) || coalesce('；豁免：' || w.reason, '') from ("
            ).format(
                *(rule.code, str(rule.severity), rule.is_shadow, list(rule.fields)),
                *("、".join(form.field(name).heading for name in rule.fields), IDENTIFYING, LONGEST_EVIDENCE),
            ),
            # On lines of its own, so that a remark at its end ends there; not formatted, so that braces in it are braces.
            sql.SQL(f"\n{(rule.query or '').strip().removesuffix(';')}\n"),
            sql.SQL(
                ") as q join ops.submission as s on s.submission_id = q.submission_id and s.form_id = {}"
                " left join unnest({}::text[], {}::text[], {}::text[]) as w (unit_id, period, reason)"
                " on (w.unit_id, w.period) = (s.unit_id, s.period)"
                " order by q.submission_id, q.row_number, q.evidence"
            ).format(form.form_id, *([found[place] for found in waived] for place in range(3))),
        ]
    )
    try:
        with conn.transaction():
            conn.execute(sql.SQL("set local statement_timeout = {}").format(f"{RULE_SECONDS}s"))
            conn.execute(statement)
            conn.execute("set local statement_timeout = 0")
    except psycopg.Error as error:
        if conn.closed:
            raise
        kind = type(error).__name__
        log.error("cross rule %s could not be asked: %s", rule.code, kind)
        return kind
    return None


def _record(conn: psycopg.Connection[Any], run_id: int, inputs: str, checked: CrossCheck) -> None:
    conn.execute(
        "insert into ops.cross_check (run_id, asked_at, inputs, rules, failed) values (%s, now(), %s, %s, %s)"
        " on conflict (run_id) do update set asked_at = excluded.asked_at, inputs = excluded.inputs,"
        " rules = excluded.rules, failed = excluded.failed",
        (run_id, inputs, checked.rules, list(checked.failed)),
    )
