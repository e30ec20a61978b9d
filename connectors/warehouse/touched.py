"""What of the ledger differs between two builds, and which measures of which units and months that touches.

Works in temporary tables of the transaction: `ledger_change` (one row per form, unit and period whose answer in force differs),
`touched_measure` (one row per change, measure, unit counted and month, or span of a state).
"""

from __future__ import annotations

from typing import Any

import psycopg

from connectors.dbt_models import ProjectModels
from connectors.warehouse.as_then import Layout
from connectors.warehouse.build_state import BuildState

MOST_OF_OTHER_FORMS = 10
"""How many answers are named, for each cause, year and measure, of forms that touch every unit: each is tied to thousands of figures."""

_CHANGES = """
    create temporary table ledger_change on commit drop as
    with answer as (
        select form_id, unit_id, period from ops.submission where submission_id > %(then_submission)s and submission_id <= %(submission)s
        union
        select s.form_id, s.unit_id, s.period from ops.event e join ops.submission s using (submission_id)
        where e.event_id > %(then_event)s and e.event_id <= %(event)s
    ),
    compared as (
        select *, ops.submission_in_force_at(form_id, unit_id, period, %(then_submission)s, %(then_event)s) as then_id,
            ops.submission_in_force_at(form_id, unit_id, period, %(submission)s, %(event)s) as now_id
        from answer
    )
    select row_number() over (order by c.form_id, c.unit_id, c.period) as change_id, c.form_id, c.unit_id, c.period, c.then_id, c.now_id,
        coalesce(c.now_id, c.then_id) as submission_id,
        case
            when c.form_id = 'unit_register' and exists (select from ops.submission r
                where r.form_id = 'unit_register' and r.outcome = 'accepted' and r.submission_id <= %(then_submission)s)
                then array['register_change']
            when c.now_id is null then array['withdrawal']
            else steps.causes
        end as causes
    from compared c
    -- How the answer of now came to be: what was sent, and what was done to that original since.
    left join lateral (
        select array_agg(distinct case
            when s.cause = 'correction' then 'correction'
            when s.cause <> 'delivery' then 'rule_change'
            when exists (select from ops.submission e where (e.form_id, e.unit_id, e.period) = (s.form_id, s.unit_id, s.period)
                and e.outcome = 'accepted' and e.version < s.version) then 'resubmission'
            when (s.received_at at time zone 'Asia/Shanghai')::date > calendar.due_date then 'late_data'
            else 'new_data' end) as causes
        from ops.submission n
        join ops.submission s on (s.form_id, s.unit_id, s.period) = (n.form_id, n.unit_id, n.period)
            and s.delivery_id = n.delivery_id and s.outcome = 'accepted' and s.version <= n.version
            and s.version > coalesce((select version from ops.submission where submission_id = c.then_id), 0)
        left join registers.reporting_calendar calendar on (calendar.form_id, calendar.period) = (s.form_id, s.period)
        where n.submission_id = c.now_id
    ) steps on true
    where c.then_id is distinct from c.now_id
"""

_CHANGED_SUBMISSIONS = """
    create temporary table changed_submission on commit drop as
    select s.submission_id, c.change_id, s.submission_id is not distinct from c.now_id as is_now, true as is_in_force, s.is_nil,
        {period_last_date} as period_last_date
    from ledger_change c join ops.submission s on s.submission_id in (c.then_id, c.now_id)
"""

_CHANGED_STATES = """
    create temporary table changed_state on commit drop as
    select x.submission_id, x.change_id, x.period_last_date as state_first_date,
        case when c.form_id = any(%(state_forms)s) then (
            -- Until the next period that the unit had answered for then or has now, whichever is later.
            select greatest(
                coalesce(min(last_date) filter (where ops.submission_in_force_at(
                    c.form_id, c.unit_id, period, %(then_submission)s, %(then_event)s) is not null), 'infinity'),
                coalesce(min(last_date) filter (where ops.submission_in_force_at(
                    c.form_id, c.unit_id, period, %(submission)s, %(event)s) is not null), 'infinity')) - 1
            from (select distinct s.period, {period_last_date} as last_date from ops.submission s
                where s.form_id = c.form_id and s.unit_id = c.unit_id and s.outcome = 'accepted') later
            where last_date > x.period_last_date)
        else 'infinity'::date end as state_last_date
    from changed_submission x join ledger_change c using (change_id)
"""

_TOUCHED = """
    create temporary table touched_measure (change_id bigint, measure_id text, unit_id text, first_date date, last_date date,
        is_answer boolean) on commit drop
"""

_ROWS = """
    insert into touched_measure
    select x.change_id, r.measure_id, r.unit_id,
        coalesce(r.state_first_date, date_trunc('month', r.occurred_date)::date) as first_date,
        coalesce(r.state_last_date, date_trunc('month', r.occurred_date)::date) as last_date, false
    from {rows} r
    join changed_submission x using (submission_id)
    join {measures} m using (measure_id)
    where (m.aggregation = 'sum' or r.distinct_key is not null) and (r.state_first_date is not null or r.occurred_date is not null)
    group by 1, 2, 3, 4, 5, m.aggregation, case m.aggregation when 'distinct' then r.distinct_key end,
        case when r.state_first_date is not null then r.occurred_date end
    having case m.aggregation
        when 'distinct' then bool_or(x.is_now) <> bool_or(not x.is_now)
        else coalesce(sum(r.value) filter (where x.is_now), 0) <> coalesce(sum(r.value) filter (where not x.is_now), 0) end
"""

_STATES = """
    insert into touched_measure
    select distinct c.change_id, m.measure_id, c.unit_id, t.state_first_date, t.state_last_date, false
    from ledger_change c
    join changed_state t using (change_id)
    join {measures} m on m.over_time like 'state%' and split_part(m.forms, ';', 1) = c.form_id
    -- Where an answer begins or ends, it gives way to another one of the unit, whose rows are not compared.
    where c.then_id is null or c.now_id is null or not (c.form_id, m.measure_id) in (select * from form_measure)
"""

_OTHER_FORMS = """
    insert into touched_measure
    select change_id, measure_id, null, first_date, 'infinity'::date, false
    from (
        select *, row_number() over (partition by measure_id, first_date, causes order by change_id) as place
        from (
            select distinct c.change_id, m.measure_id, date_trunc('year', x.period_last_date)::date as first_date, c.causes
            from ledger_change c
            join changed_submission x using (change_id)
            join {measures} m on c.form_id = any(string_to_array(m.forms, ';')) and split_part(m.forms, ';', 1) <> c.form_id
            where not (c.form_id, m.measure_id) in (select * from form_measure)
        ) said
    ) numbered
    where place <= {most}
"""

_ANSWERS = """
    insert into touched_measure
    select distinct c.change_id, m.measure_id, c.unit_id, d.month_date, d.month_date, m.forms <> 'all'
    from ledger_change c
    join changed_submission x using (change_id)
    left join registers.reporting_calendar k on (k.form_id, k.period) = (c.form_id, c.period)
    cross join lateral (
        select date_trunc('month', least(coalesce(k.last_day, x.period_last_date), k.due_date))::date as month_date
    ) d
    join {measures} m on m.over_time not like 'state%'
        and (c.form_id = any(string_to_array(m.forms, ';')) or m.forms = 'all' and k.due_date is not null)
    where c.then_id is null or c.now_id is null
        or m.measure_id in ('rows_submitted', 'rows_accepted') and exists (
            select from ops.submission a, ops.submission b where a.submission_id = c.then_id and b.submission_id = c.now_id
                and (a.rows_loaded, a.rows_quarantined) <> (b.rows_loaded, b.rows_quarantined))
"""


def find_changes(conn: psycopg.Connection[Any], then: BuildState | None, now: BuildState) -> set[str]:
    """Make `ledger_change`, with the causes of each; gives the forms in it."""
    conn.execute(_CHANGES.encode(), _bounds(then, now))
    return {form_id for (form_id,) in conn.execute("select distinct form_id from ledger_change")}


def find_touched(
    conn: psycopg.Connection[Any],
    models: ProjectModels,
    layout: Layout,
    then: BuildState | None,
    now: BuildState,
    form_ids: set[str],
) -> None:
    """Make `touched_measure` of the changes, which are of these forms.

    Rows are compared where a form's rows alone make a measure. Of other forms that have a say in a measure (who was trained, for a
    rate of posts) every unit's measure is touched from the year on; of a state, the span for which the answer stands.
    """
    measures = layout.relation("measures")
    conn.execute(_CHANGED_SUBMISSIONS.format(period_last_date=_last_date(models)).encode())
    states = {row["forms"].partition(";")[0] for row in models.seed("measures") if row["over_time"].startswith("state")}
    conn.execute(
        _CHANGED_STATES.format(period_last_date=_last_date(models)).encode(),
        {**_bounds(then, now), "state_forms": sorted(states)},
    )
    conn.execute("analyze changed_submission, changed_state, ledger_change")
    conn.execute(_TOUCHED)
    pairs = sorted(set(models.form_measures()))
    conn.execute("create temporary table form_measure (form_id text, measure_id text) on commit drop")
    with conn.cursor() as cursor:
        cursor.executemany("insert into form_measure values (%s, %s)", pairs)
    given = {
        **dict.fromkeys(("int_submissions_spanned", "int_submissions_in_scope"), "pg_temp.changed_submission"),
        "int_submission_states": "pg_temp.changed_state",
    }
    rows = Layout(conn, models, now, "changed", given)
    for form_id in sorted(form_ids & {form_id for form_id, _ in pairs}):
        conn.execute(_ROWS.format(rows=rows.relation(f"int_{form_id}_measures"), measures=measures).encode())
    for statement in (_STATES, _OTHER_FORMS, _ANSWERS):
        conn.execute(statement.format(measures=measures, most=MOST_OF_OTHER_FORMS).encode())
    conn.execute("analyze touched_measure")


def _last_date(models: ProjectModels) -> str:
    return models.expression("{{ period_last_date('s.period') }}")


def _bounds(then: BuildState | None, now: BuildState) -> dict[str, int]:
    return {
        "then_submission": then.last_submission_id if then else 0,
        "then_event": then.last_event_id if then else 0,
        "submission": now.last_submission_id,
        "event": now.last_event_id,
    }
