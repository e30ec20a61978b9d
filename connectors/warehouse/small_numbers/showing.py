"""Let readers see the sensitive figures that the rule lets through, and tell which are withheld; part of the publishing transaction.

Readers have one row of `bi.indicator_value_history` for a sensitive figure (`shown`): the current one, or, where what changed since is too
small, the one that they saw last (`kept`). Months and quarters are never shown: beside years they would be differences of periods. A plan is
shown while all its years are, as they are now, so it tells nothing new.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import psycopg

from connectors.warehouse.small_numbers.people import is_built
from connectors.warehouse.small_numbers.rule import THRESHOLDS, Behind, Cell, Change, Year

SAME_FIGURE = (
    "(h.indicator_id, h.org_level, h.org_id, h.period_type, h.period)"
    " = (c.indicator_id, c.org_level, c.org_id, c.period_type, c.period)"
)
SAME_VALUES = "(h.value, h.numerator, h.denominator) is not distinct from (c.value, c.numerator, c.denominator)"

LEVELS = ("province", "group", "unit")
"""Who comes first is shown first, and may keep others out."""


def show_figures(conn: psycopg.Connection[Any], release_id: int) -> None:
    """Decide what readers see of the sensitive figures that this release changes.

    The caller has a transaction open, in which `bi` has moved by the temporary table `changed_figure`.
    """
    conn.execute(
        "create temporary table figure_looked_at (indicator_id text, org_level text, org_id text, period_type text, period text,"
        " primary key (indicator_id, org_level, org_id, period_type, period)) on commit drop"
    )
    conn.execute("create temporary table figure_let_through (like figure_looked_at including all) on commit drop")
    _look_at_changed(conn, release_id)
    if is_built(conn):
        _decide_years(conn, release_id)
        _let_through_unchanged(conn)
        _move_shown(conn, "year")
        _decide_plans(conn)
        _move_shown(conn, "plan")
    _tell_withheld(conn)


def _look_at_changed(conn: psycopg.Connection[Any], release_id: int) -> None:
    """Keep for readers what they saw of changed figures until it is decided; a warehouse of before is looked at as a whole, once."""
    conn.execute(
        "update bi.indicator_value_history h set kept = true from changed_figure c"  # noqa: S608 - our own words
        f" where {SAME_FIGURE} and h.valid_to_release = %s and h.shown and c.was_there"
        " and c.indicator_id in (select indicator_id from ops.sensitive_indicator)",
        (release_id,),
    )
    conn.execute(
        "insert into figure_looked_at select indicator_id, org_level, org_id, period_type, period from changed_figure"
        " where period_type in ('year', 'plan') and indicator_id in (select indicator_id from ops.sensitive_indicator)"
        " union select indicator_id, org_level, org_id, period_type, period from bi.indicator_value_history"
        " where valid_to_release is null and not shown and period_type in ('year', 'plan')"
        " and not exists (select from ops.people_change where release_id < %s)",
        (release_id,),
    )


def _decide_years(conn: psycopg.Connection[Any], release_id: int) -> None:
    measures, health = _measures(conn)
    [(province,)] = conn.execute(
        "select max(org_id) from bi.indicator_value_history where org_level = 'province'"
    ).fetchall()
    years = conn.execute("select distinct year from ops.people_change where release_id = %s", (release_id,)).fetchall()
    for (year,) in years:
        judged = _year(conn, year, measures, health)
        let_through = [
            (cell.indicator_id, cell.org_level, cell.org_id or province, year)
            for cell in judged.show(_candidates(conn, judged, year, release_id))
        ]
        with conn.cursor() as cursor:
            cursor.executemany(
                "insert into figure_let_through values (%s, %s, %s, 'year', %s::text)",
                let_through,
            )
            cursor.executemany(
                "insert into ops.figure_shown values (%s, %s, %s, %s, %s)",
                [(*figure, release_id) for figure in let_through],
            )


def _measures(conn: psycopg.Connection[Any]) -> tuple[dict[str, frozenset[str]], frozenset[str]]:
    """The measures of each sensitive indicator that people stand behind, and those of the more sensitive kind."""
    rows = conn.execute(
        "select i.indicator_id, s.sensitivity, array_agg(m.measure_id) from bi_candidate.indicator i"
        " join ops.sensitive_indicator s using (indicator_id) join marts.measures m on m.forms <> 'all'"
        " and m.measure_id in (i.numerator_measure, i.subtracted_measure, i.denominator_measure) group by 1, 2, i.position order by i.position"
    ).fetchall()
    measures = {indicator: frozenset(of) for indicator, _, of in rows}
    return measures, frozenset().union(*(of for _, sensitivity, of in rows if sensitivity == "health"))


def _year(
    conn: psycopg.Connection[Any], year: int, measures: dict[str, frozenset[str]], health: frozenset[str]
) -> Year:
    changes = conn.execute(
        "select counted_in, unit_id, group_id, release_id, persons from ops.people_change where year = %s order by 1, 2, 3, 4",
        (year,),
    ).fetchall()
    shown: dict[Cell, list[int]] = defaultdict(list)
    for indicator, level, org, release in conn.execute(
        "select indicator_id, org_level, case org_level when 'province' then '' else org_id end, release_id"
        " from ops.figure_shown where year = %s order by release_id",
        (year,),
    ):
        shown[Cell(indicator, level, org)].append(release)
    return Year(
        measures,
        health,
        (Change(Behind(c, u, g), release, persons) for c, u, g, release, persons in changes),
        shown,
    )


def _candidates(conn: psycopg.Connection[Any], judged: Year, year: int, release_id: int) -> list[Cell]:
    """The cells in which somebody changed in this release: the province's first, then what has most people behind it."""
    weight: dict[Cell, int] = defaultdict(int)
    moved = conn.execute(
        "select counted_in, unit_id, group_id, abs(persons) from ops.people_change where year = %s and release_id = %s",
        (year, release_id),
    ).fetchall()
    for counted_in, unit_id, group_id, persons in moved:
        for cell in judged.cells_of(Behind(counted_in, unit_id, group_id)):
            weight[cell] += persons
    return sorted(
        weight, key=lambda cell: (LEVELS.index(cell.org_level), -weight[cell], cell.org_id, cell.indicator_id)
    )


def _let_through_unchanged(conn: psycopg.Connection[Any]) -> None:
    """A row that says the same as the one before takes its place; where nobody ever stood behind it, a 0 or no data is plain."""
    conn.execute(
        "insert into figure_let_through select c.indicator_id, c.org_level, c.org_id, c.period_type, c.period"  # noqa: S608 - our own words
        " from figure_looked_at l join bi.indicator_value_history c using (indicator_id, org_level, org_id, period_type, period)"
        " join bi_candidate.indicator i using (indicator_id)"
        " where c.valid_to_release is null and c.period_type = 'year'"
        " and i.numerator_measure not in (select measure_id from marts.measures where forms = 'all')"
        f" and (exists (select from bi.indicator_value_history h where h.kept and {SAME_FIGURE} and {SAME_VALUES})"
        "   or coalesce(c.numerator, 0) = 0 and not exists (select from ops.people_change p where p.year::text = c.period"
        "     and case c.org_level when 'unit' then p.unit_id = c.org_id when 'group' then p.group_id = c.org_id else true end"
        "     and string_to_array(p.counted_in, ',') && array[i.numerator_measure, i.denominator_measure]))"
        " on conflict do nothing"
    )


def _move_shown(conn: psycopg.Connection[Any], period_type: str) -> None:
    """Show the current rows of what was let through, in the place of those that were kept."""
    conn.execute(
        "update bi.indicator_value_history h set shown = h.valid_to_release is null, kept = false from figure_let_through c"  # noqa: S608 - our own words
        f" where {SAME_FIGURE} and c.period_type = %s and (h.kept or h.valid_to_release is null)",
        (period_type,),
    )


def _decide_plans(conn: psycopg.Connection[Any]) -> None:
    """Let a plan through where readers see each of its years as it is now.

    Of what is counted once the years add up to more: whoever was counted in two of them. Then nobody, or enough, must have been. What
    adds up differs only where a year is closed and waits, and the difference would tell what for.
    """
    conn.execute(
        "insert into figure_let_through select c.indicator_id, c.org_level, c.org_id, c.period_type, c.period"
        " from bi.indicator_value_history c join bi.period p on p.period = c.period and p.period_type = 'plan'"
        " join bi_candidate.indicator i using (indicator_id) join marts.measures above on above.measure_id = i.numerator_measure"
        " left join marts.measures below on below.measure_id = i.denominator_measure"
        " join lateral (select bool_and(y.shown) as is_shown, sum(y.numerator) - c.numerator as twice,"
        "     sum(y.denominator) - c.denominator as twice_below"
        "   from bi.indicator_value_history y join bi.period of on of.period = y.period and of.period_type = 'year'"
        "   where (y.indicator_id, y.org_level, y.org_id, y.period_type) = (c.indicator_id, c.org_level, c.org_id, 'year')"
        "   and y.valid_to_release is null and of.first_day between p.first_day and p.last_day) years on years.is_shown"
        " where c.valid_to_release is null and c.period_type = 'plan' and not c.shown"
        " and (c.indicator_id, c.org_level, c.org_id) in (select indicator_id, org_level, org_id from figure_let_through"
        "   union select indicator_id, org_level, org_id from figure_looked_at)"
        " and (coalesce(twice, 0) = 0 or above.aggregation = 'distinct' and twice >= %(enough)s)"
        " and (coalesce(twice_below, 0) = 0 or below.aggregation = 'distinct' and twice_below >= %(enough)s)"
        " on conflict do nothing",
        {"enough": max(THRESHOLDS.values())},
    )


def _tell_withheld(conn: psycopg.Connection[Any]) -> None:
    """Bring `bi.withheld_figure` to what readers do not see, or not as it is now, of what was looked at."""
    conn.execute("insert into figure_looked_at select * from figure_let_through on conflict do nothing")
    conn.execute(f"delete from bi.withheld_figure c using figure_looked_at h where {SAME_FIGURE}")  # noqa: S608 - our own words
    conn.execute(
        "insert into bi.withheld_figure select c.indicator_id, c.org_level, c.org_id, c.period_type, c.period,"  # noqa: S608 - our own words
        " case when h.indicator_id is null then 'too_few' else 'change_too_small' end, h.valid_to_release - 1"
        " from figure_looked_at join bi.indicator_value_history c using (indicator_id, org_level, org_id, period_type, period)"
        f" left join bi.indicator_value_history h on h.kept and {SAME_FIGURE}"
        " where c.valid_to_release is null and not c.shown and c.value is not null"
    )
