"""Who may log in to read: accounts of the database that are members of a reading role, and what a steward cares for.

An account belongs to the server, its care to this warehouse. Every gift and every taking is an event of the chain.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from connectors.errors import AccountUnusable
from connectors.postgres.logins import set_login
from connectors.warehouse.events import Event, append_events
from connectors.warehouse.roles import READERS, STEWARD

NAME = re.compile("[a-z][a-z0-9_]{1,62}")
"""What an account may be called, so that nobody has to quote it and Postgres cuts nothing off."""

PASSWORD_BYTES = 24


@dataclass(frozen=True, slots=True)
class Account:
    """An account that may read: its roles, and the organisations that a steward cares for."""

    login: str
    roles: list[str]
    orgs: list[str]


def give_access(conn: psycopg.Connection[Any], login: str, role: str, orgs: Sequence[str], author: str) -> str | None:
    """Let an account read as `role` does, a steward about `orgs` and what is below them; harmless to repeat.

    Gives the password of an account that had to be made, which nobody else will ever know; None for one that was there.
    Raises: AccountUnusable; InsufficientPrivilege of psycopg where our own role may not make accounts or give that role.
    """
    if not NAME.fullmatch(login) or login.startswith(("pg_", "warehouse_")):
        raise AccountUnusable(
            login,
            "名称应以小写字母开头，只含小写字母、数字和下划线",
            "it must be small letters, digits and _, and begin with a letter",
        )
    with conn.transaction():
        found = conn.execute(
            "select rolcanlogin, rolsuper or pg_has_role(oid, current_user, 'member') from pg_roles where rolname = %s",
            (login,),
        ).fetchone()
        if found is not None and found != (True, False):
            why = ("它不能登录，或权限大于只读", "it cannot log in, or may do more than read")
            raise AccountUnusable(login, *why)
        password = None if found else secrets.token_urlsafe(PASSWORD_BYTES)
        if password is not None:
            set_login(conn, login, password)
        if (login, role) not in _members(conn):
            conn.execute(sql.SQL("grant {} to {}").format(sql.Identifier(role), sql.Identifier(login)))
        with conn.cursor() as cursor:
            cursor.executemany(
                "insert into ops.care (login, org_id, author, given_at) values (%s, %s, %s, clock_timestamp())"
                " on conflict do nothing",
                [(login, org_id, author) for org_id in orgs],
            )
        append_events(conn, [Event("access_given", author, details={"login": login, "role": role, "orgs": list(orgs)})])
    return password


def take_access(conn: psycopg.Connection[Any], login: str, reason: str, author: str) -> bool:
    """Take every reading role and all care from an account, which stays as one that may read nothing; false if it had none."""
    with conn.transaction():
        roles = [role for name, role in _members(conn) if name == login]
        orgs = [row[0] for row in conn.execute("delete from ops.care where login = %s returning org_id", (login,))]
        if not roles and not orgs:
            return False
        for role in roles:
            conn.execute(sql.SQL("revoke {} from {}").format(sql.Identifier(role), sql.Identifier(login)))
        details = {"login": login, "roles": sorted(roles), "orgs": sorted(orgs)}
        append_events(conn, [Event("access_taken", author, reason, details=details)])
    return True


def read_accounts(conn: psycopg.Connection[Any]) -> list[Account]:
    """The accounts that may read, by name."""
    accounts: dict[str, Account] = {}
    for login, role in sorted(_members(conn)):
        accounts.setdefault(login, Account(login, [], [])).roles.append(role)
    for login, org_id in conn.execute("select login, org_id from ops.care order by login, org_id"):
        if login in accounts and STEWARD in accounts[login].roles:
            accounts[login].orgs.append(org_id)
    return list(accounts.values())


def _members(conn: psycopg.Connection[Any]) -> set[tuple[str, str]]:
    """The accounts that were made members of a reading role, and of which."""
    rows = conn.execute(
        "select m.rolname::text, r.rolname::text from pg_auth_members a join pg_roles m on m.oid = a.member"
        # Who makes a role is its member too, to give it on, without its rights.
        " join pg_roles r on r.oid = a.roleid where r.rolname = any(%s) and m.rolname <> current_user",
        (list(READERS),),
    )
    return {(login, role) for login, role in rows.fetchall()}
