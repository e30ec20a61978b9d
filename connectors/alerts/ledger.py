"""The ledger of alerts: what holds tonight becomes what is open, and what staff decide about it is kept.

    open ──ack──▶ acknowledged ──silence──▶ silenced ──date or facts──▶ open          each ──check passes on newer data──▶ resolved

Every change is a row of `ops.alert_change`, which only grows. What was resolved and holds again is another opening, with another id.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from connectors.alerts.condition import KINDS, Condition

Row = dict[str, Any]

ALERTS_LOCK = "alerts"
"""One transaction at a time changes the alerts; it is short."""

UNRESOLVED = "state <> 'resolved'"


@dataclass(frozen=True, slots=True)
class Night:
    """The run that looks, and its business date."""

    run_id: int
    business_date: date

    @property
    def author(self) -> str:
        """As the history names it."""
        return f"run {self.run_id}"


@dataclass
class Moved:
    """What a night did to the alerts: how many opened, changed, woke and were resolved."""

    opened: int = 0
    changed: int = 0
    woken: int = 0
    resolved: int = 0
    _changes: list[tuple[int, str, Mapping[str, int]]] = field(default_factory=list)


def lock_alerts(conn: psycopg.Connection[Any]) -> None:
    """Wait for one's turn to change the alerts; until the transaction ends."""
    conn.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (ALERTS_LOCK,))


def bring_alerts(
    conn: psycopg.Connection[Any], night: Night, conditions: Sequence[Condition], checked: Collection[str]
) -> Moved:
    """Bring the open alerts to what holds, in the caller's transaction. Repeated, it changes nothing.

    `checked` are the kinds that were looked at: only their alerts can be resolved, as only a check that passes says that it is over.
    """
    holding = {condition.fingerprint: condition for condition in conditions}
    standing = {row["fingerprint"]: row for row in _read(conn, UNRESOLVED)}
    moved = Moved()
    for fingerprint, row in standing.items():
        condition = holding.get(fingerprint)
        if condition is not None:
            _go_on(conn, night, row, condition, moved)
        elif row["kind"] in checked:
            _resolve(conn, night, row, moved)
    for fingerprint, condition in holding.items():
        if fingerprint not in standing:
            _open(conn, night, condition, moved)
    _link_causes(conn, holding)
    _write_changes(conn, night, moved)
    return moved


def _open(conn: psycopg.Connection[Any], night: Night, condition: Condition, moved: Moved) -> None:
    [(alert_id,)] = conn.execute(
        "insert into ops.alert (fingerprint, kind, severity, form_id, unit_id, period, state, facts, opened_night, opened_at)"
        " values (%s, %s, %s, %s, %s, %s, 'open', %s, %s, clock_timestamp()) returning alert_id",
        (
            *(condition.fingerprint, condition.kind, condition.severity, condition.form_id, condition.unit_id),
            *(condition.period, Jsonb(dict(condition.facts)), night.business_date),
        ),
    ).fetchall()
    moved.opened += 1
    moved._changes.append((alert_id, "opened", condition.facts))


def _go_on(conn: psycopg.Connection[Any], night: Night, row: Row, condition: Condition, moved: Moved) -> None:
    is_other = row["facts"] != dict(condition.facts)
    if is_other:
        conn.execute(
            "update ops.alert set facts = %s where alert_id = %s", (Jsonb(dict(condition.facts)), row["alert_id"])
        )
        moved.changed += 1
        moved._changes.append((row["alert_id"], "changed", condition.facts))
    until = row["silenced_until"]
    if row["state"] == "silenced" and (is_other if until is None else night.business_date > until):
        conn.execute(
            "update ops.alert set state = 'open', silenced_until = null where alert_id = %s", (row["alert_id"],)
        )
        moved.woken += 1
        moved._changes.append((row["alert_id"], "woken", condition.facts))


def _resolve(conn: psycopg.Connection[Any], night: Night, row: Row, moved: Moved) -> None:
    conn.execute(
        "update ops.alert set state = 'resolved', silenced_until = null, cause_id = null, resolved_night = %s,"
        " resolved_at = clock_timestamp() where alert_id = %s",
        (night.business_date, row["alert_id"]),
    )
    moved.resolved += 1
    moved._changes.append((row["alert_id"], "resolved", row["facts"]))


def _link_causes(conn: psycopg.Connection[Any], holding: Mapping[str, Condition]) -> None:
    """Point each alert at the one that explains it, or at none."""
    ids = {row["fingerprint"]: row for row in _read(conn, UNRESOLVED)}
    for fingerprint, row in ids.items():
        condition = holding.get(fingerprint)
        if condition is None:
            # Not looked at tonight: what explained it yesterday still does.
            continue
        cause = ids.get(condition.cause or "")
        cause_id = cause["alert_id"] if cause else None
        if cause_id != row["cause_id"]:
            conn.execute("update ops.alert set cause_id = %s where alert_id = %s", (cause_id, row["alert_id"]))


def _write_changes(conn: psycopg.Connection[Any], night: Night, moved: Moved) -> None:
    with conn.cursor() as cursor:
        cursor.executemany(
            _CHANGE,
            [
                {"id": alert_id, "kind": kind, "night": night.business_date, "author": night.author, "reason": None,
                 "facts": Jsonb(dict(facts))}
                for alert_id, kind, facts in moved._changes
            ],
        )  # fmt: skip


_CHANGE = (
    "insert into ops.alert_change (alert_id, change_no, kind, night, happened_at, author, reason, facts)"
    " select %(id)s, coalesce(max(change_no), 0) + 1, %(kind)s, %(night)s, clock_timestamp(), %(author)s, %(reason)s, %(facts)s"
    " from ops.alert_change where alert_id = %(id)s"
)


def acknowledge(conn: psycopg.Connection[Any], alert_id: int, night: date, author: str) -> str | None:
    """Note that somebody takes care of an open alert; gives the state that it was in, None where there is no such alert.

    An alert that is acknowledged already stays with whoever was first; a resolved one stays resolved.
    """
    return _decide(
        conn, alert_id, "acknowledged", ("open", "silenced"), {"night": night, "author": author, "reason": None}
    )


def silence(
    conn: psycopg.Connection[Any], alert_id: int, night: date, author: str, reason: str, until: date | None
) -> str | None:
    """Say nothing more about an alert until a day is over, or (None) until its facts change; gives the state that it was in."""
    told = {"night": night, "author": author, "reason": reason}
    return _decide(conn, alert_id, "silenced", ("open", "acknowledged", "silenced"), told, until)


def _decide(
    conn: psycopg.Connection[Any],
    alert_id: int,
    to: str,
    allowed: Collection[str],
    told: Row,
    until: date | None = None,
) -> str | None:
    with conn.transaction():
        lock_alerts(conn)
        found = conn.execute(
            "select state, facts, silenced_until from ops.alert where alert_id = %s", (alert_id,)
        ).fetchone()
        if found is None:
            return None
        state, facts, was_until = found
        if state in allowed and (state, was_until) != (to, until):
            conn.execute(
                "update ops.alert set state = %s, silenced_until = %s where alert_id = %s", (to, until, alert_id)
            )
            conn.execute(_CHANGE, {"id": alert_id, "kind": to, "facts": Jsonb(facts), **told})
    return str(state)


def read_alerts(conn: psycopg.Connection[Any], *, with_resolved: bool = False) -> list[Row]:
    """Alerts, the gravest kind first and the oldest of a kind first; each with who acknowledged or silenced it last, and why."""
    rows = _read(conn, "true" if with_resolved else UNRESOLVED)
    order = list(KINDS)
    return sorted(rows, key=lambda row: (row["state"] == "resolved", order.index(row["kind"]), row["alert_id"]))


def read_alerts_of(conn: psycopg.Connection[Any], alert_ids: Collection[int]) -> list[Row]:
    """These alerts, as `read_alerts` gives them, in the order of their ids."""
    return _read(conn, "a.alert_id = any(%(ids)s)", {"ids": list(alert_ids)})


def read_alert(conn: psycopg.Connection[Any], alert_id: int) -> Row | None:
    """One alert with its `changes` in order and its `deliveries`: each message that told of it, and each attempt to send that."""
    found = _read(conn, "alert_id = %(id)s", {"id": alert_id})
    if not found:
        return None
    with conn.cursor(row_factory=dict_row) as cursor:
        changes = cursor.execute(
            "select change_no, kind, night, happened_at, author, reason, facts from ops.alert_change where alert_id = %s"
            " order by change_no",
            (alert_id,),
        ).fetchall()
        deliveries = cursor.execute(
            "select o.outbox_id, o.subject, o.channel_id, o.recipient_id, i.change_no, o.state, a.attempt, a.started_at,"
            " a.finished_at, a.outcome, a.status, a.answer from ops.outbox_item i join ops.outbox o using (outbox_id)"
            " left join ops.outbox_attempt a using (outbox_id) where i.alert_id = %s order by o.outbox_id, i.change_no, a.attempt",
            (alert_id,),
        ).fetchall()
    return {**found[0], "changes": changes, "deliveries": deliveries}


def _read(conn: psycopg.Connection[Any], condition: str, params: Mapping[str, Any] | None = None) -> list[Row]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "select a.*, d.author as decided_by, d.reason as decided_because from ops.alert a"  # noqa: S608 - our own words
            " left join lateral (select author, reason from ops.alert_change c where c.alert_id = a.alert_id"
            f" and c.kind = a.state and c.kind in ('acknowledged', 'silenced') order by change_no desc limit 1) d on true where {condition}"
            " order by a.alert_id",
            params or {},
        ).fetchall()
