"""What a backfill comes to: what became of each answer, which findings come and go, and which figures change.

All of it in the types of JSON, so that a preview and an apply compare field by field.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from connectors.warehouse.release_tables import FIGURE_FACTS, FIGURE_KEY, matching, named

Findings = Counter[tuple[Any, ...]]
"""How often each finding stands: code, severity, form, unit, period, row, field and cell."""

MOST_NAMED = 5
"""Differences that a refusal names; the rest are as many."""


def read_findings_of_now(conn: psycopg.Connection[Any]) -> Findings:
    """The findings of the newest answers, those of rules that compare answers among them."""
    rows = conn.execute(
        "select f.code, f.severity, f.form_id, f.unit_id, f.period, f.row_number, f.field, f.cell, count(*)"
        " from ops.finding_open f where f.submission_id in (select distinct on (form_id, unit_id, period) submission_id"
        "   from ops.submission order by form_id, unit_id, period, version desc) group by 1, 2, 3, 4, 5, 6, 7, 8"
    )
    return Counter({tuple(key): count for *key, count in rows})


def changed_findings(before: Findings, after: Findings) -> list[dict[str, Any]]:
    """By rule and severity, how many findings appear and disappear; rules of which neither is true are left out."""
    appear, disappear = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for counted, more, less in ((appear, after, before), (disappear, before, after)):
        for key, count in (more - less).items():
            counted[key[0], key[1]] += count
    return [
        {"code": code, "severity": severity, "appear": appear[code, severity], "disappear": disappear[code, severity]}
        for code, severity in sorted({*appear, *disappear})
    ]


def read_candidate_figures(conn: psycopg.Connection[Any]) -> list[dict[str, Any]]:
    """The figures that publishing what was built last would change: key, old facts (None where there is none), new facts."""
    return _figures(
        conn,
        sql.SQL("bi_candidate.indicator_value"),
        sql.SQL("(select * from bi.indicator_value_history where valid_to_release is null)"),
    )


def read_changed_figures(conn: psycopg.Connection[Any], before: int, after: int) -> list[dict[str, Any]]:
    """The figures that differ between two releases, as `read_candidate_figures` gives them."""
    as_of = sql.SQL("bi.indicator_value_as_of({}::bigint)")
    return _figures(conn, as_of.format(after), as_of.format(before))


def _figures(conn: psycopg.Connection[Any], new: sql.Composable, old: sql.Composable) -> list[dict[str, Any]]:
    key = sql.SQL(", ").join(sql.SQL("coalesce(n.{0}, o.{0}) as {0}").format(sql.Identifier(c)) for c in FIGURE_KEY)
    said = {
        a: sql.SQL("case when {}.indicator_id is not null then json_build_object({}) end").format(
            sql.Identifier(a),
            sql.SQL(", ").join(sql.SQL("{}, {}::text").format(c, sql.Identifier(a, c)) for c in FIGURE_FACTS),
        )
        for a in "no"
    }
    statement = sql.SQL(
        "select {key}, {old_facts} as old, {new_facts} as new from {new} n full join {old} o on {match}"
        " where n.indicator_id is null or o.indicator_id is null or ({n}) is distinct from ({o})"
        " order by 1, 2, 3, 4, 5"
    ).format(
        key=key,
        old_facts=said["o"],
        new_facts=said["n"],
        new=new,
        old=old,
        match=matching(FIGURE_KEY, "n", "o"),
        n=named(FIGURE_FACTS, "n"),
        o=named(FIGURE_FACTS, "o"),
    )
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement).fetchall()


def digest_of(value: object) -> str:
    """The digest (SHA-256, hexadecimal) of a value of the types of JSON."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=dict)
    return hashlib.sha256(text.encode()).hexdigest()


def differences(expected: object, found: object, place: str = "") -> list[str]:
    """Where two values of the types of JSON differ, as paths; at most `MOST_NAMED` and one."""
    return list(_first(_differences(expected, found, place), MOST_NAMED + 1))


def _differences(expected: object, found: object, place: str) -> Iterator[str]:
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        for name in sorted({*expected, *found}):
            yield from _differences(expected.get(name), found.get(name), f"{place}.{name}" if place else str(name))
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for number, (left, right) in enumerate(zip(expected, found, strict=True)):
            yield from _differences(left, right, f"{place}[{number}]")
    elif expected != found:
        yield place


def _first(found: Iterator[str], most: int) -> Iterator[str]:
    for _, place in zip(range(most), found, strict=False):
        yield place
