"""A home of its own with a server of its own, an inbox full of marks, servers that refuse, and the real command line."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
import yaml

from connectors.postgres import status, stop
from connectors.postgres.databases import DATABASE
from connectors.postgres.location import recorded_location
from connectors.postgres.passwords import ADMIN_ROLE, password
from connectors.postgres.urls import socket_url
from connectors.settings import Settings
from expectations.contract import forms
from tests.canary.people import marks_of, people, secret
from tests.canary.servers import echo, refusing_mail_server
from tests.canary.workbooks import fill
from tests.conftest import settings_in
from tests.connectors.channels.servers import free_port
from tests.flows.conftest import ROOT, desk_in
from tests.night import inbox

CROWD = 50
NIGHT = inbox.NIGHT.isoformat()
LONGEST_SECONDS = 900

SECRETS = (
    "mail password",
    "WeCom key",
    "DingTalk token",
    "DingTalk secret",
    "API token",
    "SFTP password",
    "source database",
)
"""The secrets that are given to the warehouse; those that it makes itself join them once they are there."""

ALLOWED: Mapping[str, str] = {
    "inbox/*": "the folder in which the units lay their workbooks; theirs, and never changed by us",
    "home/replies/*.xlsx": "each unit's own workbook, annotated, for that unit",
    "home/keys/*": "the keys themselves, mode 0600 in a folder 0700",
    "home/secrets/*": "generated passwords, a file each of mode 0600",
    "given/*": "the files that sources.yaml and owners.yaml name as the places of secrets",
    "checked/*.xlsx": "the workbook that a person had `warehouse check --annotate` mark, where that person wanted it",
}
"""Where marks may be, below the world's folder, and why. `*` reaches into subfolders."""


@dataclass(slots=True)
class World:
    """Its folder, its settings, and what it was told so far."""

    folder: Path
    settings: Settings
    environment: dict[str, str]
    calls: int = 0
    codes: dict[str, int] = field(default_factory=dict)

    def start(self, *arguments: str, fault: str | None = None) -> subprocess.Popen[bytes]:
        """Call the command and do not wait; what it says goes to files that are searched."""
        self.calls += 1
        name = f"{self.calls:02}-{'-'.join(a for a in arguments[:2] if '/' not in a)}{'-' + fault if fault else ''}"
        program = ["-m", "tests.canary.planted", fault] if fault else ["-c", "from flows.command import main; main()"]
        with (
            (self.folder / "said" / f"{name}.out").open("wb") as out,
            (self.folder / "said" / f"{name}.err").open("wb") as err,
        ):
            return subprocess.Popen(
                [sys.executable, *program, *arguments],
                cwd=ROOT,
                env=self.environment,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )

    def call(self, *arguments: str, fault: str | None = None) -> int:
        """Call the command to its end; gives its exit code."""
        code = self.start(*arguments, fault=fault).wait(LONGEST_SECONDS)
        self.codes[f"{self.calls:02} {' '.join(a for a in arguments if '/' not in a)} {fault or ''}".strip()] = code
        return code

    def heard(self) -> str:
        """What the last call said on stderr."""
        return max((self.folder / "said").glob(f"{self.calls:02}-*.err")).read_text(errors="replace")

    def killed_night(self, step: str, after_seconds: float) -> None:
        """A night that is killed, with whatever it has started in its session, so long after it has come to a step."""
        run = self.start("run", "--date", NIGHT)
        deadline = time.monotonic() + LONGEST_SECONDS
        while f"step {step}" not in self.heard():
            assert run.poll() is None, self.heard()
            assert time.monotonic() < deadline, self.heard()
            time.sleep(0.05)
        time.sleep(after_seconds)
        os.killpg(run.pid, signal.SIGKILL)
        assert run.wait() == -signal.SIGKILL

    @contextmanager
    def admin(self, database: str = DATABASE) -> Iterator[psycopg.Connection[Any]]:
        """A connection of the superuser."""
        location = recorded_location(self.settings)
        assert location
        url = socket_url(location, ADMIN_ROLE, password(self.settings, ADMIN_ROLE), database)
        with closing(psycopg.connect(url, autocommit=True)) as conn:
            yield conn

    def marks(self) -> dict[str, str | bytes]:
        """All marks there are by now: people, secrets that were given, and those that were made: passwords and keys."""
        marks: dict[str, str | bytes] = {
            **marks_of(people(CROWD)),
            **{kind: secret(kind) for kind in SECRETS},
        }
        for path in _files_in(self.settings.secrets_dir):
            marks[f"password {path.name}"] = path.read_text().strip().rpartition(":")[2]
        for path in _files_in(self.settings.keys_dir):
            marks[f"key {path.name}"] = path.read_text().strip()
            marks[f"key {path.name}, raw"] = bytes.fromhex(path.read_text().strip())
        return marks


def _files_in(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_file() and path.suffix != ".pub"] if folder.exists() else []


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """A world in this folder, whose server and servers end with the block."""
    folder.chmod(0o711)
    for name in ("said", "tmp", "given", "out", "checked"):
        (folder / name).mkdir()
    (folder / "tmp").chmod(0o1777)
    settings = settings_in(folder / "home")
    (folder / "home").mkdir(mode=0o711)
    assert fill(folder / "inbox", people(CROWD)) == CROWD
    with ExitStack() as stack:
        _write_sources(folder, stack.enter_context(echo(500)))
        port = stack.enter_context(refusing_mail_server())
        _write_owners(folder, stack.enter_context(echo(200)), stack.enter_context(echo(500, hang_seconds=1)), port)
        desk = desk_in(
            folder / "home",
            WAREHOUSE_INBOX=str(folder / "inbox"),
            WAREHOUSE_SOURCES=str(folder / "given" / "sources.yaml"),
            WAREHOUSE_OWNERS=str(folder / "given" / "owners.yaml"),
            TMPDIR=str(folder / "tmp"),
            CANARY_SFTP=secret("SFTP password"),
            CANARY_DINGTALK=secret("DingTalk secret"),
        )
        made = World(folder, replace(settings, inbox=folder / "inbox"), desk.environment)
        try:
            yield made
        finally:
            if status(made.settings).is_running:
                stop(made.settings)
            shutil.rmtree(folder, ignore_errors=True)


def _write_sources(folder: Path, api_url: str) -> None:
    given = folder / "given"
    (given / "token").write_text(secret("API token"))
    (given / "database").write_text(f"postgresql://reader:{secret('source database')}@127.0.0.1:{free_port()}/welfare")
    (given / "known_hosts").write_text("")
    tries = {"deadline_seconds": 20, "retries": 0}
    columns = {each.name: each.name for each in forms()["relief"].fields}
    sources = [
        {"id": "api", "kind": "http_api", "url": f"{api_url}/kobo", "shape": "kobo", "token": {"file": "token"}, **tries},
        {
            "id": "sftp", "kind": "sftp", "host": "127.0.0.1", "port": free_port(), "user": "u", "known_hosts": "known_hosts",
            "password": {"env": "CANARY_SFTP"}, **tries,
        },
        {
            "id": "db", "kind": "sql", "database": {"file": "database"}, "query": "select 1", **tries,
            "mapping": {"form": "relief", "unit": {"value": "A0101"}, "period": {"column": "month"}, "columns": columns},
        },
    ]  # fmt: skip
    (given / "sources.yaml").write_text(yaml.safe_dump({"sources": sources}))


def _write_owners(folder: Path, wecom: str, dingtalk: str, mail_port: int) -> None:
    given = folder / "given"
    (given / "mail").write_text(secret("mail password"))
    (given / "wecom").write_text(
        f"{wecom}/cgi-bin/webhook/send?key={secret('WeCom key').replace('+', '%2B').replace('/', '%2F')}"
    )
    (given / "dingtalk").write_text(f"{dingtalk}/robot/send?access_token={secret('DingTalk token')}")
    owners = {
        "mail_servers": {
            "main": {
                "host": "127.0.0.1", "port": mail_port, "security": "plain", "sender": "w@example.invalid", "user": "w",
                "password": {"file": "mail"},
            }
        },
        "channels": {
            "post": {"kind": "mail", "to": "li@example.invalid", "server": "main"},
            "group": {"kind": "wecom", "url": {"file": "wecom"}},
            "talk": {"kind": "dingtalk", "url": {"file": "dingtalk"}, "secret": {"env": "CANARY_DINGTALK"}},
        },
        "people": {"li": {"name": "李处", "channels": ["post", "group", "talk"]}},
        "default": "li",
    }  # fmt: skip
    (given / "owners.yaml").write_text(yaml.safe_dump(owners, allow_unicode=True))
