"""Superset as a service on loopback: its folder, its two accounts of the database, its set-up and its process.

    <home>/superset/secret_key, admin_password, metadata_url, reader   made once, mode 0600, known to Superset and its administrator
    <home>/superset/readers/<login>                                    the account of the database of somebody who reads dashboards
    <home>/superset/ready                                              the set-up that its metadata database has had
    <home>/superset/pid                                                the server that runs
    <home>/logs/superset.log                                           what it says

Its metadata lie in a database of their own beside ours, under an account that can do nothing in ours; dashboards read ours under another,
a `bi_reader`. Superset is a program of other packages than ours: it runs in an environment of its own (`bin/install_superset.py`).
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import httpx
import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from connectors.home import file_lock, make_home, write_private
from connectors.postgres import ensure_database
from connectors.postgres.databases import make_database
from connectors.postgres.logins import set_login
from connectors.postgres.urls import with_database
from connectors.settings import PROJECT_FOLDER, Settings, environment_of
from connectors.superset.errors import SupersetFailed, SupersetNotInstalled
from connectors.warehouse.access import give_access
from connectors.warehouse.engine import connect, named_rights
from connectors.warehouse.roles import BI_READER

BI_FOLDER = PROJECT_FOLDER / "bi"
ENVIRONMENT = BI_FOLDER / ".venv"
ADMINISTRATOR = "admin"
WORKERS = 2
START_SECONDS = 300
"""How long a server may take to answer, of which half a minute are its imports on a quiet machine."""

STOP_SECONDS = 30
"""How long a server may take to end what it does; one that hangs is killed then."""

LEAVES_SECONDS = 20
"""How long a server may take to leave us and write its pid; one that has none then is dead."""

LONGEST = 26
"""Of a database's name, in the names of its accounts, for which Postgres has 63 signs."""

MASK = "X" * 10
"""What stands for a password in an address that Superset is shown; it then takes the one given beside."""

Tell = Callable[[str], None]
"""Told of each step as it begins."""


@dataclass(frozen=True, slots=True)
class Superset:
    """A Superset: where it answers, who administers it, and where it keeps what."""

    address: str
    folder: Path
    log: Path

    @property
    def password(self) -> str:
        """The administrator's."""
        return (self.folder / "admin_password").read_text(encoding="ascii").strip()

    @property
    def pid(self) -> int | None:
        """The server that runs, none if none does."""
        try:
            pid = int((self.folder / "pid").read_text(encoding="ascii"))
            command = Path(f"/proc/{pid}/cmdline").read_bytes() if Path("/proc").is_dir() else _command_of(pid)
        except (OSError, ValueError):
            return None
        return pid if b"gunicorn" in command else None


def superset_of(settings: Settings) -> Superset:
    """The Superset of this home, whether it runs or not."""
    return Superset(
        f"http://127.0.0.1:{settings.bi_port}", settings.home / "superset", settings.logs_dir / "superset.log"
    )


def bring_up(settings: Settings, tell: Tell) -> Superset:
    """Install, set up and start it, as far as that is not so already.

    Raises: SupersetError, DatabaseError, AccountUnusable.
    """
    superset = superset_of(settings)
    tell("install")
    _install()
    make_home(settings)
    superset.folder.mkdir(mode=0o700, exist_ok=True)
    superset.log.parent.mkdir(parents=True, exist_ok=True)
    with file_lock(superset.folder / "lock", START_SECONDS * 2):
        _make_secrets(settings, superset)
        key = _setup_key()
        ready = superset.folder / "ready"
        if not ready.exists() or ready.read_text(encoding="ascii") != key:
            tell("initialise")
            stop(superset)
            _run(superset, "initialise", [ENVIRONMENT / "bin" / "python", BI_FOLDER / "initialise.py"])
            ready.write_text(key, encoding="ascii")
        if not is_answering(superset):
            tell("start")
            stop(superset)
            _start(settings, superset)
    return superset


def stop(superset: Superset) -> bool:
    """End the server; false if none ran."""
    pid = superset.pid
    if pid is None:
        return False
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while superset.pid is not None:
        if time.monotonic() > deadline:
            # Its workers are of its group, which a daemon of gunicorn does not lead.
            with suppress(ProcessLookupError):
                os.killpg(os.getpgid(pid), signal.SIGKILL)
        time.sleep(0.1)
    return True


def is_answering(superset: Superset) -> bool:
    """Whether it says of itself that it is well."""
    try:
        return httpx.get(f"{superset.address}/health", timeout=10).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def reader_url(settings: Settings) -> tuple[str, str]:
    """The address under which dashboards read `bi`, as SQLAlchemy 1.4 wants it, its password masked as Superset masks it; and the password."""
    superset = superset_of(settings)
    account, password = (superset.folder / "reader").read_text(encoding="ascii").split()
    return _sqlalchemy_url(ensure_database(settings), account, MASK), password


def _install() -> None:
    done = subprocess.run([sys.executable, PROJECT_FOLDER / "bin" / "install_superset.py"], check=False)
    if done.returncode:
        raise SupersetNotInstalled(str(ENVIRONMENT), done.returncode)


def _setup_key() -> str:
    parts = [(BI_FOLDER / name).read_bytes() for name in ("requirements.lock", "initialise.py", "superset_config.py")]
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def _make_secrets(settings: Settings, superset: Superset) -> None:
    for name in ("secret_key", "admin_password"):
        if not (superset.folder / name).exists():
            write_private(superset.folder / name, secrets.token_urlsafe(32))
    url = ensure_database(settings)
    own = account_names(settings)
    with connect(settings) as conn, named_rights(settings):
        if not (superset.folder / "metadata_url").exists():
            account = database = own
            password = account_with_password(conn, account)
            make_database(url, database)
            with psycopg.connect(with_database(url, database), autocommit=True) as inside:
                inside.execute(sql.SQL("grant all on schema public to {}").format(sql.Identifier(account)))
                inside.execute(
                    sql.SQL("grant connect on database {} to {}").format(
                        sql.Identifier(database), sql.Identifier(account)
                    )
                )
            write_private(
                superset.folder / "metadata_url", _sqlalchemy_url(with_database(url, database), account, password)
            )
        if not (superset.folder / "reader").exists():
            account = f"{own}_reader"
            password = account_with_password(conn, account)
            give_access(conn, account, BI_READER, [], "warehouse bi up")
            write_private(superset.folder / "reader", f"{account} {password}")


def account_names(settings: Settings) -> str:
    """What the names of our accounts begin with: they belong to the server, and several warehouses may share one."""
    return f"superset_{_plain(unquote(urlsplit(ensure_database(settings)).path.lstrip('/')))}"


def _plain(database: str) -> str:
    """The name of a database as a part of the names of accounts, which are shorter and have no other signs than these."""
    if re.fullmatch(f"[a-z0-9_]{{1,{LONGEST}}}", database):
        return database
    plain = re.sub("[^a-z0-9_]", "_", database)[:LONGEST]
    return f"{plain}_{hashlib.sha256(database.encode()).hexdigest()[:8]}"


def account_with_password(conn: psycopg.Connection[object], account: str) -> str:
    """The password of an account, new each time: the one of a home that is gone is known to nobody."""
    password = secrets.token_urlsafe(32)
    set_login(conn, account, password)
    return password


def _sqlalchemy_url(url: str, account: str, password: str) -> str:
    facts = conninfo_to_dict(url)
    host, port, database = str(facts.get("host", "localhost")), str(facts.get("port", "5432")), str(facts["dbname"])
    who = f"{account}:{quote(password, safe='')}"
    if host.startswith("/"):
        return f"postgresql+psycopg2://{who}@localhost:{port}/{quote(database, safe='')}?host={quote(host, safe='/')}"
    return f"postgresql+psycopg2://{who}@{host}:{port}/{quote(database, safe='')}"


def _start(settings: Settings, superset: Superset) -> None:
    """Start the server, which leaves us: it outlives the command that started it."""
    arguments = [
        "--daemon", "--workers", str(WORKERS), "--threads", "8", "--timeout", "120", "--bind", f"127.0.0.1:{settings.bi_port}",
        "--pid", str(superset.folder / "pid"), "--error-logfile", str(superset.log), "--capture-output", "superset.app:create_app()",
    ]  # fmt: skip
    (superset.folder / "pid").unlink(missing_ok=True)
    _run(superset, "start", [ENVIRONMENT / "bin" / "gunicorn", *arguments])
    began = time.monotonic()
    while not is_answering(superset):
        waited = time.monotonic() - began
        if waited > START_SECONDS or (waited > LEAVES_SECONDS and superset.pid is None):
            raise SupersetFailed("start", str(superset.log), _last_words(superset.log))
        time.sleep(0.5)


def _run(superset: Superset, step: str, command: Sequence[str | Path]) -> None:
    with superset.log.open("ab") as log:
        done = subprocess.run(
            command, cwd=superset.folder, env=_environment(superset), stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False
        )  # fmt: skip
    if done.returncode:
        raise SupersetFailed(step, str(superset.log), _last_words(superset.log))


def _environment(superset: Superset) -> dict[str, str]:
    """What Superset is to know of ours: nothing but its folder."""
    return environment_of("PATH", "LANG", "LC_ALL", "TMPDIR") | {
        "HOME": str(superset.folder),
        "SUPERSET_HOME": str(superset.folder),
        "SUPERSET_CONFIG_PATH": str(BI_FOLDER / "superset_config.py"),
        "WAREHOUSE_BI_FOLDER": str(superset.folder),
        "SCARF_ANALYTICS": "false",
        "FLASK_APP": "superset.app:create_app()",
    }


def _last_words(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return (lines[-1] if lines else "-")[:300].rstrip(".。")


def _command_of(pid: int) -> bytes:
    return subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, check=False).stdout  # noqa: S607 - found on any Mac
