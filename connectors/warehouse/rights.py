"""The roles of a warehouse made, and given what `connectors.warehouse.roles` says; and which rows a steward sees.

`ensure_rights` brings the database to what stands there and touches nothing that is so already, so it is asked after every migration (and
with it every restore) and in every publish. dbt gives the rights on what it makes anew by itself (`grants` in dbt_project.yml), in the
transaction that makes it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import psycopg
from psycopg import sql

from connectors.warehouse.roles import (
    OUR_SCHEMAS,
    OWNER,
    OWNERS,
    READERS,
    RIGHTS,
    ROLES,
    STEWARD,
    WORKERS,
    rights_on,
)

CARE_COLUMNS = ("org_id", "unit_id", "beneficiary_unit_id")
"""The columns of `bi` that say whom a row is about; a steward sees it if one of them is in their care."""

IN_CARE = "array(select bi.orgs_in_my_care())"
"""Asked once a query, so that an index on the organisation still serves."""


def ensure_roles(conn: psycopg.Connection[Any]) -> None:
    """Make the roles that the server lacks, which belong to all its databases, and let us step into those that work.

    The caller has a transaction open. Raises: InsufficientPrivilege of psycopg where our own role may not make roles, or may not step into
    one that another made.
    """
    known = dict(
        conn.execute(
            "select rolname::text, pg_has_role(oid, 'usage') from pg_roles where rolname = any(%s)", (list(ROLES),)
        ).fetchall()
    )
    for role in ROLES:
        if role not in known:
            # Another database of this server may be making the same one at this moment.
            conn.execute(
                sql.SQL(
                    "do $$ begin create role {} nologin;"
                    " exception when duplicate_object or unique_violation then null; end $$"
                ).format(sql.Identifier(role))
            )
        if role in WORKERS and not known.get(role):
            conn.execute(sql.SQL("grant {} to current_user").format(sql.Identifier(role)))


def ensure_rights(conn: psycopg.Connection[Any]) -> None:
    """Give and take what differs from what stands in `roles`, on all that our role owns. The caller has a transaction open."""
    _ensure_way_in(conn)
    _ensure_owners(conn)
    _give_and_take(conn, "table", *_on_relations(conn, "rpvm"))
    _give_and_take(conn, "sequence", *_on_relations(conn, "S"))
    for table, columns, has_rules in _tables_about_somebody(conn):
        _ensure_row_rules(conn, table, columns, has_rules=has_rules)


def _ensure_way_in(conn: psycopg.Connection[Any]) -> None:
    """The rights to connect and to make temporary tables, to name what is in a schema, and to make what will be one's own."""
    wanted = [*((role, "connect") for role in READERS), *((role, "temporary") for role in WORKERS)]
    missing = conn.execute(
        "select current_database()::text, role, privilege from unnest(%s::text[], %s::text[]) w (role, privilege)"
        " where not has_database_privilege(role, current_database(), privilege)",
        ([role for role, _ in wanted], [privilege for _, privilege in wanted]),
    )
    for database, role, privilege in missing.fetchall():
        grant = sql.SQL("grant {} on database {} to {}")
        conn.execute(grant.format(sql.SQL(privilege), sql.Identifier(database), sql.Identifier(role)))
    rows = conn.execute(
        "select n.nspname::text, r.rolname::text, p, has_schema_privilege(r.oid, n.oid, p)"
        " from pg_namespace n cross join pg_roles r cross join unnest(array['usage', 'create']) p"
        " where n.nspname = any(%s) and r.rolname = any(%s) and r.oid <> n.nspowner and pg_has_role(n.nspowner, 'usage')",
        (list(OUR_SCHEMAS), list(ROLES)),
    )
    for schema, role, privilege, has_it in rows.fetchall():
        is_owner = OWNERS[schema] == role
        wants = is_owner or (privilege == "usage" and schema in RIGHTS[role])
        if wants is not has_it:
            verb = sql.SQL("grant {} on schema {} to {}" if wants else "revoke {} on schema {} from {}")
            conn.execute(verb.format(sql.SQL(privilege), sql.Identifier(schema), sql.Identifier(role)))


def _ensure_owners(conn: psycopg.Connection[Any]) -> None:
    """Hand what we made on to the role whose it is: what a migration or a restore makes is ours at first."""
    rows = conn.execute(
        "select 'table', n.nspname::text, c.oid::regclass::text, c.relowner::regrole::text"
        " from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname = any(%(schemas)s) and c.relkind in ('r', 'p', 'v', 'm') and pg_has_role(c.relowner, 'usage')"
        " union all select 'routine', n.nspname::text, f.oid::regprocedure::text, f.proowner::regrole::text"
        " from pg_proc f join pg_namespace n on n.oid = f.pronamespace"
        " where n.nspname = any(%(schemas)s) and pg_has_role(f.proowner, 'usage')"
        " union all select 'schema', n.nspname::text, n.oid::regnamespace::text, n.nspowner::regrole::text"
        " from pg_namespace n where n.nspname = any(%(schemas)s) and pg_has_role(n.nspowner, 'usage')",
        {"schemas": list(OUR_SCHEMAS)},
    )
    for kind, schema, quoted_name, owner in rows.fetchall():
        wanted = OWNER if kind == "schema" else OWNERS[schema]
        if owner != wanted:
            alter = sql.SQL("alter {} {} owner to {}")
            conn.execute(alter.format(sql.SQL(kind), sql.SQL(quoted_name), sql.Identifier(wanted)))


Rights = dict[tuple[str, str], set[tuple[str, str]]]
"""By role and privilege: the tables or sequences, each by schema and name."""


def _on_relations(conn: psycopg.Connection[Any], kinds: str) -> tuple[Rights, Rights]:
    """What each role is to have on what is there, and what it has, but as the owner."""
    wanted: Rights = defaultdict(set)
    found: Rights = defaultdict(set)
    rows = conn.execute(
        "select n.nspname::text, c.relname::text, c.relkind::text,"
        " array(select r.rolname || '/' || a.privilege_type from aclexplode(c.relacl) a join pg_roles r on r.oid = a.grantee"
        "   where r.rolname = any(%(roles)s) and r.oid <> c.relowner)"
        " from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname = any(%(schemas)s) and c.relkind::text = any(string_to_array(%(kinds)s, null))"
        " and pg_has_role(c.relowner, 'usage')",
        {"roles": list(ROLES), "schemas": list(OUR_SCHEMAS), "kinds": kinds},
    )
    for schema, name, kind, holdings in rows.fetchall():
        for role in ROLES:
            for privilege in rights_on(role, schema, name, kind):
                wanted[role, privilege].add((schema, name))
        for held in holdings:
            role, _, privilege = held.partition("/")
            found[role, privilege].add((schema, name))
    return wanted, found


def _give_and_take(conn: psycopg.Connection[Any], kind: str, wanted: Rights, found: Rights) -> None:
    for right in sorted({*wanted, *found}):
        role, privilege = right
        for names, text in (
            (wanted[right] - found[right], "grant {} on {} {} to {}"),
            (found[right] - wanted[right], "revoke {} on {} {} from {}"),
        ):
            if names:
                listed = sql.SQL(", ").join(sql.Identifier(*name) for name in sorted(names))
                statement = sql.SQL(text).format(sql.SQL(privilege), sql.SQL(kind), listed, sql.Identifier(role))
                conn.execute(statement)


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
