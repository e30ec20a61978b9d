"""Who may do what to which object, as Postgres's catalogue has it, as the committed page shows it, and as each role finds out for itself.

`python -m tests.night.rights` writes the page anew, from a warehouse in which a night has run.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql

from connectors.warehouse.access import give_access, take_access
from connectors.warehouse.roles import OUR_SCHEMAS, ROLES, STEWARD, WORKERS

PAGE = Path("docs/engineering/rights.md")
EVERY_SCHEMA = [*OUR_SCHEMAS, "public"]
PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN")

ATTEMPTS = {
    "SELECT": "select from {} limit 0",
    "INSERT": "insert into {} default values",
    "UPDATE": "update {} set {} = null where false",
    "DELETE": "delete from {} where false",
    "TRUNCATE": "truncate {}",
}
"""One statement for each privilege that a statement needs; all end in a rollback."""

REFUSAL = psycopg.errors.InsufficientPrivilege
IMPOSSIBLE = (psycopg.errors.WrongObjectType, psycopg.errors.ObjectNotInPrerequisiteState)
"""What nobody can do to some views."""

HEAD = (
    "From Postgres's catalogue after a night; `connectors/warehouse/roles.py` says why. Written anew by `python -m tests.night.rights`,",
    "compared by `tests/night/test_rights.py`. `.*` is the schema itself. `all`: it is the role's own. What stands in no line, nobody may touch.",
    "Of tables of `bi` with an organisation, a steward sees the rows of those in their care (`ops.care`) and of what is below them.",
    "Of figures that show people, a reader sees the rows that small-numbers.md lets through.",
    "",
)

Cell = tuple[str, str, str]
"""A role, an object and a privilege."""


def relations(conn: psycopg.Connection[Any]) -> list[tuple[str, str, str, str]]:
    """Schema, name, kind and first column, that can be updated, of all that can be read.

    A view's column may be an identity of the table behind it, which Postgres says before it looks at rights.
    """
    return conn.execute(
        "select n.nspname::text, c.relname::text, c.relkind::text,"
        " coalesce((select a.attname::text from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped"
        "   and a.attidentity = '' and a.attgenerated = '' and not (c.relkind = 'v' and exists ("
        "     select from pg_attribute i where i.attname = a.attname and i.attidentity <> '')) order by a.attnum limit 1), '')"
        " from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname = any(%s) and c.relkind in ('r', 'p', 'v', 'm', 'f') order by 1, 2",
        (EVERY_SCHEMA,),
    ).fetchall()


def in_catalogue(conn: psycopg.Connection[Any]) -> set[Cell]:
    """What the catalogue says that each role may do, on tables, views, sequences and schemas."""
    privileges = [p for p in PRIVILEGES if p != "MAINTAIN" or conn.info.server_version >= 170_000]
    rows = conn.execute(
        "select r.rolname::text, n.nspname || '.' || c.relname, p from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " cross join pg_roles r cross join unnest(%(privileges)s::text[]) p"
        " where n.nspname = any(%(schemas)s) and r.rolname = any(%(roles)s) and c.relkind in ('r', 'p', 'v', 'm', 'f')"
        " and has_schema_privilege(r.oid, n.oid, 'usage') and has_table_privilege(r.oid, c.oid, p)"
        " union all select r.rolname::text, n.nspname || '.*', p from pg_namespace n cross join pg_roles r"
        " cross join unnest(array['USAGE', 'CREATE']) p"
        " where n.nspname = any(%(schemas)s) and r.rolname = any(%(roles)s) and has_schema_privilege(r.oid, n.oid, p)",
        {"privileges": privileges, "schemas": EVERY_SCHEMA, "roles": list(ROLES)},
    )
    return set(rows.fetchall())


def page(conn: psycopg.Connection[Any]) -> str:
    """The page: a line for each object that anybody may do anything to."""
    cells: dict[str, dict[str, list[str]]] = {}
    for role, name, privilege in sorted(in_catalogue(conn)):
        cells.setdefault(name, {}).setdefault(role, []).append(privilege.lower())
    heads = [role.removeprefix("warehouse_") for role in ROLES]
    return "\n".join(
        [
            "# Who may do what",
            "",
            *HEAD,
            f"| object | {' | '.join(heads)} |",
            f"|---|{'---|' * len(heads)}",
            *(
                f"| {name} | {' | '.join(_said(of.get(role, [])) for role in ROLES)} |"
                for name, of in sorted(cells.items())
            ),
            "",
        ]
    )


def _said(privileges: list[str]) -> str:
    return "all" if len(privileges) >= len(PRIVILEGES) - 1 else ", ".join(privileges)


@contextmanager
def logged_in(
    url: str, owner: psycopg.Connection[Any], role: str, orgs: list[str]
) -> Iterator[psycopg.Connection[Any]]:
    """A connection of a new account with that role, which is gone afterwards."""
    login = f"reader_{uuid4().hex[:12]}"
    password = give_access(owner, login, role, orgs, "测试")
    assert password
    try:
        with closing(psycopg.connect(url, user=login, password=password, autocommit=True)) as conn:
            yield conn
    finally:
        take_access(owner, login, "测试结束", "测试")
        owner.execute(sql.SQL("drop role {}").format(sql.Identifier(login)))


def found_out(url: str, owner: psycopg.Connection[Any]) -> set[Cell]:
    """What each role can really do, tried as an account of its own, object by object."""
    done: set[Cell] = set()
    for role in ROLES:
        with logged_in(url, owner, role, ["A0101"] if role == STEWARD else []) as conn:
            for schema, name, kind, column in relations(owner):
                for privilege, attempt in ATTEMPTS.items():
                    if kind == "v" and privilege != "SELECT" and role in WORKERS:
                        continue  # Its owner may, and what comes of it depends on the view.
                    of = sql.SQL(attempt).format(sql.Identifier(schema, name), sql.Identifier(column))  # type: ignore[arg-type]
                    if is_allowed(conn, of):
                        done.add((role, f"{schema}.{name}", privilege))
            for schema in EVERY_SCHEMA:
                if is_allowed(conn, sql.SQL("create table {} (a int)").format(sql.Identifier(schema, "mine"))):
                    done.add((role, f"{schema}.*", "CREATE"))
    return done


def is_allowed(conn: psycopg.Connection[Any], statement: sql.Composable) -> bool:
    """Whether a statement is let through; what it would have done is undone."""
    try:
        with conn.transaction(force_rollback=True):
            conn.execute(statement)
    except (REFUSAL, *IMPOSSIBLE):
        return False
    except (psycopg.errors.IntegrityError, psycopg.errors.FeatureNotSupported):
        pass  # It was let through, and stumbled over an empty row, or over a table that refers to the one to be emptied.
    return True


def main() -> None:
    """Write the page from the database of `WAREHOUSE_URL` or of this home."""
    from connectors.settings import load_settings
    from connectors.warehouse.engine import connect

    with connect(load_settings()) as conn:
        PAGE.write_text(page(conn), encoding="utf-8")


if __name__ == "__main__":
    main()
