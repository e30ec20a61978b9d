"""Why figures changed: what happened to the ledger between two builds, walked to every figure that it could have moved.

The answers in force at the boundary of the build behind the last release are compared with those of the build that is published
now. Each difference has causes (a unit answered for the first time, in time or late; answered anew; withdrew; staff corrected a cell;
an original was judged again under other rules) and touches measures: those in which the rows of the two answers differ, by month and
unit counted. From there it goes to organisations (as the register had them then and has them now), periods and indicators.

A figure's `causes` are all that touched it; `cause` is the first of them in `PRECEDENCE`: what somebody decided comes before what
simply arrived, what was said about single answers before what concerns everything. `calendar` is told only where nothing else is.
"""

from __future__ import annotations

from typing import Any

import psycopg

from connectors.dbt_models import ProjectModels
from connectors.dbt_sources import DBT_PROJECT
from connectors.warehouse.as_then import Layout
from connectors.warehouse.build_state import BuildState, state_of_newest_build, state_of_release
from connectors.warehouse.touched import find_changes, find_touched

PRECEDENCE = (
    *("restatement", "correction", "withdrawal", "rule_change", "resubmission", "late_data", "new_data"),
    *("register_change", "code_change", "calendar", "unexplained"),
)
"""The causes, the most telling first. `unexplained` is ours to mend: a figure moved and nothing that happened accounts for it."""

LISTED_SUBMISSIONS = 20
"""How many of the submissions behind a change are named in it; all of them are counted."""

MOST_TOLD_APART = 1000
"""Of so many changed answers each is tied to the figures that it touched; of more, as in a first release, one for each cause and month: to
tie 6 000 took longer than the build."""

_FIGURES = """
    insert into figure_cause
    with measure_period as (
        {measure_periods}
    ),
    indicator_measure as (
        select indicator_id, numerator_measure as measure_id from {indicators}
        union select indicator_id, subtracted_measure from {indicators}
        union select indicator_id, denominator_measure from {indicators}
    ),
    -- A figure with each measure that is in it, so that what touched a measure is looked for among the figures of that measure only.
    figure as (
        select f.figure_id, f.org_level, f.org_id, m.measure_id, m.over_time, m.membership, p.first_date, p.as_of_date,
            f.old_value is null or f.value is null as is_empty_before_or_now
        from changed_figure f
        join indicator_measure i using (indicator_id)
        join {measures} m using (measure_id)
        join measure_period p using (measure_id, period)
        where f.old_value is distinct from f.value
    ),
    member as (
        {members}
    ),
    -- One join for each of the two: a join on either would compare everything with everything.
    touched_each as (
        select t.*, {of_member} from touched_measure t join member o using (unit_id)
        union all
        select t.*, {of_member} from touched_measure t cross join member o where t.unit_id is null
    ),
    touched_member as (
        {touched_member}
    ),
    moved as (
        select distinct f.figure_id, t.change_id
        from touched_member t
        join figure f using (org_level, org_id, measure_id)
        where (f.is_empty_before_or_now or not t.is_answer)
            and case when f.over_time like 'state%'
                then f.as_of_date between t.first_date and t.last_date
                else t.first_date between date_trunc('month', f.first_date) and f.as_of_date end
            and case when f.membership = 'as_then'
                then (t.first_date + interval '1 month' - interval '1 day')::date between t.counted_from_date and t.counted_to_date
                else t.unit_kind = 'enterprise' and f.as_of_date between t.valid_from_date and t.valid_to_date end
    )
    select m.figure_id, c.submission_id, unnest(c.causes) from moved m join ledger_change c using (change_id)
"""

_EACH = "table touched_each"

_OF_EACH_CAUSE = """
        select min(t.change_id) as change_id, t.measure_id, t.first_date, t.last_date, t.is_answer, t.org_level, t.org_id,
            t.unit_kind, t.valid_from_date, t.valid_to_date, t.counted_from_date, t.counted_to_date
        from touched_each t join ledger_change c using (change_id)
        group by c.causes, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
"""

_REGISTER = """
    insert into figure_cause
    with moved as (
        (select {membership} from {now} where basis <> 'as_now' except select {membership} from {then} where basis <> 'as_now')
        union all
        (select {membership} from {then} where basis <> 'as_now' except select {membership} from {now} where basis <> 'as_now')
    )
    select f.figure_id, c.submission_id, unnest(c.causes)
    from changed_figure f join ledger_change c on c.form_id = 'unit_register'
    where f.old_value is distinct from f.value and (f.org_level, f.org_id) in (select org_level, org_id from moved)
        -- Before the first register there was nothing to change: it is told only where it alone is why there is a figure.
        and (c.causes = array['register_change'] or not exists (select from figure_cause k where k.figure_id = f.figure_id))
"""

_MEMBERSHIP = (
    "org_level, org_id, unit_id, unit_kind, valid_from_date, valid_to_date, counted_from_date, counted_to_date"
)

_RESTATED = """
    insert into figure_cause
    select figure_id, null::bigint, 'restatement' from changed_figure where old_value is distinct from value and status = 'restated'
"""

_EVERYTHING = """
    insert into figure_cause
    select figure_id, null::bigint, %(cause)s from changed_figure where old_value is distinct from value
"""

_THE_DATE_MOVED = """
    insert into figure_cause
    select f.figure_id, null::bigint, 'calendar'
    from changed_figure f
    join (select period from {now} where last_date >= %(first)s union select period from {then} where last_date >= %(first)s) p
        using (period)
    where f.old_value is distinct from f.value and not exists (select from figure_cause c where c.figure_id = f.figure_id)
"""

_WRITE = """
    with cause as (
        select figure_id, cause from figure_cause group by 1, 2
    ),
    causes as (
        select figure_id, array_agg(cause order by array_position(%(precedence)s::text[], cause)) as causes
        from cause group by 1
    ),
    submission as (
        select figure_id, submission_id from figure_cause where submission_id is not null group by 1, 2
    ),
    submissions as (
        select figure_id, array_agg(submission_id order by submission_id) as ids from submission group by 1
    )
    insert into bi.release_change (release_id, indicator_id, org_level, org_id, period_type, period, old_value, new_value,
        cause, causes, submission_ids, submission_count)
    select %(release)s, c.indicator_id, c.org_level, c.org_id, c.period_type, c.period, c.old_value, c.value,
        coalesce(k.causes[1], 'unexplained'), coalesce(k.causes, '{unexplained}'),
        coalesce(s.ids[:%(listed)s], '{}'), coalesce(cardinality(s.ids), 0)
    from changed_figure c
    left join causes k using (figure_id)
    left join submissions s using (figure_id)
    where c.old_value is distinct from c.value
"""


def write_changes(conn: psycopg.Connection[Any], release_id: int) -> None:
    """Record every figure of `changed_figure` whose value is another than in the release before, with all that caused it.

    One row of `bi.release_change` a figure. `changed_figure` is what `publish` staged, in the same transaction.
    """
    now = state_of_newest_build(conn)
    then = state_of_release(conn, release_id - 1)
    conn.execute(
        "create temporary table figure_cause (figure_id bigint, submission_id bigint, cause text not null) on commit drop"
    )
    # Else nothing tells what the release before was made from.
    if now is not None and (then is not None or release_id == 1):
        _find_causes(conn, then, now)
    conn.execute(_WRITE.encode(), {"release": release_id, "precedence": list(PRECEDENCE), "listed": LISTED_SUBMISSIONS})


def _find_causes(conn: psycopg.Connection[Any], then: BuildState | None, now: BuildState) -> None:
    """Fill `figure_cause`: one row per figure, cause and submission behind it."""
    models = ProjectModels(DBT_PROJECT)
    newer = Layout(conn, models, now, "now")
    older = Layout(conn, models, then, "then") if then else newer
    changed_forms = find_changes(conn, then, now)
    if changed_forms:
        find_touched(conn, models, newer, then, now, changed_forms)
        other_register = "unit_register" in changed_forms and older is not newer
        # An organisation is who belonged to it then or does now; a period is as long as it was then or is now.
        both = (newer, older) if other_register else (newer,)
        longer = (newer, older) if then and then.business_date > now.business_date else (newer,)
        units = "select {} from {} where basis <> 'as_now'"
        members = [units.format(_MEMBERSHIP, each.relation("int_organisation_units")) for each in both]
        spans = [f"table {each.relation('int_measure_periods')}" for each in longer]
        statement = _FIGURES.format(
            members=" union ".join(members),
            of_member=", ".join(f"o.{name}" for name in _MEMBERSHIP.split(", ") if name != "unit_id"),
            touched_member=_EACH if _count(conn, "ledger_change") <= MOST_TOLD_APART else _OF_EACH_CAUSE,
            measure_periods=" union ".join(spans),
            measures=newer.relation("measures"),
            indicators=newer.relation("indicators"),
        )
        conn.execute(statement.encode())
        # A release of many changes has millions of rows of it.
        conn.execute("analyze figure_cause")
        if "unit_register" in changed_forms:
            then_units = older.relation("int_organisation_units") if other_register else _nobody(conn, newer)
            conn.execute(
                _REGISTER.format(
                    membership=_MEMBERSHIP, now=newer.relation("int_organisation_units"), then=then_units
                ).encode()
            )
    conn.execute(_RESTATED)
    if then and then.code_digest and now.code_digest and then.code_digest != now.code_digest:
        conn.execute(_EVERYTHING.encode(), {"cause": "code_change"})
    if then and then.business_date != now.business_date:
        periods = {"now": newer.relation("int_periods"), "then": older.relation("int_periods")}
        first = min(then.business_date, now.business_date)
        conn.execute(_THE_DATE_MOVED.format(**periods).encode(), {"first": first})


def _count(conn: psycopg.Connection[Any], table: str) -> int:
    [(count,)] = conn.execute(f"select count(*) from {table}".encode()).fetchall()  # noqa: S608 - our own name
    return int(count)


def _nobody(conn: psycopg.Connection[Any], layout: Layout) -> str:
    units = layout.relation("int_organisation_units")
    conn.execute(f"create temporary table nobody (like {units}) on commit drop".encode())
    return "pg_temp.nobody"
