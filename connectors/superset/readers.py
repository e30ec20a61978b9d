"""People who look at dashboards: an account of Superset each, and behind it a login to the database of their own.

Superset decides which pages somebody may open, and nothing else; which rows they see is decided by Postgres, as for anybody who logs in there:
a reader of the whole province is a `bi_reader`, one of some organisations a steward of them (`ops.care`). So there is one rule, in one
place, whatever a chart asks, and Superset's own row-level security, a second copy of it that could say another thing, is not used.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from pathlib import Path

from connectors.errors import AccountUnusable
from connectors.home import write_private
from connectors.settings import Settings
from connectors.superset.client import session
from connectors.superset.service import ADMINISTRATOR, Superset, account_names, account_with_password, superset_of
from connectors.warehouse.access import give_access, take_access
from connectors.warehouse.engine import connect, named_rights
from connectors.warehouse.roles import BI_READER, STEWARD

ROLE = "看板读者"
"""The role of Superset (`bi/initialise.py`)."""

LOGIN = re.compile("[a-z][a-z0-9_]{1,15}")
"""Short enough for the name of the account of the database, which begins with ours."""


def admit(settings: Settings, login: str, orgs: Sequence[str], author: str) -> str:
    """Let somebody look at every dashboard, of these organisations and what is below them only, of the whole province if there are none.

    Gives their password, new each time. Who was admitted before keeps no organisation from then.
    Raises: AccountUnusable, SupersetUnreachable, DatabaseError.
    """
    if not LOGIN.fullmatch(login) or login == ADMINISTRATOR:
        raise AccountUnusable(
            login,
            "名称应以小写字母开头，只含小写字母、数字和下划线，2 至 16 个字符，也不能是 admin",
            "it must be 2 to 16 small letters, digits and _, begin with a letter, and not be admin",
        )
    superset, account, password = superset_of(settings), _account(settings, login), secrets.token_urlsafe(16)
    with session(superset) as client:
        with connect(settings) as conn, named_rights(settings), conn.transaction():
            take_access(conn, account, "warehouse bi admit", author)
            secret = account_with_password(conn, account)
            give_access(conn, account, STEWARD if orgs else BI_READER, orgs, author)
        _file(superset, login).parent.mkdir(mode=0o700, exist_ok=True)
        write_private(_file(superset, login), f"{account} {secret}")
        client.put_reader(login, ROLE, password)
    return password


def dismiss(settings: Settings, login: str, reason: str, author: str) -> bool:
    """Let somebody look at nothing any more; false if nobody was admitted under this name. Raises: SupersetUnreachable, DatabaseError."""
    superset = superset_of(settings)
    if not LOGIN.fullmatch(login):
        return False
    with session(superset) as client:
        with connect(settings) as conn, named_rights(settings):
            was_admitted = take_access(conn, _account(settings, login), reason, author)
        client.remove_reader(login)
        _file(superset, login).unlink(missing_ok=True)
    return was_admitted


def _account(settings: Settings, login: str) -> str:
    return f"{account_names(settings)}_r_{login}"


def _file(superset: Superset, login: str) -> Path:
    return superset.folder / "readers" / login
