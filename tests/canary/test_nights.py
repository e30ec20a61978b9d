"""Fifty people and the secrets go through bad nights; then every byte that is left is searched, and one of them is erased. The story is in
`story.py`."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from connectors.backup.restoring import restore_backup
from connectors.keys import Keyring
from connectors.postgres import ensure_database
from tests.canary.needles import Needles
from tests.canary.people import Person, people
from tests.canary.processes import ProcessList
from tests.canary.story import short, whole
from tests.canary.sweep import Swept, sweep_database, sweep_files, sweep_originals
from tests.canary.world import ALLOWED, World, world
from tests.conftest import memory_folder, of_database

IS_WHOLE = os.environ.get("WAREHOUSE_CANARY_NIGHTS") == "all"
DATABASES = ("warehouse", "prefect", "postgres")

WITHOUT_SECRETS = (b"connectors.workbooks.child", b"bin/postgres\0", b"postgres: ")
"""Processes that get nothing of our environment."""


@pytest.fixture
def canary() -> Iterator[World]:
    folder = Path(tempfile.mkdtemp(prefix="wc-", dir=memory_folder()))
    try:
        with world(folder) as made:
            yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(canary: World, needles: Needles) -> Swept:
    swept = Swept()
    for database in DATABASES:
        with canary.admin(database) as conn:
            sweep_database(conn, needles, swept)
    sweep_files(canary.folder, needles, ALLOWED, swept)
    return swept


def nothing_is_left_of_the_erased(canary: World, person: Person) -> list[str]:
    """Erase somebody by the command; gives every hit in what is ours afterwards: files and rows, every archived original opened, and what
    is brought back from a backup of before and one of after."""
    asked, before = canary.folder / "given" / "id", next((canary.folder / "out").glob("backup*/*"))
    asked.write_text(person.citizen_id)
    signed = ("--reason", "本人申请", "--author", "王处")
    assert canary.call("person", "erase", "--id-file", str(asked), "--yes", *signed) == 0, canary.heard()
    assert canary.call("db", "backup", "-o", str(canary.folder / "out" / "after")) == 0, canary.heard()
    after = next((canary.folder / "out" / "after").iterdir())

    needles, swept = Needles(person.marks(0)), Swept()
    ours = {place: why for place, why in ALLOWED.items() if not place.startswith("home/")}
    sweep_files(canary.folder, needles, ours, swept)
    for database in DATABASES:
        with canary.admin(database) as conn:
            sweep_database(conn, needles, swept)
    sweep_originals(canary.settings, needles, swept)
    for backup in (before, after):
        name = f"back_{backup.parent.name}"
        url = of_database(ensure_database(canary.settings), name)
        with canary.admin("postgres") as conn:
            conn.execute(f"create database {name} owner {urlsplit(url).username} template template0 encoding 'UTF8'")
        restored = replace(canary.settings, home=canary.folder / "back" / name, url=url)
        restore_backup(restored, backup, lambda _done, _total: None)
        with canary.admin(name) as conn:
            sweep_database(conn, needles, swept)
        sweep_originals(restored, needles, swept)
    assert set(swept.allowed) <= set(ours)
    return [str(hit) for hit in swept.hits]


@pytest.mark.timeout(4 * 3600 if IS_WHOLE else 3600)
def test_no_mark_is_left_anywhere_else(canary: World, capsys: pytest.CaptureFixture[str]) -> None:
    with ProcessList() as processes:
        (whole if IS_WHOLE else short)(canary)
    needles = Needles(canary.marks())
    swept = sweep(canary, needles)
    with capsys.disabled():
        print(f"\n{canary.codes}\n{swept.tell(needles)}")  # noqa: T201 - the figures are what a soak is for
    assert not swept.hits, "\n".join({f"{hit.place} {hit.mark}": str(hit) for hit in swept.hits}.values())
    assert not swept.closed
    # The searched world is no empty one.
    assert {"inbox/*", "home/replies/*.xlsx", "home/secrets/*", "given/*"} <= set(swept.allowed)

    assert not list(needles.find(b"\n".join(processes.command_lines)))
    for line, environment in processes.environments.items():
        assert not (any(name in line for name in WITHOUT_SECRETS) and list(needles.find(environment))), line

    [person] = people(1)
    assert nothing_is_left_of_the_erased(canary, person) == []

    # What is planted goes red: a row in a log, one in a table of Prefect's, a name in a leftover.
    with (canary.settings.logs_dir / "dbt" / "dbt.log").open("a") as log:
        log.write(f"Failing row contains (1, {person.name})\n")
    (canary.folder / "tmp" / "left").write_bytes(person.citizen_id.encode("utf-16-le"))
    with canary.admin("prefect") as conn:
        conn.execute("insert into log (name, level, message, timestamp) values ('x', 20, %s, now())", (person.phone,))
    found = {(hit.place.partition(" ")[0], hit.mark) for hit in sweep(canary, needles).hits}
    assert {("home/logs/dbt/dbt.log", "name 0"), ("tmp/left", "ID 0"), ("prefect:", "phone 0")} <= found


def test_the_keys_themselves_are_searched_for(canary: World) -> None:
    Keyring.load(canary.settings)
    kept = [path for path in canary.settings.keys_dir.iterdir() if path.is_file()]
    assert kept
    assert {f"key {path.name}" for path in kept} <= set(canary.marks())
