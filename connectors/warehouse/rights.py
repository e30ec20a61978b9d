"""The roles of a warehouse made, and given what `connectors.warehouse.roles` says; which rows they see is in `row_rules`.

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
    WORKERS,
    rights_on,
)
from connectors.warehouse.row_rules import ensure_row_rules


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
    ensure_row_rules(conn)


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
