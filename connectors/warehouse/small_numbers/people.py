"""The people behind sensitive figures, by year, class of rows, unit and group, and how they changed from release to release."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import psycopg

from expectations.contract import forms

_WHERE_CHANGED = "select unit_id, extract(year from month_date)::integer from intermediate.int_changed_measures"

_FOUND = """
create temporary table people_found on commit drop as
with measures as (
  select measure_id, bool_or(m.aggregation = 'sum' and m.unit in ('persons', 'person-times')) as counts_persons
  from marts.indicators i
  join ops.sensitive_indicator s using (indicator_id)
  join marts.measures m on m.measure_id in (i.numerator_measure, i.subtracted_measure, i.denominator_measure)
  -- What is counted of all forms is not of the people in one.
  where m.forms <> 'all' group by measure_id),
counted as (
  select r.form_id, r.submission_id, r.row_number, r.unit_id, r.occurred_date,
    string_agg(r.measure_id, ',' order by r.measure_id) as counted_in,
    string_agg(r.measure_id || '=' || r.value, ',' order by r.measure_id) as facts,
    max(r.distinct_key) as key, max(r.value) filter (where counts_persons) as counted
  from marts.fct_measures r join measures using (measure_id)
  where r.row_number is not null and date_trunc('month', r.occurred_date) <= %(night)s{changed}
  group by 1, 2, 3, 4, 5)
select extract(year from c.occurred_date)::integer as year, c.counted_in, c.unit_id, coalesce(g.org_id, '') as group_id,
  -- A row that names its person counts them once; a line of the ledger counts as many as it says.
  count(distinct coalesce(c.key, p.token))
    + coalesce(sum(coalesce(c.counted, 1)) filter (where coalesce(c.key, p.token) is null), 0)::bigint as persons,
  md5(string_agg(c.facts || '@' || coalesce(c.key, ''), ';' order by c.facts, c.key)) as facts
from counted c
left join ({named}) p on p.submission_id = c.submission_id and p.row_number = c.row_number
left join intermediate.int_unit_months g on g.unit_id = c.unit_id and g.org_level = 'group' and g.basis <> 'as_now'
  and g.month_date = date_trunc('month', c.occurred_date)::date
group by 1, 2, 3, 4
"""


def _rows_that_name_their_person(conn: psycopg.Connection[Any]) -> str:
    """A query for submission, row and token of the rows of sensitive forms, for what counts payments and not people."""
    sensitive = {row[0] for row in conn.execute("select form_id from ops.sensitive_form")}
    parts = [
        f"select submission_id, row_number, {form.token_fields[0].token} as token from landing.{form.form_id}"  # noqa: S608 - our own words
        for form in forms().values()
        if form.form_id in sensitive and form.token_fields
    ]
    return (
        " union all ".join(parts) or "select null::bigint as submission_id, null::integer as row_number, null as token"
    )


def name_sensitive(conn: psycopg.Connection[Any]) -> None:
    """Take from what was built which indicators show people, and which of the forms behind them have a person in each row."""
    if not is_built(conn):
        return
    in_which_a_row_is_a_person = [form.form_id for form in forms().values() if form.token_fields]
    for table, query in (
        (
            "sensitive_indicator",
            "select indicator_id, sensitivity from bi_candidate.indicator where sensitivity <> 'none'",
        ),
        (
            "sensitive_form",
            "select distinct f.form_id from marts.measures m join bi_candidate.indicator i"
            " on m.measure_id in (i.numerator_measure, i.subtracted_measure, i.denominator_measure)"
            " cross join unnest(string_to_array(m.forms, ';')) f (form_id)"
            " where i.sensitivity <> 'none' and f.form_id = any(%(forms)s)",
        ),
    ):
        known = {"forms": in_which_a_row_is_a_person}
        conn.execute(f"delete from ops.{table} t where t::text not in (select q::text from ({query}) q)", known)  # noqa: S608 - our own words
        conn.execute(f"insert into ops.{table} {query} on conflict do nothing", known)


def is_built(conn: psycopg.Connection[Any]) -> bool:
    """Whether there are rows behind figures in this database; one that holds `bi` alone has none."""
    return conn.execute("select to_regclass('marts.fct_measures') is not null").fetchone() == (True,)


def note_people(
    conn: psycopg.Connection[Any], release_id: int, night: date, closed: Sequence[str], *, is_of_changes: bool
) -> None:
    """Compare the people behind sensitive figures with what was known of them, and write down what this release changes.

    Looks only at the units and years that a build of changes computed. A closed year waits with its figures: reopening it has everything
    built. The caller has a transaction open.
    """
    if not is_built(conn):
        return
    changed = f" and (r.unit_id, extract(year from r.occurred_date)::integer) in ({_WHERE_CHANGED})"
    found = _FOUND.format(changed=changed if is_of_changes else "", named=_rows_that_name_their_person(conn))
    conn.execute(found, {"night": night})
    known = f" where (k.unit_id, k.year) in ({_WHERE_CHANGED})" if is_of_changes else ""
    conn.execute(
        "create temporary table people_differ on commit drop as"  # noqa: S608 - our own words
        " select year, counted_in, unit_id, group_id, coalesce(f.persons, 0) as persons, coalesce(f.facts, '') as facts,"
        " coalesce(f.persons, 0) - coalesce(k.persons, 0) as more"
        f" from people_found f full join (select * from ops.people_behind k{known}) k using (year, counted_in, unit_id, group_id)"
        " where coalesce(f.facts, '') <> coalesce(k.facts, '')"
    )
    conn.execute(
        "delete from people_differ d where year::text = any(%s) and exists (select from ops.people_behind k where k.year = d.year)",
        (list(closed),),
    )
    conn.execute(
        "insert into ops.people_behind as b (year, counted_in, unit_id, group_id, persons, facts)"
        " select year, counted_in, unit_id, group_id, persons, facts from people_differ"
        " on conflict (year, counted_in, unit_id, group_id) do update set persons = excluded.persons, facts = excluded.facts"
    )
    conn.execute(
        "insert into ops.people_change as c (year, counted_in, unit_id, group_id, release_id, persons)"
        " select year, counted_in, unit_id, group_id, %s, more from people_differ"
        " on conflict (year, counted_in, unit_id, group_id, release_id) do update set persons = c.persons + excluded.persons",
        (release_id,),
    )
