"""Fifty people and the secrets go through bad nights; then every byte that is left is searched. The story is in `story.py`."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.keys import Keyring
from tests.canary.needles import Needles
from tests.canary.people import people
from tests.canary.processes import ProcessList
from tests.canary.story import short, whole
from tests.canary.sweep import Swept, sweep_database, sweep_files
from tests.canary.world import ALLOWED, World, world
from tests.conftest import memory_folder

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

    # What is planted goes red: a row in a log, one in a table of Prefect's, a name in a leftover.
    person = people(1)[0]
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
