"""The commands of the pages for staff, run one after another as they stand there, over the small province after one night."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from flows.night import today
from tests.connectors.channels.servers import mail_server
from tests.flows.conftest import Desk
from tests.night import inbox
from tests.test_docs import ROOT, blocks_of

PAGES = [ROOT / "docs/user/zh/出事怎么办.md", ROOT / "docs/user/zh/工作手册.md"]
"""A page to be done after another: a period that the handbook has closed is one that nothing can be withdrawn from."""

READERS = ("zhang", "li")

OWNERS = """
mail_servers:
  office: {{host: 127.0.0.1, port: {port}, security: plain, sender: warehouse@example.invalid}}
channels:
  li-mail: {{kind: mail, to: li@example.invalid, server: office}}
people:
  li: {{name: 李处, channels: [li-mail]}}
default: li
"""

PEOPLE_ARE_NEEDED = {"run", "check", "alerts", "quarantine", "backfill"}
"""What may end with 1, since rows and alerts of the small province wait."""


@pytest.fixture
def room(second_office: Desk, tmp_path: Path) -> Iterator[Desk]:
    """Where the pages begin: two with an account, a unit with two tokens (they give it a third), a corrected workbook on the desk, and
    a register of who is told, whose mail arrives."""
    inbox.put(tmp_path, "慰问_更正.xlsx", "relief", "A0201", "2021-03", [inbox.relief_row(beneficiary_unit="A0201")])
    for login in READERS:
        assert second_office.call("access", "give", login, "bi_reader", "--author", "王处").returncode == 0
        assert second_office.call("intake", "issue", "--unit", "A0101", "--author", "王处").returncode == 0
    with mail_server() as (_, port):
        Path(second_office.environment["WAREHOUSE_HOME"], "owners.yaml").write_text(OWNERS.format(port=port))
        yield second_office


def commands_of(page: Path) -> list[str]:
    """The commands in the blocks of a page that are meant to be typed (`sh`; what is only shown, as a restore, is `console`)."""
    return [line for language, lines in blocks_of(page) if language == "sh" for line in lines if line]


def arguments_of(command: str) -> list[str]:
    """The words of a command. The pages tell of 2021, and until when somebody is silent is asked of the clock: a day to come."""
    words = shlex.split(command)
    if "--until" in words:
        words[words.index("--until") + 1] = (today() + timedelta(days=10)).isoformat()
    return words


@pytest.mark.timeout(3000)
def test_every_command_of_the_handbook_and_of_the_incidents_ends_well(room: Desk, tmp_path: Path) -> None:
    environment = room.environment | {"WAREHOUSE_INBOX": str(tmp_path / "inbox")}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    (tmp_path / "inbox").mkdir()
    (tmp_path / "身份证号.txt").write_text(inbox.PERSON)
    wrong = []
    try:
        for page in PAGES:
            for command in commands_of(page):
                program, *arguments = arguments_of(command)
                assert program == "warehouse", command
                done = subprocess.run(
                    [program, *arguments],
                    cwd=tmp_path,
                    env=environment,
                    capture_output=True,
                    text=True,
                    check=False,
                    timeout=900,
                )
                if done.returncode > (arguments[0] in PEOPLE_ARE_NEEDED) or not done.stdout.strip():
                    wrong.append(f"{page.name}: {command}: {done.returncode}\n{done.stdout[-600:]}{done.stderr[-600:]}")
    finally:
        with closing(psycopg.connect(room.environment["WAREHOUSE_URL"], autocommit=True)) as conn:
            for login in READERS:
                conn.execute(sql.SQL("drop role if exists {}").format(sql.Identifier(login)))
    assert wrong == []
