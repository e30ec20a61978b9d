"""The events of a warehouse that was filled before there was a chain, written from its tables by the migration that begins it.

One event for each change that the tables tell of, in the order of their times, each marked `recorded_afterwards` with the time that the
table gives (`at`): the chain vouches for these rows from the migration on, and says so. What went out of force is known from the versions
themselves, without a clock: whatever was withdrawn at all was withdrawn while it was in force.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from connectors.warehouse.events import Event, append_events
from connectors.warehouse.recorded import RECORDED

BATCH = 5_000
"""Events held in memory at once."""

_COLUMNS = "kind, author, reason, delivery_id, submission_id, form_id, unit_id, period"

_MADE = """
select {columns}, details || jsonb_build_object(
    'recorded_afterwards', true, 'at', to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')) as details
from (
    select d.collected_at as at, 0 as turn, d.delivery_id as id, 0 as place,
        'received' as kind, 'run ' || d.run_id as author, null as reason, d.delivery_id, null::bigint as submission_id,
        null as form_id, null as unit_id, null as period, jsonb_build_object('rows', {delivery}) as details
    from archive.delivery d
    union all
    select o.decided_at, 1, coalesce(o.submission_id, o.delivery_id), 0,
        case when o.outcome like 'duplicate%' then 'copied' else o.outcome end, 'run ' || o.run_id, null, o.delivery_id, o.submission_id,
        s.form_id, s.unit_id, s.period,
        case when s.submission_id is not null
                then jsonb_build_object('version', s.version, 'rows', {outcome} || {submission})
            when o.outcome like 'duplicate%'
                then jsonb_build_object('same', substr(o.outcome, 11), 'of', o.duplicate_of, 'rows', {outcome})
            else jsonb_build_object('rows', {outcome}) end
    from ops.delivery_outcome o left join ops.submission s using (submission_id)
    union all
    select coalesce(a.decided_at, s.decided_at), 1, s.submission_id, 0,
        case when a.correction_id is null then 'replayed' else 'correction_approved' end,
        coalesce(a.approver, 'run ' || s.run_id), a.reason, s.delivery_id, s.submission_id, s.form_id, s.unit_id, s.period,
        jsonb_build_object('version', s.version, 'replayed', r.replayed_submission_id, 'rows',
            {replay} || case when a.correction_id is null then '{{}}' else {approval} end)
    from ops.submission s join ops.replay r using (submission_id) left join ops.correction_approval a using (submission_id)
    union all
    select coalesce(a.decided_at, s.decided_at), 1, s.submission_id, 1, 'accepted',
        coalesce(a.approver, 'run ' || s.run_id), null, s.delivery_id, s.submission_id, s.form_id, s.unit_id, s.period,
        jsonb_build_object('version', s.version, 'rows', {submission})
    from ops.submission s left join ops.correction_approval a using (submission_id) where s.cause <> 'delivery'
    union all
    select coalesce(a.decided_at, o.decided_at, s.decided_at), 1, s.submission_id, 2, 'superseded',
        coalesce(a.approver, 'run ' || s.run_id), null, null, s.before, s.form_id, s.unit_id, s.period,
        jsonb_build_object('by', s.submission_id)
    from (select *, lag(submission_id) over (partition by form_id, unit_id, period order by version) as before
        from ops.submission where outcome = 'accepted') s
    left join ops.delivery_outcome o using (submission_id) left join ops.correction_approval a using (submission_id)
    where s.before is not null and not exists (select from ops.withdrawal w where w.submission_id = s.before)
    union all
    select min(c.confirmed_at), 2, c.delivery_id, 0, 'confirmed', 'run ' || c.run_id, null, c.delivery_id, null,
        c.form_id, c.unit_id, c.period,
        jsonb_build_object('rows', jsonb_build_object('ops.confirmation', jsonb_object_agg(c.fingerprint, {confirmation})))
    from ops.confirmation c group by c.delivery_id, c.run_id, c.form_id, c.unit_id, c.period
    union all
    select w.decided_at, 3, w.submission_id, 0, 'withdrawn', w.author, w.reason, s.delivery_id, s.submission_id,
        s.form_id, s.unit_id, s.period, jsonb_build_object('version', s.version, 'rows', {withdrawal})
    from ops.withdrawal w join ops.submission s using (submission_id)
    union all
    select c.decided_at, 3, c.correction_id, 0, 'correction_proposed', c.author, c.reason, c.delivery_id, c.submission_id,
        c.form_id, c.unit_id, c.period, jsonb_build_object(
            'correction_id', c.correction_id, 'row_number', c.row_number, 'field', c.field, 'rows', {correction})
    from ops.correction c
    union all
    select w.decided_at, 3, w.waiver_id, 0, 'waived', w.author, w.reason, null, null, split_part(w.rule_code, '.', 1), w.unit_id, null,
        jsonb_build_object('waiver_id', w.waiver_id, 'rule_code', w.rule_code, 'first_day', w.first_day, 'last_day', w.last_day,
            'rows', {waiver})
    from ops.waiver w
    union all
    select e.decided_at, 3, e.waiver_id, 1, 'waiver_ended', e.author, e.reason, null, null, split_part(w.rule_code, '.', 1), w.unit_id, null,
        jsonb_build_object('waiver_id', e.waiver_id, 'rule_code', w.rule_code, 'rows', {waiver_end})
    from ops.waiver_end e join ops.waiver w using (waiver_id)
    union all
    select p.published_at, 4, p.release_id, 0, 'published', coalesce('run ' || r.run_id, 'run'), null, null, null, null, null, null,
        jsonb_build_object('release_id', p.release_id, 'cause', p.cause, 'changed', p.row_counts, 'rows', {release})
    from bi.release p left join lateral (
        select min(run_id) as run_id from ops.run where release_id = p.release_id) r on true
) as made
order by at, turn, id, place
"""

_ALIASES = {
    "delivery": ("archive.delivery", "d"),
    "outcome": ("ops.delivery_outcome", "o"),
    "submission": ("ops.submission", "s"),
    "replay": ("ops.replay", "r"),
    "approval": ("ops.correction_approval", "a"),
    "withdrawal": ("ops.withdrawal", "w"),
    "correction": ("ops.correction", "c"),
    "waiver": ("ops.waiver", "w"),
    "waiver_end": ("ops.waiver_end", "e"),
    "release": ("bi.release", "p"),
}


def write_past_events(conn: psycopg.Connection[Any]) -> int:
    """Append, in the transaction that `conn` is in, what the tables tell of; gives how many events. The chain must be empty."""
    rows = {
        name: sql.SQL("jsonb_build_object({}, jsonb_build_object({}::text, {}))").format(
            sql.Literal(table), sql.Identifier(alias, RECORDED[table].key), RECORDED[table].digest_of(alias)
        )
        for name, (table, alias) in _ALIASES.items()
    }
    query = sql.SQL(_MADE).format(
        columns=sql.SQL(_COLUMNS), confirmation=RECORDED["ops.confirmation"].digest_of("c"), **rows
    )
    written = 0
    with conn.cursor("past_events", row_factory=class_row(Event)) as cursor:
        cursor.execute(query)
        while events := cursor.fetchmany(BATCH):
            append_events(conn, events)
            written += len(events)
    return written
