"""Waivers: a dated exception to one rule for one unit, with a reason and whoever answers for it.

A finding of the rule for that unit, about a period that lies within the dates, is told as `info` and keeps no row from loading.
Nothing is changed in place: a waiver that ends early has an end beside it, and what was decided meanwhile stays decided.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

from connectors.warehouse.events import Event, append_events
from connectors.warehouse.recorded import Rows, rows_of
from expectations.contract import Form, Rule, forms
from expectations.finding import Finding, Severity
from expectations.periods import Period, periods_between

LONGEST_DAYS = 366 * 5
"""A waiver outlasts no plan: what lasts longer is another rule, and belongs in the contract."""

_COMPARED = re.compile(r"(\w+) [<>]= (\w+)")
"""A rule that one number of a row is part of another; a share above 100 % would stop the whole night."""


@dataclass(frozen=True, slots=True)
class Waiver:
    """One waiver; `ended_at` and what goes with it are None while nobody has ended it."""

    waiver_id: int
    rule_code: str
    unit_id: str
    first_day: date
    last_day: date
    reason: str
    author: str
    decided_at: datetime
    ended_at: datetime | None = None
    end_reason: str | None = None
    end_author: str | None = None

    def covers(self, rule_code: str, unit_id: str, period: Period) -> bool:
        """Whether a finding of this rule, about this unit and period, is waived."""
        return (
            (self.rule_code, self.unit_id) == (rule_code, unit_id)
            and self.first_day <= period.first_day
            and period.last_day <= self.last_day
        )


def waivable_rules() -> dict[str, tuple[Form, Rule]]:
    """The rules that can be waived, with their forms.

    Not what is critical, nor what figures are built upon and checks of the whole night hold: what every field demands (given, in
    range, known to a register), keys, parts within their whole, and the registers themselves. An unreadable value breaks no rule of
    a contract and therefore cannot be waived at all.
    """
    return {
        rule.code: (form, rule)
        for form in forms().values()
        if not form.is_register
        for rule in form.rules
        if rule.severity in (Severity.ERROR, Severity.WARNING) and not _is_built_upon(form, rule)
    }


def read_waivers(conn: psycopg.Connection[Any], *, with_ended: bool = False) -> list[Waiver]:
    """The waivers that nobody has ended (or all), the newest last."""
    with conn.cursor(row_factory=class_row(Waiver)) as cursor:
        return cursor.execute(
            "select w.waiver_id, w.rule_code, w.unit_id, w.first_day, w.last_day, w.reason, w.author, w.decided_at,"
            " e.decided_at as ended_at, e.reason as end_reason, e.author as end_author"
            " from ops.waiver w left join ops.waiver_end e using (waiver_id)"
            " where %s or e.waiver_id is null order by w.waiver_id",
            (with_ended,),
        ).fetchall()


def add_waiver(
    conn: psycopg.Connection[Any],
    rule_code: str,
    unit_id: str,
    first_day: date,
    last_day: date,
    *,
    reason: str,
    author: str,
) -> int:
    """Record a waiver of a rule that is among `waivable_rules`; gives its id. One that is the same word for word is it already."""
    said = (rule_code, unit_id, first_day, last_day, reason, author)
    with conn.transaction():
        conn.execute("lock table ops.waiver in share row exclusive mode")
        found = conn.execute(
            "select w.waiver_id from ops.waiver w left join ops.waiver_end e using (waiver_id) where e.waiver_id is null"
            " and (rule_code, unit_id, first_day, last_day, w.reason, w.author) = (%s, %s, %s, %s, %s, %s)",
            said,
        ).fetchone()
        if found is None:
            found = conn.execute(
                "insert into ops.waiver (rule_code, unit_id, first_day, last_day, reason, author, decided_at)"
                " values (%s, %s, %s, %s, %s, %s, now()) returning waiver_id",
                said,
            ).fetchone()
            assert found is not None  # noqa: S101 - `returning` gives a row or raises
            dates = {"first_day": first_day.isoformat(), "last_day": last_day.isoformat()}
            rows = rows_of(conn, ops_waiver=found[0])
            append_events(conn, [_event("waived", author, reason, found[0], rule_code, unit_id, dates, rows)])
    return int(found[0])


def end_waiver(conn: psycopg.Connection[Any], waiver_id: int, *, reason: str, author: str) -> bool:
    """End a waiver for what is decided from now on; false where there is no such waiver or it has ended already."""
    with conn.transaction():
        ended = conn.execute(
            "insert into ops.waiver_end (waiver_id, reason, author, decided_at)"
            " select waiver_id, %s, %s, now() from ops.waiver where waiver_id = %s on conflict do nothing",
            (reason, author, waiver_id),
        )
        if ended.rowcount == 1:
            [(rule_code, unit_id)] = conn.execute(
                "select rule_code, unit_id from ops.waiver where waiver_id = %s", (waiver_id,)
            ).fetchall()
            rows = rows_of(conn, ops_waiver_end=waiver_id)
            append_events(conn, [_event("waiver_ended", author, reason, waiver_id, rule_code, unit_id, {}, rows)])
    return ended.rowcount == 1


def _event(
    kind: str,
    author: str,
    reason: str,
    waiver_id: int,
    rule_code: str,
    unit_id: str,
    dates: Mapping[str, str],
    rows: Rows,
) -> Event:
    form = waivable_rules().get(rule_code)
    details = {"waiver_id": waiver_id, "rule_code": rule_code, **dates, "rows": rows}
    return Event(kind, author, reason, form_id=form[0].form_id if form else None, unit_id=unit_id, details=details)


def waive(findings: Iterable[Finding], unit_id: str, period: Period, waivers: Sequence[Waiver]) -> list[Finding]:
    """The findings about a submission, those that are waived told as `info`, with the reason."""
    return [_waived(finding, unit_id, period, waivers) for finding in findings]


def waived_periods(form: Form, rule: Rule, waivers: Sequence[Waiver]) -> list[tuple[str, str, str]]:
    """Unit, period and reason of everything for which a rule of a form is waived."""
    return [
        (waiver.unit_id, period.id, waiver.reason)
        for waiver in waivers
        if waiver.rule_code == rule.code
        for period in periods_between(form.frequency, waiver.first_day, waiver.last_day)
        if waiver.covers(rule.code, waiver.unit_id, period)
    ]


def _waived(finding: Finding, unit_id: str, period: Period, waivers: Sequence[Waiver]) -> Finding:
    if finding.severity not in (Severity.ERROR, Severity.WARNING):
        return finding
    waiver = next((w for w in waivers if w.covers(finding.code, unit_id, period)), None)
    if waiver is None:
        return finding
    told = {**finding.params, "waiver": str(waiver.waiver_id), "waived_because": waiver.reason}
    return replace(finding, severity=Severity.INFO, params=told)


def _is_built_upon(form: Form, rule: Rule) -> bool:
    demanded = rule.is_key or rule.code in {
        f"{form.form_id}.{field.name}_{end}" for field in form.fields for end in ("given", "in_range", "known")
    }
    compared = _COMPARED.fullmatch(rule.expression or "") if rule.severity is Severity.ERROR else None
    numbers = {field.name for field in form.fields if field.kind in ("integer", "money", "decimal")}
    return demanded or (compared is not None and numbers.issuperset(compared.groups()))
