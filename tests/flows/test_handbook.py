"""The commands of the pages for staff, run one after another as they stand there, over the small province after one night."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.flows.conftest import Desk
from tests.night import inbox
from tests.test_docs import ROOT, blocks_of

PAGES = [ROOT / "docs/user/zh/出事怎么办.md", ROOT / "docs/user/zh/工作手册.md"]
"""A page to be done after another: a period that the handbook has closed is one that nothing can be withdrawn from."""

READERS = ("zhang", "li")

PEOPLE_ARE_NEEDED = {"run", "check", "alerts", "quarantine", "backfill"}
"""What may end with 1, since rows and alerts of the small province wait."""


@pytest.fixture
def room(second_office: Desk, tmp_path: Path) -> Desk:
    """Where the pages begin: two with an account, a unit with two tokens (they give it a third), a corrected workbook on the desk."""
    inbox.put(tmp_path, "慰问_更正.xlsx", "relief", "A0201", "2021-03", [inbox.relief_row(beneficiary_unit="A0201")])
    for login in READERS:
        assert second_office.call("access", "give", login, "bi_reader", "--author", "王处").returncode == 0
        assert second_office.call("intake", "issue", "--unit", "A0101", "--author", "王处").returncode == 0
    return second_office


def commands_of(page: Path) -> list[str]:
    """The commands in the blocks of a page that are meant to be typed (`sh`; what is only shown, as a restore, is `console`)."""
    return [line for language, lines in blocks_of(page) if language == "sh" for line in lines if line]


@pytest.mark.timeout(3000)
def test_every_command_of_the_handbook_and_of_the_incidents_ends_well(room: Desk, tmp_path: Path) -> None:
    environment = room.environment | {"WAREHOUSE_INBOX": str(tmp_path / "inbox")}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    (tmp_path / "inbox").mkdir()
    wrong = []
    try:
        for page in PAGES:
            for command in commands_of(page):
                program, *arguments = shlex.split(command)
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
