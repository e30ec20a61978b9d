"""The closings as people ask for them: every closing with what became of it, what waits for a closed period, what was restated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row

from connectors.warehouse.closing import ids_within
from connectors.warehouse.holding import WAITS

Row = dict[str, Any]


def read_closings(conn: psycopg.Connection[Any], period: str | None = None) -> list[Row]:
    """Closings (of one period, if asked), the newest first: the closing, how it was reopened (`reopened_at` null: in effect), and how
    many answers (`held`) and figures (`waiting`) wait for it."""
    rows = _all(
        conn,
        "select c.closing_id, c.period, c.period_type, c.first_day, c.last_day, c.release_id, c.author, c.closed_at, c.expected,"
        " c.missing, c.reason, c.pack_sha256, r.reopened_at, r.author as reopened_by, r.reason as reopened_because,"
        " (select count(*) from ops.submission_held h where h.closing_id = c.closing_id and r.reopening_id is null) as held"
        " from ops.closing c left join ops.reopening r using (closing_id)"
        " where %(period)s::text is null or c.period = %(period)s order by c.closing_id desc",
        {"period": period},
    )
    waiting: dict[str, int] = dict(
        conn.execute("select period, count(*) from bi.waiting_change group by period").fetchall()
    )
    for row in rows:
        ids = [] if row["reopened_at"] else ids_within(row["first_day"], row["last_day"])
        row["waiting"] = sum(waiting.get(each, 0) for each in ids)
    return rows


def count_waiting_changes(conn: psycopg.Connection[Any]) -> int:
    """How many figures of closed periods would be another today."""
    [(waiting,)] = conn.execute("select count(*) from bi.waiting_change").fetchall()
    return int(waiting)


def read_held(conn: psycopg.Connection[Any], ids: Sequence[str]) -> list[Row]:
    """The answers to these periods that wait, in the order in which they came: form, unit, period, version, rows, when and what file."""
    return _all(
        conn,
        "select s.submission_id, s.form_id, s.unit_id, s.period, s.version, s.cause, s.rows_loaded, s.received_at, h.held_at,"  # noqa: S608 - our own words
        " c.period as closed_with, d.object_name"
        " from ops.submission_held h join ops.closing c using (closing_id) join ops.submission s using (submission_id)"
        " join archive.delivery d using (delivery_id)"
        f" where s.period = any(%(ids)s) and {WAITS}"
        " order by s.submission_id",
        {"ids": list(ids)},
    )


def read_waiting_changes(conn: psycopg.Connection[Any], ids: Sequence[str], limit: int | None = None) -> list[Row]:
    """The figures of these closed periods that would be another today, the province first."""
    return _all(
        conn,
        "select w.*, i.name_zh, i.name_en from bi.waiting_change w left join bi.indicator i using (indicator_id)"
        " where w.period = any(%(ids)s) order by array_position(array['province', 'group', 'unit'], w.org_level),"
        " w.period_type, w.period, w.indicator_id, w.org_id limit %(limit)s",
        {"ids": list(ids), "limit": limit},
    )


def read_restatements(conn: psycopg.Connection[Any]) -> list[Row]:
    """Releases that restated a period, the oldest first: the release, who reopened the period, when and why."""
    return _all(
        conn,
        "select t.release_id, b.published_at, b.night, b.cause, c.closing_id, c.period, c.first_day, c.last_day,"
        " c.release_id as closed_release, c.author as closed_by, c.closed_at, r.reopening_id, r.author, r.reason, r.reopened_at"
        " from ops.restatement t join ops.reopening r using (reopening_id) join ops.closing c using (closing_id)"
        " join bi.release b on b.release_id = t.release_id order by t.release_id, c.period",
        {},
    )


def read_restated_figures(conn: psycopg.Connection[Any], release_id: int, ids: Sequence[str]) -> list[Row]:
    """The figures of these periods that a release changed, as `bi.release_change` has them, with the indicator's names and unit; the
    province first."""
    return _all(
        conn,
        "select c.*, i.name_zh, i.name_en, i.unit, i.unit_zh, i.position from bi.release_change c"
        " left join bi.indicator i using (indicator_id) where c.release_id = %(release)s and c.period = any(%(ids)s)"
        " order by array_position(array['province', 'group', 'unit'], c.org_level), i.position, c.indicator_id, c.period_type, c.period, c.org_id",
        {"release": release_id, "ids": list(ids)},
    )


def read_let_in(conn: psycopg.Connection[Any], reopening_id: int) -> list[Row]:
    """The answers that came into force when a period was reopened, with those that came with the closings reopened together with it."""
    return _all(
        conn,
        "select s.form_id, s.unit_id, s.period, s.version, s.cause, s.rows_loaded, s.received_at, l.let_in_at, d.object_name"
        " from ops.submission_let_in l join ops.submission s using (submission_id) join archive.delivery d using (delivery_id)"
        " join ops.reopening mine on mine.reopening_id = l.reopening_id"
        " where mine.reopened_at = (select reopened_at from ops.reopening where reopening_id = %(reopening)s)"
        " order by s.submission_id",
        {"reopening": reopening_id},
    )


def _all(conn: psycopg.Connection[Any], query: LiteralString, params: Mapping[str, Any]) -> list[Row]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, params).fetchall()
