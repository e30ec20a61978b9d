"""What is wrong in the warehouse tonight, read from its ledger and from what was published.

A condition has the grain of its cause: one refused workbook, one workbook with rows that wait, one unit with all that it owes, one
rule that a unit's answers do not keep. So 200 findings of a file are one, and eight missing forms of a unit are one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, LiteralString

import psycopg

from connectors.alerts.condition import FROM_RELEASE, KINDS, Condition
from connectors.warehouse.looks import read_broken_now
from expectations.contract import forms

_REFUSED = """
    select s.form_id, s.unit_id, s.period, jsonb_object_agg(f.code, f.findings)
    from ops.submission s
    cross join lateral (
        select code, count(*) as findings from ops.finding
        where delivery_id = s.delivery_id and submission_id = s.submission_id and severity = 'critical' group by code
    ) f
    where s.outcome = 'refused' and not exists (
        select from ops.submission n where (n.form_id, n.unit_id, n.period) = (s.form_id, s.unit_id, s.period) and n.version > s.version
    )
    group by s.submission_id, s.form_id, s.unit_id, s.period
"""

_QUARANTINED = """
    select s.form_id, s.unit_id, s.period, jsonb_object_agg(f.code, f.waiting)
    from ops.submission s
    cross join lateral (
        select code, count(distinct row_number) as waiting from ops.finding
        where delivery_id = s.delivery_id and submission_id = s.submission_id and severity = 'error' group by code
    ) f
    where s.rows_quarantined > 0 and s.outcome = 'accepted' and not exists (
        select from ops.submission n where (n.form_id, n.unit_id, n.period) = (s.form_id, s.unit_id, s.period)
            and n.version > s.version and n.outcome = 'accepted'
    ) and not exists (select from ops.withdrawal w where w.submission_id = s.submission_id)
    group by s.submission_id, s.form_id, s.unit_id, s.period
"""

_UNRECOGNISED = """
    select f.code, jsonb_object_agg(left(d.sha256, 12), 1), d.source_id
    from ops.delivery_outcome o
    join archive.delivery d using (delivery_id)
    cross join lateral (
        select min(code) as code from ops.finding where delivery_id = o.delivery_id and severity = 'critical'
    ) f
    where o.outcome = 'unrecognised' and not exists (
        select from archive.delivery n
        where (n.source_id, n.object_name) = (d.source_id, d.object_name) and n.delivery_id > d.delivery_id
    )
    group by f.code, d.source_id
"""

_CROSS = """
    select s.form_id, s.unit_id, c.code, jsonb_object_agg(s.period, c.findings)
    from (
        select submission_id, code, count(*) as findings from ops.cross_finding
        where until_run_id is null and not is_shadow and severity = 'warning' group by submission_id, code
    ) c
    join ops.submission s using (submission_id)
    group by s.form_id, s.unit_id, c.code
"""

_OVERDUE = """
    select c.unit_id, jsonb_object_agg(c.form_id || ' ' || c.period, 1)
    from bi.completeness c
    where c.expected and c.state = 'overdue' and not exists (
        select from ops.submission s where (s.form_id, s.unit_id, s.period) = (c.form_id, c.unit_id, c.period)
    )
    group by c.unit_id
"""

_UNASKED = """
    select unnest(failed) from ops.cross_check
    where run_id = (select run_id from ops.cross_check order by asked_at desc, run_id desc limit 1)
"""

_UNDELIVERED = """
    select o.channel_id, jsonb_object_agg(o.state, o.messages)
    from (
        select channel_id, case when state in ('waiting', 'sending') then 'waiting' else state end as state, count(*) as messages
        from ops.outbox o
        where night > (select max(night) from ops.outbox) - 30 and ((state in ('waiting', 'sending') and attempts >= 2) or (
            state in ('unknown', 'failed') and not exists (
                select from ops.outbox n where n.channel_id = o.channel_id and n.state = 'sent' and n.outbox_id > o.outbox_id
            )
        ))
        group by 1, 2
    ) o
    group by o.channel_id
"""
"""A channel whose last messages did not arrive; one that arrives later says that it works again."""

BY_REGISTER = frozenset({"form.unit_unknown", "form.not_submitted_by"})
"""What a unit hears whose line is in a register that was refused."""


def find_conditions(conn: psycopg.Connection[Any], *, has_release: bool) -> tuple[list[Condition], frozenset[str]]:
    """What is wrong, and the kinds that were looked at; where a night publishes nothing, what the release says is not asked.

    What a refused register explains names that as its cause.
    """
    found = [*_refused(conn), *_unrecognised(conn), *_quarantined(conn), *_cross(conn)]
    found += [*_unasked(conn), *_undelivered(conn)]
    checked = {kind for kind, about in KINDS.items() if not about.is_of_night and kind not in FROM_RELEASE}
    found += [Condition("source_broken", about=s, facts={outcome: 1}) for s, outcome in read_broken_now(conn).items()]
    if has_release and _one(conn, "select to_regclass('bi.completeness') is not null"):
        found += [Condition("overdue", unit_id=unit, facts=facts) for unit, facts in conn.execute(_OVERDUE)]
        checked |= FROM_RELEASE
    registers = [c for c in found if c.kind == "register_refused"]
    explained = [replace(c, cause=registers[0].fingerprint) if registers and _is_by_register(c) else c for c in found]
    return explained, frozenset(checked)


def _refused(conn: psycopg.Connection[Any]) -> Iterator[Condition]:
    for form_id, unit_id, period, facts in conn.execute(_REFUSED):
        form = forms().get(form_id)
        kind = "register_refused" if form and form.is_register else "refused"
        yield Condition(kind, form_id, unit_id, period, facts=facts)


def _quarantined(conn: psycopg.Connection[Any]) -> Iterator[Condition]:
    for form_id, unit_id, period, facts in conn.execute(_QUARANTINED):
        yield Condition("quarantined", form_id, unit_id, period, facts=facts)


def _unrecognised(conn: psycopg.Connection[Any]) -> Iterator[Condition]:
    for code, facts, source_id in conn.execute(_UNRECOGNISED):
        yield Condition("unrecognised", about=f"{source_id}/{code}", facts=facts)


def _cross(conn: psycopg.Connection[Any]) -> Iterator[Condition]:
    for form_id, unit_id, code, facts in conn.execute(_CROSS):
        yield Condition("cross_finding", form_id, unit_id, about=code, facts=facts)


def _unasked(conn: psycopg.Connection[Any]) -> Iterator[Condition]:
    for (failed,) in conn.execute(_UNASKED):
        code, _, error = failed.partition(" ")
        yield Condition("rule_unasked", about=code, facts={error or "?": 1})


def _undelivered(conn: psycopg.Connection[Any]) -> Iterator[Condition]:
    for channel_id, facts in conn.execute(_UNDELIVERED):
        yield Condition("undelivered", about=channel_id, facts=facts)


def _is_by_register(condition: Condition) -> bool:
    """Whether a register that was refused explains all of this."""
    if condition.kind == "refused":
        return set(condition.facts) <= BY_REGISTER
    return condition.kind == "unrecognised" and (condition.about or "").rpartition("/")[2] in BY_REGISTER


def _one(conn: psycopg.Connection[Any], query: LiteralString) -> Any:
    [(value,)] = conn.execute(query).fetchall()
    return value
