"""URLs of Postgres in the dialects that our libraries want. Each holds a password: never log one."""

from __future__ import annotations

from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from connectors.errors import SettingsError
from connectors.postgres.location import PORT, Location

UNDERSTOOD_BY_ASYNCPG = {"sslmode": "ssl"}
"""libpq's parameters that SQLAlchemy's asyncpg dialect takes, by the name that it takes them under."""

HARMLESS_TO_DROP = frozenset(
    {"application_name", "connect_timeout", "options", "client_encoding", "target_session_attrs"}
)
"""libpq's parameters without which a connection still reaches the same database in the same safety."""


def socket_url(location: Location, role: str, password: str, database: str) -> str:
    """A libpq URL over the private socket. The host `localhost` is never used: some parsers refuse an empty one."""
    return f"postgresql://{role}:{quote(password, safe='')}@localhost:{PORT}/{database}?host={quote(location.socket_dir, safe='')}"


def with_database(url: str, database: str) -> str:
    """The same URL for another database on its server."""
    parts = urlsplit(url)
    query = "&".join(part for part in parts.query.split("&") if not part.startswith("dbname="))
    return urlunsplit(parts._replace(path=f"/{quote(database, safe='')}", query=query))


def without_secret(url: str) -> tuple[str, dict[str, str]]:
    """What a libpq program takes on its command line, which others can see, and what it takes by the environment, which they cannot."""
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    facts = conninfo_to_dict(url)
    secret = facts.pop("password", None)
    return make_conninfo("", **facts), {} if secret is None else {"PGPASSWORD": str(secret)}


def asyncpg_url(url: str, database: str) -> str:
    """The SQLAlchemy URL for asyncpg of another database on the server of a libpq URL.

    Raises: SettingsError if the URL needs a parameter that asyncpg does not have.
    """
    from psycopg.conninfo import conninfo_to_dict

    facts = {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}
    user, secret = quote(facts.pop("user", ""), safe=""), quote(facts.pop("password", ""), safe="")
    host, port = facts.pop("host", "localhost"), facts.pop("port", str(PORT))
    facts.pop("dbname", None)
    query = {ours: facts.pop(theirs) for theirs, ours in UNDERSTOOD_BY_ASYNCPG.items() if theirs in facts}
    unknown = sorted(set(facts) - HARMLESS_TO_DROP)
    if unknown:
        raise SettingsError(
            "WAREHOUSE_URL",
            ", ".join(f"{name}=…" for name in unknown),
            "不含这些参数的网址（Prefect 使用的 asyncpg 不支持它们），或另设 PREFECT_API_DATABASE_CONNECTION_URL",
            "a URL without these parameters, which Prefect's driver asyncpg does not know, "
            "or PREFECT_API_DATABASE_CONNECTION_URL must be set beside it",
        )
    if host.startswith("/"):
        # Prefect's listener hands the URL to asyncpg itself, which would try a host before the socket in the query.
        query |= {"host": host, "port": port}
        server = ""
    else:
        server = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    who = f"{user}:{secret}@" if secret else f"{user}@" if user else ""
    return f"postgresql+asyncpg://{who}{server}/{quote(database, safe='')}" + (f"?{urlencode(query)}" if query else "")
