"""Backfill: a preview touches nothing, an apply does exactly what it showed or nothing, and dying in the middle harms nobody."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from connectors.warehouse.backfill.parameters import Parameters
from connectors.warehouse.engine import connect
from connectors.warehouse.waivers import add_waiver
from tests.canonical import canonical_dump
from tests.night import inbox
from tests.night.backfilling import ALL, run, with_rule
from tests.night.conftest import Province

SOAK = int(os.environ.get("WAREHOUSE_TEST_BACKFILLS", "1"))
"""How many random backfills are previewed and applied; `make soak` does 50."""

READING = ("read", "relief 2021-03", False)
STRICTER = partial(with_rule, "error", 6000)


@pytest.fixture
def province(copy_undisturbed: Callable[[], Province]) -> Province:
    return copy_undisturbed()


def dump(province: Province) -> dict[str, list[str]]:
    with province.connect() as conn:
        return canonical_dump(conn)


def files_of(province: Province) -> set[Path]:
    return {p for p in province.settings.archive_dir.rglob("*") if p.is_file()}


def random_backfill(chance: random.Random, folder: Path) -> tuple[Parameters, Callable[[], None]]:
    """A range, a choice and rules of today; sometimes a folder of history instead of the archive."""
    first, last = chance.choice(
        [("2021-01", "2021-12"), ("2021-03", "2021-03"), ("2021", "2021"), ("2021-Q1", "2021-Q1")]
    )
    parameters = Parameters(
        *(first, last, chance.choice([(), ("relief",), ("hardship_aid", "relief")])),
        unit_ids=chance.choice([(), ("A0101", "A0201"), ("A0102",)]),
        only_missing=chance.random() < 1 / 8,
        folder=str(folder) if chance.random() < 1 / 2 else None,
    )
    for number in range(chance.randint(1, 3)) if parameters.folder else ():
        unit = chance.choice(["A0101", "A0102", "A0201", "A0999"])
        rows = [
            inbox.relief_row(beneficiary_unit="A0101", persons=chance.randint(0, 9), given_on=date(2021, 3, day))
            for day in range(1, chance.randint(2, 4))
        ]
        inbox.put(folder, f"{number}.xlsx", "relief", unit, chance.choice(["2021-03", "2021-02"]), rows)
    rule = partial(with_rule, chance.choice(["critical", "error", "warning", "info"]), chance.choice([1, 5251, 9000]))
    return parameters, rule


@pytest.mark.parametrize("seed", range(SOAK))
def test_random_backfills_do_what_their_previews_showed_field_by_field(
    province: Province, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    parameters, rule = random_backfill(chance, tmp_path / "history")
    before, archived = dump(province), files_of(province)
    shown = run(province.settings, "preview", parameters, prepare=rule)
    assert shown["exit_code"] == 0, shown
    assert (dump(province), files_of(province)) == (before, archived)
    done = run(province.settings, "apply", parameters, prepare=rule)
    assert done["exit_code"] == 0, done
    assert done["result"] == shown["result"]


def test_killed_and_applied_again_it_is_done_once_and_says_so(province: Province) -> None:
    shown = run(province.settings, "preview", prepare=STRICTER)
    endings = {(a["unit"], a["ending"]) for a in shown["result"]["answers"] if a["form"] == "relief"}
    assert ("A0101", "new_version") in endings
    assert {f["org_level"] for f in shown["result"]["figures"]} >= {"unit", "group", "province"}
    untouched = ledger(province)
    assert run(province.settings, "apply", kill_at=READING, prepare=STRICTER)["exit_code"] == -9
    assert ledger(province) == untouched
    assert states(province) == ("reading", {"read", "waiting"})
    assert run(province.settings, "apply", kill_at=("bring_in", "", True), prepare=STRICTER)["exit_code"] == -9
    assert states(province) == ("loaded", {"loaded"})
    done = run(province.settings, "apply", prepare=STRICTER)
    assert done["exit_code"] == 0, done
    assert done["result"]["figures"] == shown["result"]["figures"]
    after = dump(province)
    assert run(province.settings, "apply", prepare=STRICTER)["result"] is None
    assert dump(province) == after


def test_an_apply_without_a_preview_or_after_something_moved_is_refused(province: Province) -> None:
    refused = run(province.settings, "apply")
    assert (refused["exit_code"], refused["error"]) == (2, "NoPlan")
    assert run(province.settings, "preview")["exit_code"] == 0
    with connect(province.settings) as conn:
        said = {"reason": "经批准", "author": "王处"}
        add_waiver(conn, "relief.paid_reaches_people", "A0101", date(2021, 1, 1), date(2021, 12, 31), **said)
    before = dump(province)
    refused = run(province.settings, "apply")
    assert (refused["exit_code"], refused["error"]) == (2, "BackfillMoved")
    assert "豁免" in refused["sentence"]
    assert dump(province) == before
    assert run(province.settings, "apply", replace(ALL, unit_ids=("A0101",)))["error"] == "NoPlan"


def ledger(province: Province) -> dict[str, list[str]]:
    """Everything but the records of backfills themselves."""
    return {name: rows for name, rows in dump(province).items() if not name.startswith("ops.backfill")}


def states(province: Province) -> tuple[str, set[str]]:
    """The state of the one backfill, and those of its partitions."""
    with province.connect() as conn:
        [(state,)] = conn.execute("select state from ops.backfill").fetchall()
        found: list[tuple[Any, ...]] = conn.execute("select distinct state from ops.backfill_partition").fetchall()
    return state, {row[0] for row in found}
