"""A night of three hundred good workbooks with sixty poisons among them is the night of the three hundred alone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from expectations.periods import periods_between
from tests.canonical import canonical_dump
from tests.night import inbox
from tests.night.conftest import Province
from tests.night.poisons import poisons

FIRST_DAY, LAST_DAY = date(2018, 1, 1), date(2021, 3, 31)
WORKBOOKS, POISONS = 312, 60

SAME = ("landing", "quarantine", "registers", "pii", "marts")
"""Whole schemas that must not differ; of `bi` the figures and who has answered, as the quality of what came in does differ."""

SAME_IN_BI = ("indicator_value_history", "completeness", "target_progress", "published_comparison", "relief_summary")


def fill(folder: Path) -> list[Path]:
    """Three years of three forms by the units of the small province, with something wrong in some rows, and its register."""
    register = inbox.put(folder, "名册.xlsx", "unit_register", "S0001", "2021", inbox.register_rows())
    enterprises = ("A0101", "A0102", "A0201")
    written = []
    for month in periods_between("month", FIRST_DAY, LAST_DAY):
        day = month.first_day + timedelta(days=4)
        for unit in (*enterprises, "S0001"):
            amount = "约5000" if unit == "A0201" and month.first_day.month == 2 else 5000 + day.month
            rows = [inbox.relief_row(beneficiary_unit="A0101", cash_cny=amount, given_on=day)]
            written.append(inbox.put(folder, f"慰问_{unit}_{month.id}.xlsx", "relief", unit, month.id, rows))
        for unit in enterprises:
            rows = [inbox.hardship_row(paid_on=day)]
            written.append(inbox.put(folder, f"救助_{unit}_{month.id}.xlsx", "hardship_aid", unit, month.id, rows))
    for quarter in periods_between("quarter", FIRST_DAY, LAST_DAY):
        for unit in enterprises:
            rows = [inbox.profile_row(congress_held_on=None, contract_signed_on=date(2017, 6, 1))]
            written.append(inbox.put(folder, f"情况_{unit}_{quarter.id}.xlsx", "unit_profile", unit, quarter.id, rows))
    assert register.exists()
    return written


def test_sixty_poisons_change_no_row_and_no_figure(make_province: Callable[[], Province], tmp_path: Path) -> None:
    good, mixed = tmp_path / "good" / "inbox", tmp_path / "mixed" / "inbox"
    written = fill(good)
    assert len(written) == WORKBOOKS
    shutil.copytree(good, mixed)
    evil = poisons(written[0].read_bytes())
    assert len(set(evil)) == POISONS
    for number, data in enumerate(evil):
        # Among the good ones in every order that a folder may have.
        path = mixed / f"{'慰救情0z'[number % 5]}_{number}.xlsx"
        path.write_bytes(data)
        os.utime(path, (written[0].stat().st_mtime,) * 2)

    dumps = []
    for folder, bad in ((good, 0), (mixed, POISONS)):
        province = make_province()
        province = replace(province, settings=replace(province.settings, inbox=folder, chunk_size=100))
        assert province.run() == 1
        with province.connect() as conn:
            [(account,)] = conn.execute("select account from ops.run").fetchall()
            assert (account["accepted"], account["unrecognised"]) == (WORKBOOKS + 1, bad)
            assert account["is_balanced"]
            dumps.append(canonical_dump(conn, (*SAME, "bi")))
    alone, among = dumps
    compared = [name for name in alone if name.split(".")[0] in SAME or name.split(".")[1] in SAME_IN_BI]
    assert len(alone["landing.relief"]) == 156 - 4
    assert len(compared) > 30
    assert [name for name in compared if alone[name] != among[name]] == []
