"""Frozen figures: while a period is closed, no publish changes its figures, whatever changed behind them.

What would have changed waits in `bi.waiting_change`, for all to see, until the period is reopened. Table by table of `bi`:

indicator_value         every figure of a closed period stays; only its status may move (to `closed`)
indicator_value_as_now  a row waits where the same figure of `indicator_value` does, so that the province is the same in both; else it
                        follows today's organisation, which is what it is for
relief_summary,
coverage_summary,
unit_standing,
target_progress         the rows of a closed period stay as a whole: they are its figures under another heading
published_comparison    a row waits where the figure that it compares does
completeness, data_quality_summary, finding_summary, reporting_summary, quality_totals, finding_totals
                        are no figures of a period but the state of the answers to it: they go on, and show what waits
unit, organisation, period, indicator, form, rule, and whatever else there is
                        go on
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from connectors.warehouse.closing import closed_ids, closed_periods, ids_within
from connectors.warehouse.release_tables import FIGURE_FACTS, FIGURE_KEY, matching, named

FACTS = tuple(name for name in FIGURE_FACTS if name != "status")
"""What a closing freezes of a figure; its status may move."""

KEPT_WHOLE = ("relief_summary", "coverage_summary", "unit_standing", "target_progress")
"""Tables whose rows of a closed period stay as they are."""

_SAME_FIGURE = " and ".join(f"{{0}}.{name} = waits.{name}" for name in FIGURE_KEY)

KEPT_WITH_FIGURE = {
    "indicator_value_as_now": f"exists (select from waiting_figure waits where {_SAME_FIGURE})",
    "published_comparison": (
        "exists (select from waiting_figure waits join marts.published_figures compared on compared.compared_period = waits.period"
        " where waits.org_level = 'province' and compared.figure_id = {0}.figure_id and waits.indicator_id = {0}.indicator_id)"
    ),
}
"""Tables whose rows stay where a figure waits, as the SQL that says so of a row."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """What a publish may not touch: the ids of the closed periods. `waiting` counts rows written of `bi.waiting_change`, `left` the
    changed figures that are not kept; `restated` names the reopened periods that this release changes."""

    periods: tuple[str, ...]
    waiting: int
    left: int
    restated: tuple[str, ...]

    def keeps(self, table: str, row: str) -> sql.Composable | None:
        """The SQL that is true of a row (by its alias) of a table of `bi` that must stay as it is; None where none must."""
        if not self.periods:
            return None
        if table in KEPT_WHOLE:
            return sql.SQL("{}.period = any({})").format(sql.Identifier(row), sql.Literal(list(self.periods)))
        if table in KEPT_WITH_FIGURE:
            return sql.SQL(KEPT_WITH_FIGURE[table]).format(sql.Identifier(row))
        return None

    def cause(self, cause: str) -> str:
        """The cause of the release, which says so if it is a restatement."""
        return f"restatement {', '.join(self.restated)}; {cause}" if self.restated else cause


def freeze(conn: psycopg.Connection[Any], release_id: int) -> Frozen:
    """Take the figures of closed periods out of `changed_figure`, and show in `bi.waiting_change` what they would have become.

    Its rows then are what `release_id` changes. Rows of closed periods are left in it only where their status moves.
    """
    closed = closed_ids(closed_periods(conn))
    _set_apart(conn, closed)
    _keep_facts(conn, closed)
    waiting = _show_waiting(conn, release_id)
    [(left,)] = conn.execute("select count(*) from changed_figure").fetchall()
    return Frozen(tuple(closed), waiting, left, _note_restatements(conn, release_id, closed))


def _set_apart(conn: psycopg.Connection[Any], closed: list[str]) -> None:
    """Put the figures that wait into a temporary table: key, and the facts as closed and as they would be.

    Those that waited before are looked at again, whether or not this build computed them: it may have computed only what changed.
    """
    conn.execute(
        sql.SQL(
            "create temporary table waiting_figure on commit drop as"
            " select {key}, {old}, {new} from (select {names} from changed_figure where period = any({closed})"
            "   union select {names} from bi.waiting_change where period = any({closed})) c"
            " left join bi_candidate.indicator_value n on {n_is_c}"
            " left join bi.indicator_value_history h on h.valid_to_release is null and {h_is_c}"
            " where (n.indicator_id is null) <> (h.indicator_id is null) or ({h}) is distinct from ({n})"
        ).format(
            names=sql.SQL(", ").join(map(sql.Identifier, FIGURE_KEY)),
            key=named(FIGURE_KEY, "c"),
            old=sql.SQL(", ").join(sql.SQL("h.{0} as {1}").format(*_named(name, "closed_")) for name in FACTS),
            new=sql.SQL(", ").join(sql.SQL("n.{0} as {1}").format(*_named(name, "new_")) for name in FACTS),
            n_is_c=matching(FIGURE_KEY, "n", "c"),
            h_is_c=matching(FIGURE_KEY, "h", "c"),
            closed=sql.Literal(closed),
            h=named(FACTS, "h"),
            n=named(FACTS, "n"),
        )
    )


def _keep_facts(conn: psycopg.Connection[Any], closed: list[str]) -> None:
    """Give the figures that wait their closed facts back; what then is as it was, or was not there, changes nothing."""
    if not closed:
        return
    conn.execute(
        sql.SQL(
            "update changed_figure c set ({names}) = row({values}), is_there = true,"
            " status = case h.status when 'restated' then 'restated' else 'closed' end"
            " from waiting_figure w, bi.indicator_value_history h"
            " where {c_is_w} and {h_is_w} and h.valid_to_release is null and c.was_there"
        ).format(
            names=sql.SQL(", ").join(map(sql.Identifier, FACTS)),
            values=named(FACTS, "h"),
            c_is_w=matching(FIGURE_KEY, "c", "w"),
            h_is_w=matching(FIGURE_KEY, "h", "w"),
        )
    )
    conn.execute(
        sql.SQL(
            "delete from changed_figure c using waiting_figure w where {c_is_w} and (not c.was_there or exists"
            " (select from bi.indicator_value_history h where h.valid_to_release is null and {h_is_w} and h.status = c.status))"
        ).format(c_is_w=matching(FIGURE_KEY, "c", "w"), h_is_w=matching(FIGURE_KEY, "h", "w"))
    )
    if conn.execute("select to_regclass('bi.indicator_value_as_now') is not null").fetchone() == (True,):
        # Its row waits with the figure, and has its status.
        conn.execute(
            sql.SQL(
                "update bi.indicator_value_as_now b set status = c.status from changed_figure c, waiting_figure w"
                " where {c_is_w} and {b_is_w} and b.status <> c.status"
            ).format(c_is_w=matching(FIGURE_KEY, "c", "w"), b_is_w=matching(FIGURE_KEY, "b", "w"))
        )


def _show_waiting(conn: psycopg.Connection[Any], release_id: int) -> int:
    """Bring `bi.waiting_change` to what waits now; gives how many rows were written."""
    shown = ("closed_value", "new_value", "closed_completeness", "new_completeness")
    columns = sql.SQL(", ").join(map(sql.Identifier, (*FIGURE_KEY, *shown)))
    written = conn.execute(
        sql.SQL("delete from bi.waiting_change b where not exists (select from waiting_figure w where {})").format(
            matching(FIGURE_KEY, "b", "w")
        )
    ).rowcount
    written += conn.execute(
        sql.SQL(
            "insert into bi.waiting_change as b ({columns}, since_release) select {columns}, {release} from waiting_figure"
            " on conflict ({key}) do update set ({shown}) = row({new}) where ({old}) is distinct from ({new})"
        ).format(
            columns=columns,
            release=sql.Literal(release_id),
            key=sql.SQL(", ").join(map(sql.Identifier, FIGURE_KEY)),
            shown=sql.SQL(", ").join(map(sql.Identifier, shown)),
            new=named(shown, "excluded"),
            old=named(shown, "b"),
        )
    ).rowcount
    return written


def _note_restatements(conn: psycopg.Connection[Any], release_id: int, closed: list[str]) -> tuple[str, ...]:
    """Record which reopened periods this release changes; gives them, the longest of each."""
    reopened = conn.execute(
        "select distinct on (c.period) r.reopening_id, c.period, c.first_day, c.last_day from ops.reopening r"
        " join ops.closing c using (closing_id) where c.period <> all(%s) order by c.period, r.reopening_id desc",
        (closed,),
    ).fetchall()
    restated = []
    for reopening_id, period, first_day, last_day in reopened:
        if any(other[1] != period and other[2] <= first_day and last_day <= other[3] for other in reopened):
            continue
        changes = conn.execute(
            "select from changed_figure where old_value is distinct from value and period = any(%s) and period <> all(%s) limit 1",
            (ids_within(first_day, last_day), closed),
        ).fetchone()
        if changes is not None:
            conn.execute(
                "insert into ops.restatement (release_id, reopening_id) values (%s, %s)", (release_id, reopening_id)
            )
            restated.append(period)
    return tuple(restated)


def _named(name: str, prefix: str) -> tuple[sql.Identifier, sql.Identifier]:
    return sql.Identifier(name), sql.Identifier(prefix + name)
