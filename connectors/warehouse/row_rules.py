"""Which rows of tables of `bi` a role sees: stewards what is about those in their care, readers no numbers that show a few people.

Whoever may read a table sees all of it by one policy; restrictive ones bind stewards and readers (`connectors.warehouse.small_numbers` says why).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import sql

from connectors.warehouse.roles import BI_READER, STEWARD

CARE_COLUMNS = ("org_id", "unit_id", "beneficiary_unit_id")
"""The columns of `bi` that say whom a row is about; a steward sees it if one of them is in their care."""

IN_CARE = "array(select bi.orgs_in_my_care())"
"""Asked once a query, so that an index on the organisation still serves."""

_SENSITIVE = "array(select bi.sensitive_indicators())"

_SAME_IS_SEEN = (
    "exists (select from bi.indicator_value seen where seen.indicator_id = {0}.indicator_id and seen.period_type in ('year', 'plan')"
    " and {1} and seen.value = {0}.{2})"
)
"""That a reader sees this very number among the figures: the table then tells nothing new."""

SEEN_BY_READERS = {
    "indicator_value_history": "shown",
    "indicator_value_as_now": f"indicator_id <> all({_SENSITIVE})",
    "release_change": f"indicator_id <> all({_SENSITIVE})",
    "waiting_change": f"indicator_id <> all({_SENSITIVE})",
    "target_progress": f"indicator_id <> all({_SENSITIVE}) or actual is null or "
    + _SAME_IS_SEEN.format("target_progress", "seen.org_id = target_progress.org_id", "actual"),
    "published_comparison": f"indicator_id <> all({_SENSITIVE}) or computed_value is null or "
    + _SAME_IS_SEEN.format("published_comparison", "seen.org_level = 'province'", "computed_value"),
    # By campaign, unit and month nearly every row is a small number.
    "relief_summary": "false",
    # In these forms a row is a person.
    "data_quality_summary": "form_id <> all(array(select bi.sensitive_forms()))",
    "finding_summary": "form_id <> all(array(select bi.sensitive_forms()))",
    "quality_totals": "form_id <> all(array(select bi.sensitive_forms()))",
    "finding_totals": "form_id <> all(array(select bi.sensitive_forms()))",
    # A place and a median are figures of others.
    "unit_standing": f"indicator_id <> all({_SENSITIVE})",
}
"""Which rows of tables of `bi` readers see, as SQL over a row; of the other tables all. `connectors.warehouse.small_numbers` says why."""

SEEN_BY_STEWARDS = {
    # The whole province, less what is in their care, would be what the others have.
    "published_comparison": f"indicator_id <> all({_SENSITIVE})",
}
"""Which rows stewards see of tables that are not ruled by whom they are about."""


def ensure_row_rules(conn: psycopg.Connection[Any]) -> None:
    """Bring the policies of all tables of `bi` that our role owns to what stands here. The caller has a transaction open."""
    for table, columns, has_rules in _ruled_tables(conn):
        _ensure_row_rules(conn, table, columns, has_rules=has_rules)


def _ruled_tables(conn: psycopg.Connection[Any]) -> list[tuple[str, list[str], bool]]:
    """The tables of `bi` of which not everybody sees every row: name, the columns that say whom one is about, and whether rows are ruled already."""
    return conn.execute(
        "select c.relname::text, coalesce(array_agg(a.attname::text order by array_position(%(columns)s, a.attname::text))"
        "   filter (where a.attname is not null), '{}'), c.relrowsecurity"
        " from pg_class c"
        " left join pg_attribute a on a.attrelid = c.oid and a.attname = any(%(columns)s) and not a.attisdropped"
        " where c.relnamespace = 'bi'::regnamespace and c.relkind = 'r' and pg_has_role(c.relowner, 'usage')"
        " and (a.attname is not null or c.relname = any(%(tables)s)) group by c.oid, c.relname",
        {"columns": list(CARE_COLUMNS), "tables": [*SEEN_BY_READERS, *SEEN_BY_STEWARDS]},
    ).fetchall()


def _ensure_row_rules(conn: psycopg.Connection[Any], table: str, columns: list[str], *, has_rules: bool) -> None:
    """Let everybody who may read the table see all of it, but stewards what is about those in their care, and readers no small numbers.

    Policies are told by their comments: one that says another thing is made anew.
    """
    name = sql.Identifier("bi", table)
    found = dict(
        conn.execute(
            "select polname::text, obj_description(oid, 'pg_policy') from pg_policy where polrelid = %s::regclass",
            (name.as_string(conn),),
        ).fetchall()
    )
    for rule, comment, text in _row_rules(table, columns):
        if found.get(rule) != comment:
            policy = sql.Identifier(rule)
            conn.execute(sql.SQL("drop policy if exists {} on {}").format(policy, name))
            conn.execute(sql.SQL("create policy {} on {} {}").format(policy, name, text))
            conn.execute(sql.SQL("comment on policy {} on {} is {}").format(policy, name, sql.Literal(comment)))
    if not has_rules:
        conn.execute(sql.SQL("alter table {} enable row level security").format(name))


def _row_rules(table: str, columns: list[str]) -> Iterator[tuple[str, str, sql.Composable]]:
    """The rules about the rows of a table: name, what it says, and for whom it holds."""
    # Restrictive: who is also a member of another role sees no more by it.
    restrictive = sql.SQL("as restrictive for select to {} using ({})")
    yield "readers", "能读此表的账号可见全部行", sql.SQL("for select to public using (true)")
    if columns:
        cared = " or ".join(f"{column} = any({IN_CARE})" for column in columns)
        said = f"管理员账号只见所管组织的行（{'、'.join(columns)}）"
        yield "in_care", said, restrictive.format(sql.Identifier(STEWARD), sql.SQL(cared))
    for rule, role, seen, who in (
        ("small_numbers", BI_READER, SEEN_BY_READERS, "只读账号"),
        ("others_small_numbers", STEWARD, SEEN_BY_STEWARDS, "管理员账号"),
    ):
        if table in seen:
            said = f"{who}不见会显出少数几个人的行：{seen[table]}"
            yield rule, said, restrictive.format(sql.Identifier(role), sql.SQL(seen[table]))
