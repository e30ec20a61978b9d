"""A zip of many files: each of them is a delivery of its own, and of a zip that is not sound none is taken."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any, cast

import psycopg
import pytest

from connectors.archive import Archive
from connectors.keys import Keyring
from connectors.settings import Settings
from connectors.sources import FolderSource, collect
from connectors.warehouse.engine import connect
from connectors.warehouse.intake import take_in
from connectors.warehouse.replies import reply_to_deliveries
from connectors.warehouse.runs import Account, close_run, night_account, open_run, undecided_deliveries
from connectors.workbooks.packed import MAX_MEMBERS
from tests.connectors.test_folder_source import LONG_AGO, lay
from tests.connectors.warehouse.test_intake import OFFICE_ALONE, SHARED_OUT, Shelf
from tests.connectors.workbooks.filled import RELIEF, example, filled
from tests.connectors.workbooks.test_refusals import flipped

GOOD = filled(RELIEF, [example(RELIEF)])
BETTER = filled(RELIEF, [example(RELIEF, persons=31)])
PHOTO = b"\xff\xd8\xff" + os.urandom(4_500_000)
"""With it, a zip is longer than what is sealed at once."""


class Here(Shelf):
    """A pool that reads here and now, as large files as the warehouse does."""

    longest_file_bytes = 20_000_000


class Office:
    """A place where files arrive and are taken in, night after night, without processes of its own."""

    def __init__(self, settings: Settings, conn: psycopg.Connection[Any], folder: Path) -> None:
        self.settings, self.conn, self.folder = settings, conn, folder
        self.archive = Archive(settings, Keyring.load(settings))
        folder.mkdir()

    def night(self) -> Account:
        """Take in what has come, and answer it."""
        run_id = open_run(self.conn, "night", date(2021, 4, 20))
        collect(self.settings, self.conn, self.archive, FolderSource("inbox", self.folder), run_id)
        waiting = [delivery_id for delivery_id, _ in undecided_deliveries(self.conn)]
        keyring = Keyring.load(self.settings)
        assert take_in(self.conn, self.archive, keyring, cast(Any, Here()), waiting, run_id) == []
        reply_to_deliveries(self.settings, self.conn, self.archive, run_id)
        account = night_account(self.conn, run_id)
        close_run(self.conn, run_id, "succeeded", account, None)
        return account

    def outcomes(self) -> dict[str, str]:
        """What became of each delivery, in the order of the archive."""
        return dict(
            self.conn.execute(
                "select d.object_name, o.outcome from archive.delivery d left join ops.delivery_outcome o using (delivery_id)"
                " order by d.delivery_id"
            ).fetchall()
        )

    def codes(self) -> dict[str, str]:
        """The critical findings by file."""
        return dict(
            self.conn.execute(
                "select d.object_name, f.code from ops.finding f join archive.delivery d using (delivery_id)"
                " where f.severity = 'critical'"
            ).fetchall()
        )


@pytest.fixture
def office(settings: Settings, tmp_path: Path) -> Iterator[Office]:
    with closing(connect(settings)) as conn:
        yield Office(settings, conn, tmp_path / "in")


def packed(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of these files, each a day younger than the one before it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for day, (name, data) in enumerate(files.items(), start=1):
            archive.writestr(zipfile.ZipInfo(name, (2021, 4, day % 28 + 1, 9, 0, 0)), data, method)
    return stream.getvalue()


def packed_in_gbk(name: str, data: bytes, others: Mapping[str, bytes]) -> bytes:
    """A zip as Windows makes it: with one name in GBK and nothing that says so."""
    raw = name.encode("gb18030")
    return packed({"=" * len(raw): data, **others}).replace(b"=" * len(raw), raw)


@pytest.mark.inputs("A78", "A83", "B15")
def test_each_workbook_in_a_zip_is_a_delivery_and_the_account_balances(office: Office) -> None:
    strays = {"__MACOSX/._名册.xlsx": b"x", "表/~$名册.xlsx": b"x", ".DS_Store": b"x", "表/": b""}
    # The second byte of 誠 is a backslash to whoever does not know GBK.
    data = packed_in_gbk("誠信厂_慰问.xlsx", GOOD, {"表/名册.xlsx": OFFICE_ALONE, "表/指标.xlsx": SHARED_OUT, **strays})
    lay(office.folder / "一季度.zip", data)
    account = office.night()
    taken = {
        "一季度.zip": "unpacked",
        "一季度.zip/誠信厂_慰问.xlsx": "accepted",
        "一季度.zip/表/名册.xlsx": "accepted",
        "一季度.zip/表/指标.xlsx": "accepted",
    }
    assert office.outcomes() == taken
    assert (account.received, account.accepted, account.unpacked) == (4, 3, 1)
    assert account.is_balanced
    assert not account.needs_people
    told = office.conn.execute("select receipt ->> 'text' from ops.reply order by delivery_id limit 1").fetchone()
    assert told is not None
    assert "压缩包已拆开，其中的文件各有回执" in told[0]

    assert office.night().received == 0
    assert office.outcomes() == taken

    lay(office.folder / "单独再报.xlsx", GOOD)
    lay(office.folder / "一季度（再传）.zip", data)
    again = office.night()
    assert (again.received, again.duplicate, again.unpacked, again.is_balanced) == (5, 4, 1, True)


@pytest.mark.inputs("A78", "B1", "B2", "B3", "B7")
def test_of_a_zip_that_is_not_sound_nothing_is_taken(office: Office) -> None:
    unsafe = {
        "leads out": packed({"好.xlsx": GOOD, "../../好2.xlsx": GOOD}),
        "absolute": packed({"好.xlsx": GOOD, "/etc/好.xlsx": GOOD}),
        "backslashes": packed({"好.xlsx": GOOD, "a\\..\\..\\b.xlsx": GOOD}),
        "drive": packed({"好.xlsx": GOOD, "C:好.xlsx": GOOD}),
        "too many": packed({f"{n}.csv": b"1,2" for n in range(MAX_MEMBERS + 1)}),
        "long name": packed({"好" * 1_500: GOOD}),
        "file and folder": packed({"a.zip": packed({"好.xlsx": GOOD}), "A.zip/好.xlsx": GOOD}),
        "twice": packed({"A.xlsx": GOOD, "a.XLSX": BETTER}),
        "bomb": packed({"好.xlsx": GOOD, "b.csv": b"0" * 20_000_000}),
        "bzip2": packed({"好.xlsx": GOOD, "b.csv": b"1,2"}, zipfile.ZIP_BZIP2),
    }
    # Bit 0 of the flags, in the directory and before the file.
    locked = bytearray(packed({"好.xlsx": GOOD}, zipfile.ZIP_STORED))
    locked[locked.rindex(b"PK\x01\x02") + 8] |= 1
    others = {
        "locked": (bytes(locked), "file.password"),
        "damaged": (flipped(packed({"好.xlsx": GOOD, "b.csv": b"<v>20000</v>"}, zipfile.ZIP_STORED)), "file.damaged"),
        "torso": (packed({"好.xlsx": GOOD})[:-30], "file.damaged"),
        "nothing": (packed({"表/": b""}), "file.packed"),
    }
    expected = {f"{name}.zip": "file.packed_unsafe" for name in unsafe}
    expected |= {f"{name}.zip": code for name, (_, code) in others.items()}
    for name, data in (unsafe | {name: data for name, (data, _) in others.items()}).items():
        lay(office.folder / f"{name}.zip", data)
    account = office.night()
    assert office.codes() == expected
    assert (account.received, account.unrecognised, account.is_balanced) == (len(expected), len(expected), True)


@pytest.mark.inputs("A78")
def test_a_zip_in_a_zip_is_not_unpacked_and_does_not_hold_up_the_others(office: Office) -> None:
    inner = packed({"慰问.xlsx": GOOD})
    lay(office.folder / "外.zip", packed({"内.zip": inner, "名册.xlsx": OFFICE_ALONE, "照片.jpg": PHOTO}))
    assert office.night().is_balanced
    assert office.codes() == {"外.zip/内.zip": "file.packed", "外.zip/照片.jpg": "file.not_a_workbook"}
    assert office.outcomes()["外.zip/名册.xlsx"] == "accepted"


@pytest.mark.inputs("A83")
def test_of_two_answers_in_a_zip_the_younger_counts_whatever_its_name(office: Office) -> None:
    lay(office.folder / "b.zip", packed({"慰问.xlsx": GOOD, "慰问(改).xlsx": BETTER}))
    lay(office.folder / "a.xlsx", OFFICE_ALONE, LONG_AGO - 1)
    office.night()
    in_force = office.conn.execute(
        "select persons from ops.submission_in_force join landing.relief using (submission_id)"
    )
    assert in_force.fetchall() == [(31,)]


@pytest.mark.inputs("B15")
def test_a_look_that_is_killed_among_the_files_of_a_zip_leaves_no_trace(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay(office.folder / "a.zip", packed({"名册.xlsx": OFFICE_ALONE, "慰问.xlsx": GOOD}))
    with monkeypatch.context() as patch:
        patch.setattr(Archive, "settle", lambda _: pytest.fail("killed"))
        with pytest.raises(pytest.fail.Exception):
            office.night()
    assert office.outcomes() == {}
    account = office.night()
    assert (account.received, account.accepted, account.unpacked) == (3, 2, 1)
