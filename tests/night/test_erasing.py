"""A person is erased from a province after its night: what is published stays, comes out the same again, and a new backup knows nobody."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.backup.restoring import restore_backup
from connectors.backup.taking import take_backup
from connectors.keys import Keyring
from connectors.warehouse.audit import audit
from connectors.warehouse.engine import connect
from connectors.warehouse.erasing.erasure import alone, erase
from connectors.warehouse.unmasking import Asked
from connectors.workbooks.pool import ReaderPool
from flows.night_steps import LEASE
from tests.canary.needles import Needles
from tests.canary.sweep import Swept, sweep_database, sweep_files, sweep_originals
from tests.conftest import settings_in
from tests.night import inbox
from tests.night.backfilling import run
from tests.night.conftest import Province

PHONE = "13912345678"
MARKS = {"id": inbox.PERSON, "name": inbox.WORKER_NAME, "phone": PHONE}
OTHER = {"worker_name": "诸葛旁人", "worker_citizen_id": inbox.citizen_id("61019919810202002")}
WHOLE = os.environ.get("WAREHOUSE_ERASE_NIGHT") == "whole"
"""Whether the person is in a province of their own, with a correction and a row that waits, through two nights; `make soak` does that."""

FIGURES = (
    "select i::text from bi.indicator_value i order by 1",
    "select count(distinct worker_token)::text, count(*)::text from landing.hardship_aid",
    "select count(distinct distinct_key)::text, count(*)::text from marts.fct_measures",
)


def send(folder: Path) -> None:
    """The small province, and in it the person aided by two units: in one with a row that waits, corrected a fortnight later."""
    inbox.fill(folder)
    waiting = inbox.hardship_row(amount_cny=f"见{PHONE}")
    for name, rows, day in (
        ("A0102_救助.xlsx", [inbox.hardship_row(), inbox.hardship_row(**OTHER)], 2),
        ("A0102_救助（更正）.xlsx", [inbox.hardship_row(), inbox.hardship_row(**OTHER), waiting], 15),
    ):
        arrived = datetime(2021, 4, day, 9, tzinfo=inbox.SHANGHAI)
        inbox.put(folder, name, "hardship_aid", "A0102", "2021-03", rows, arrived=arrived)


def published(province: Province) -> list[Any]:
    with province.connect() as conn:
        return [conn.execute(query).fetchall() for query in FIGURES]


def found(province: Province) -> list[str]:
    """Every hit in the home, in the archive opened, and in all rows."""
    token = Keyring.load(province.settings).token(inbox.PERSON)
    needles, swept = Needles(MARKS | {"token": token}), Swept()
    sweep_files(province.settings.home, needles, {}, swept)
    sweep_originals(province.settings, needles, swept)
    with province.connect() as conn:
        sweep_database(conn, needles, swept)
    return [str(hit) for hit in swept.hits]


@pytest.fixture
def province(
    make_province: Callable[[], Province], copy_undisturbed: Callable[[], Province], tmp_path: Path
) -> Province:
    """A province after its night, with keys of its own."""
    keys = tmp_path / "keys"
    if not WHOLE:
        made = copy_undisturbed()
        shutil.copytree(made.settings.keys_dir, keys)
        return replace(made, settings=replace(made.settings, keys_dir=keys))
    made = make_province()
    keys.mkdir(mode=0o700)
    send(tmp_path / "inbox")
    made = replace(made, settings=replace(made.settings, keys_dir=keys, inbox=tmp_path / "inbox"))
    assert made.run() == 1
    return made


def test_what_was_published_of_an_erased_person_stays_and_nothing_knows_them(
    province: Province, empty_database: str, tmp_path: Path
) -> None:
    settings, before = province.settings, published(province)
    answers = {path.name for path in settings.replies_dir.rglob("*批注.xlsx")}
    assert found(province)
    with connect(settings) as conn, alone(settings, conn, LEASE, inbox.NIGHT), ReaderPool(settings) as pool:
        done = erase(settings, conn, pool, inbox.PERSON, Asked("王处", "person erase", "本人申请"), lambda _d, _n: None)
    assert (done.rewritten, done.destroyed) == (3 if WHOLE else 1, 0)
    assert found(province) == []
    left = {path.name for path in settings.replies_dir.rglob("*批注.xlsx")}
    assert {name.split("_")[1] for name in answers - left} == ({"hardship"} if WHOLE else set())
    assert left
    assert published(province) == before

    shown = run(settings, "preview")
    assert shown["exit_code"] == 0, shown
    assert shown["result"]["figures"] == []
    assert {a["ending"] for a in shown["result"]["answers"]} <= {"unchanged", "refused_still"}
    if WHOLE:
        assert province.run() == 0, "nothing new, and nothing to do"
        assert published(province) == before
    with province.connect() as conn:
        assert audit(conn, {}).faults == ()

    taken = take_backup(settings, tmp_path / "backups", lambda _d, _n: None)
    place = settings_in(tmp_path / "elsewhere", empty_database)
    shutil.copytree(settings.keys_dir, place.keys_dir)
    restore_backup(place, taken.path, lambda _d, _n: None)
    restored = Province(place)
    assert found(restored) == []
    assert published(restored) == before
