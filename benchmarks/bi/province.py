"""Schema `bi` of a great province, filled by SQL: what many nights would have published, without one workbook.

Values are made up, the same in every run; the grain, the keys, the comments, the indexes and the summaries are the product's own: tables are made
by a first real build and publish of a small register, and summaries by the models' own SQL.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from connectors.dbt_models import ProjectModels
from connectors.dbt_sources import DBT_PROJECT

SUMMARIES = ("reporting_summary", "quality_totals", "finding_totals", "unit_standing")
"""Models that add up tables of `bi`, in order."""

COMPARED_WHOLE = (
    *("data_quality_summary", "finding_summary", "finding_totals", "form", "indicator", "organisation", "period", "published_comparison"),
    *("quality_totals", "reporting_summary", "rule", "target_progress", "unit"),
)  # fmt: skip
"""Tables of which a publish looks at every row, so that the candidate must hold them."""

CHANGED_UNITS = 100
"""One unit in so many has other figures on the night that is published."""

# A number from 0 to 1 that is always the same for the same words.
_CHANCE = "((hashtext(concat({})) & 65535) / 65536.0)"

_UNITS = """
    insert into bi.organisation (org_id, org_level, unit_kind, org_name, full_name, parent_id, group_id, group_name, province_id, is_in_force)
    select g.org_id || lpad((1 + n / 12)::text, 3, '0'), 'unit', 'enterprise', g.org_id || lpad((1 + n / 12)::text, 3, '0'),
        g.org_id || lpad((1 + n / 12)::text, 3, '0') || ' 工会', g.org_id, g.org_id, g.org_name, g.province_id, true
    from generate_series(0, {units} - 1) n
    join bi.organisation g on g.org_id = 'A' || lpad((1 + n % 12)::text, 2, '0')
    on conflict do nothing
"""

_FIGURES = f"""
    insert into bi.indicator_value_history
        (indicator_id, org_level, org_id, period_type, period, value, numerator, denominator, completeness, status, valid_from_release)
    select i.indicator_id, o.org_level, o.org_id, p.period_type, p.period, n.numerator / coalesce(n.denominator, 1), n.numerator, n.denominator,
        round({_CHANCE.format("'c', o.org_id, p.period")}::numeric, 2), 'provisional', 1
    from bi.indicator i
    cross join bi.organisation o
    cross join bi.period p
    cross join lateral (
        select case when i.denominator_measure <> '' then 1000::numeric end as denominator,
            round((1000 * {_CHANCE.format("i.indicator_id, o.org_id, p.period")})::numeric) as numerator
    ) n
"""  # noqa: S608 - our own words

_ANSWERS = f"""
    insert into bi.completeness (form_id, unit_id, period, form_title, form_title_en, expected, accepted, on_time, nil_return, due_date,
        received_at, version, state, is_held)
    select f.form_id, o.org_id, c.period, f.title_zh, f.title_en, true, chance < 0.95, chance < 0.9, chance < 0.1, c.due_date,
        case when chance < 0.95 then c.due_date::timestamptz end, case when chance < 0.95 then 1 end,
        case when chance < 0.95 then 'accepted' when chance < 0.97 then 'refused' else 'overdue' end, false
    from registers.reporting_calendar c
    join registers.form f using (form_id)
    join registers.form_submitter s using (form_id)
    join bi.organisation o using (unit_kind)
    cross join lateral (select {_CHANCE.format("'a', f.form_id, o.org_id, c.period")} as chance) k
    where not f.is_register
"""  # noqa: S608 - our own words

_QUALITY = f"""
    insert into bi.data_quality_summary
    select form_id, unit_id, period, 1, case state when 'refused' then 'refused' else 'accepted' end, 1, (state = 'refused')::int,
        20, case state when 'refused' then 0 else 20 - w end, case state when 'refused' then 20 else w end, 0,
        (state = 'refused')::int, w, w, 2
    from bi.completeness
    cross join lateral (select (4 * {_CHANCE.format("'q', form_id, unit_id, period")})::int % 4 as w) k
    where state <> 'overdue'
"""  # noqa: S608 - our own words

_FINDINGS = """
    insert into bi.finding_summary
    select q.form_id, q.unit_id, q.period, r.code, 'error', q.rows_quarantined
    from bi.data_quality_summary q
    join lateral (
        select code from registers.rule r where r.form_id = q.form_id order by hashtext(concat(code, q.unit_id, q.period)) limit 1
    ) r on true
    where q.rows_quarantined > 0
"""

_PROGRESS = f"""
    update bi.target_progress t set actual = target * chance, path_value = target * 0.6, forecast = target * chance
    from (select target_id, org_id, period, {_CHANCE.format("target_id, org_id, period")} as chance from bi.target_progress) k
    where (t.target_id, t.org_id, t.period) = (k.target_id, k.org_id, k.period)
"""  # noqa: S608 - our own words

_ALERTS = """
    insert into ops.alert (fingerprint, kind, severity, form_id, unit_id, period, state, facts, opened_night, opened_at, resolved_night, resolved_at)
    select concat(form_id, unit_id, period), 'overdue', 'error', form_id, unit_id, period, case when is_over then 'resolved' else 'open' end,
        '{"relief": 1}', due_date + 1, now(), case when is_over then due_date + 9 end, case when is_over then now() end
    from (select *, period < '2025-10' as is_over from bi.completeness where state = 'overdue' order by due_date desc, form_id, unit_id limit 20000) c
"""


def fill(conn: psycopg.Connection[Any], units: int) -> None:
    """Fill the tables of `bi`, which a first release has made. Commits as it goes."""
    for table in ("completeness", "data_quality_summary", "finding_summary", *SUMMARIES):
        conn.execute(sql.SQL("truncate {}").format(sql.Identifier("bi", table)))
    conn.execute("truncate bi.indicator_value_history")
    conn.execute(_UNITS.format(units=units).encode())
    conn.execute("analyze bi.organisation")
    _without_indexes(conn, "indicator_value_history", _FIGURES)
    for statement in (_ANSWERS, _QUALITY, _FINDINGS, _PROGRESS, _ALERTS):
        conn.execute(statement.encode())
    models = ProjectModels(DBT_PROJECT)
    for model in SUMMARIES:
        conn.execute("analyze")
        query = models.sql(model, "bi.{}".format, ".".join)
        conn.execute(f"insert into bi.{model} {query}".encode())
    conn.execute("update bi.published_comparison set computed_value = published_value * 1.02, verdict = 'differs'")
    conn.execute("vacuum analyze")


def change(conn: psycopg.Connection[Any], fence: int) -> None:
    """Put into `bi_candidate`, and into what says what changed, what the build of a night would have: other figures and answers of the newest
    year, of one unit in a hundred, of the groups and of the province. The build itself is none of a reader's concern and not made."""
    for table in COMPARED_WHOLE:
        name = sql.Identifier(table)
        conn.execute(sql.SQL("truncate bi_candidate.{}").format(name))
        conn.execute(sql.SQL("insert into bi_candidate.{0} select * from bi.{0}").format(name))
    for table in ("int_changed_figures", "int_changed_answers", "int_changed_measures"):
        conn.execute(sql.SQL("truncate intermediate.{}").format(sql.Identifier(table)))
    conn.execute(
        "insert into intermediate.int_changed_figures (indicator_id, basis, org_level, org_id, period)"
        " select i.indicator_id, 'both', o.org_level, o.org_id, p.period from bi.indicator i cross join bi.organisation o"
        " join bi.period p on p.first_year = 2025 and p.period_type <> 'plan'"
        " where o.org_level <> 'unit' or abs(hashtext(o.org_id)) %% %s = 0",
        (CHANGED_UNITS,),
    )
    conn.execute("truncate bi_candidate.indicator_value")
    conn.execute(
        "insert into bi_candidate.indicator_value select v.indicator_id, v.org_level, v.org_id, v.period_type, v.period, v.value + 1,"
        " v.numerator + 1, v.denominator, v.completeness, v.status from bi.indicator_value v"
        " join intermediate.int_changed_figures c using (indicator_id, org_level, org_id, period)"
    )
    # A figure moves the places of all units in its year.
    conn.execute("truncate bi_candidate.unit_standing")
    conn.execute(
        "insert into bi_candidate.unit_standing select indicator_id, period, unit_id, place + 1, peers_count, peers_median + 1"
        " from bi.unit_standing where period = '2025'"
    )
    conn.execute(
        "update bi_candidate.data_quality_summary set rows_loaded = rows_loaded + 1"
        " where period = '2025-11' and abs(hashtext(unit_id)) %% %s = 0",
        (CHANGED_UNITS,),
    )
    conn.execute("update bi_candidate.quality_totals set rows_loaded = rows_loaded + 1 where period = '2025-11'")
    conn.execute(
        "insert into ops.dbt_build (run_id, business_date, fence, inputs, foundation, code_digest, started_at, finished_at, passed,"
        " last_submission_id, last_event_id, base_build_id)"
        " select run_id, business_date, %s, inputs, foundation, code_digest, now(), now(), true, last_submission_id, last_event_id, build_id"
        " from ops.dbt_build order by build_id desc limit 1",
        (fence,),
    )
    conn.execute("vacuum analyze")


def _without_indexes(conn: psycopg.Connection[Any], table: str, statement: str) -> None:
    """Run it while the table has none but its key, and make them again: a tenth of the time."""
    rows = conn.execute(
        "select indexname::text, indexdef from pg_indexes join pg_index on indexrelid = format('bi.%%I', indexname)::regclass"
        " where schemaname = 'bi' and tablename = %s and not indisprimary",
        (table,),
    ).fetchall()
    for name, _ in rows:
        conn.execute(sql.SQL("drop index {}").format(sql.Identifier("bi", name)))
    conn.execute(statement.encode())
    for _, definition in rows:
        conn.execute(definition.encode())


def sizes(conn: psycopg.Connection[Any]) -> dict[str, int]:
    """How many rows each table of `bi` has, about."""
    rows = conn.execute(
        "select relname::text, reltuples::bigint from pg_class where relnamespace = 'bi'::regnamespace and relkind = 'r' order by 2 desc"
    )
    return dict(rows.fetchall())
