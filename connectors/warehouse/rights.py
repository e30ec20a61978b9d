"""Who may read what: four roles that nobody logs in as, what each may read, and which rows a steward sees.

A person or a program logs in as a member of one of them (`connectors.warehouse.access`). `ensure_rights` brings the database to what stands
here and touches nothing that is so already, so it is asked after every migration (and with it every restore) and in every publish. dbt
gives the rights on what it makes anew by itself (`grants` in dbt_project.yml), in the transaction that makes it.

    warehouse_bi_reader   what is published, whole: the BI tool and the leaders' dashboards
    warehouse_steward     what is published about the units in their care, and what is about nobody
    warehouse_auditor     every table but the room of personal data and the digests of tokens
    warehouse_backup      every table, with sealed personal data as it lies there: what pg_dump needs, and no more
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import psycopg
from psycopg import sql

BI_READER, STEWARD, AUDITOR, BACKUP = ROLES = (
    "warehouse_bi_reader",
    "warehouse_steward",
    "warehouse_auditor",
    "warehouse_backup",
)
OPEN_SCHEMAS = (
    *("archive", "landing", "quarantine", "registers", "checks", "ops"),
    *("staging", "intermediate", "marts", "bi_candidate", "bi"),
)
OUR_SCHEMAS = (*OPEN_SCHEMAS, "pii")
"""All that a warehouse has, whether it holds data yet or not; a restore puts its own in the place of it."""

SCHEMAS = {BI_READER: ("bi",), STEWARD: ("bi",), AUDITOR: OPEN_SCHEMAS, BACKUP: OUR_SCHEMAS}
"""The schemas in which a role may read every table and view but the hidden ones."""

HIDDEN = {AUDITOR: frozenset({("ops", "upload_token")})}

CARE_COLUMNS = ("org_id", "unit_id", "beneficiary_unit_id")
"""The columns of `bi` that say whom a row is about; a steward sees it if one of them is in their care."""

IN_CARE = "array(select bi.orgs_in_my_care())"
"""Asked once a query, so that an index on the organisation still serves."""


def ensure_roles(conn: psycopg.Connection[Any]) -> None:
    """Make the roles that the server lacks; they belong to all its databases. The caller has a transaction open.

    Raises: InsufficientPrivilege of psycopg where our own role may not make roles.
    """
    known = {
        row[0] for row in conn.execute("select rolname::text from pg_roles where rolname = any(%s)", (list(ROLES),))
    }
    for role in ROLES:
        if role not in known:
            # Another database of this server may be making the same one at this moment.
            conn.execute(
                sql.SQL(
                    "do $$ begin create role {} nologin;"
                    " exception when duplicate_object or unique_violation then null; end $$"
                ).format(sql.Identifier(role))
            )


def ensure_rights(conn: psycopg.Connection[Any]) -> None:
    """Give and take what differs from what stands here, on all that our role owns. The caller has a transaction open."""
    _ensure_way_in(conn)
    for kind, object_kinds in (("table", "rvmp"), ("sequence", "S")):
        _give_and_take(conn, kind, *_on_relations(conn, object_kinds))
    for table, columns, has_rules in _tables_about_somebody(conn):
        _ensure_row_rules(conn, table, columns, has_rules=has_rules)


def _ensure_way_in(conn: psycopg.Connection[Any]) -> None:
    """The right to connect, and to name what is in a schema."""
    shut_out = conn.execute(
        "select current_database()::text, rolname::text from pg_roles"
        " where rolname = any(%s) and not has_database_privilege(oid, current_database(), 'connect')",
        (list(ROLES),),
    )
    for database, role in shut_out.fetchall():
        grant = sql.SQL("grant connect on database {} to {}")
        conn.execute(grant.format(sql.Identifier(database), sql.Identifier(role)))
    rows = conn.execute(
        "select n.nspname::text, r.rolname::text, has_schema_privilege(r.oid, n.oid, 'usage')"
        " from pg_namespace n cross join pg_roles r"
        " where n.nspname = any(%s) and r.rolname = any(%s) and pg_has_role(n.nspowner, 'usage')",
        (list(OUR_SCHEMAS), list(ROLES)),
    )
    for schema, role, has_it in rows.fetchall():
        wants = schema in SCHEMAS[role]
        if wants is not has_it:
            verb = sql.SQL("grant usage on schema {} to {}" if wants else "revoke usage on schema {} from {}")
            conn.execute(verb.format(sql.Identifier(schema), sql.Identifier(role)))


Rights = dict[str, set[tuple[str, str]]]
"""The tables or sequences of a role, each by schema and name."""


def _on_relations(conn: psycopg.Connection[Any], kinds: str) -> tuple[Rights, Rights]:
    """What each role is to have on what is there, and what it has: any right counts, and is taken back with the one to read."""
    wanted: Rights = defaultdict(set)
    found: Rights = defaultdict(set)
    rows = conn.execute(
        "select n.nspname::text, c.relname::text,"
        " array(select r.rolname::text from aclexplode(c.relacl) a join pg_roles r on r.oid = a.grantee"
        "   where r.rolname = any(%(roles)s))"
        " from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname = any(%(schemas)s) and c.relkind::text = any(string_to_array(%(kinds)s, null))"
        " and pg_has_role(c.relowner, 'usage')",
        {"roles": list(ROLES), "schemas": list(OUR_SCHEMAS), "kinds": kinds},
    )
    # Where a sequence stands is nothing that people read.
    readers = (BACKUP,) if kinds == "S" else ROLES
    for schema, name, holders in rows.fetchall():
        for role in readers:
            if schema in SCHEMAS[role] and (schema, name) not in HIDDEN.get(role, ()):
                wanted[role].add((schema, name))
        for role in holders:
            found[role].add((schema, name))
    return wanted, found


def _give_and_take(conn: psycopg.Connection[Any], kind: str, wanted: Rights, found: Rights) -> None:
    for role in ROLES:
        for names, text in (
            (wanted[role] - found[role], "grant select on {} {} to {}"),
            (found[role] - wanted[role], "revoke all on {} {} from {}"),
        ):
            if names:
                listed = sql.SQL(", ").join(sql.Identifier(*name) for name in sorted(names))
                conn.execute(sql.SQL(text).format(sql.SQL(kind), listed, sql.Identifier(role)))


def _tables_about_somebody(conn: psycopg.Connection[Any]) -> list[tuple[str, list[str], bool]]:
    """The tables of `bi` that say whom a row is about: name, the columns that say so, and whether rows are ruled already."""
    return conn.execute(
        "select c.relname::text,"
        " array_agg(a.attname::text order by array_position(%(columns)s, a.attname::text)), c.relrowsecurity"
        " from pg_class c"
        " join pg_attribute a on a.attrelid = c.oid and a.attname = any(%(columns)s) and not a.attisdropped"
        " where c.relnamespace = 'bi'::regnamespace and c.relkind = 'r' and pg_has_role(c.relowner, 'usage') group by c.oid, c.relname",
        {"columns": list(CARE_COLUMNS)},
    ).fetchall()


def _ensure_row_rules(conn: psycopg.Connection[Any], table: str, columns: list[str], *, has_rules: bool) -> None:
    """Let everybody who may read the table see all of it, but stewards see what is about those in their care.

    Policies are told by their comments: one that says another thing is made anew.
    """
    name = sql.Identifier("bi", table)
    in_care = sql.SQL(" or ").join(sql.SQL("{} = any({})").format(sql.Identifier(c), sql.SQL(IN_CARE)) for c in columns)
    found = dict(
        conn.execute(
            "select polname::text, obj_description(oid, 'pg_policy') from pg_policy where polrelid = %s::regclass",
            (name.as_string(conn),),
        ).fetchall()
    )
    for rule, comment, text in (
        ("readers", "能读此表的账号可见全部行", sql.SQL("for select to public using (true)")),
        (
            "in_care",
            f"管理员账号只见所管组织的行（{'、'.join(columns)}）",
            # Restrictive: who is also a member of another role sees no more by it.
            sql.SQL("as restrictive for select to {} using ({})").format(sql.Identifier(STEWARD), in_care),
        ),
    ):
        if found.get(rule) != comment:
            policy = sql.Identifier(rule)
            conn.execute(sql.SQL("drop policy if exists {} on {}").format(policy, name))
            conn.execute(sql.SQL("create policy {} on {} {}").format(policy, name, text))
            conn.execute(sql.SQL("comment on policy {} on {} is {}").format(policy, name, sql.Literal(comment)))
    if not has_rules:
        conn.execute(sql.SQL("alter table {} enable row level security").format(name))
