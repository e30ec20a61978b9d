"""The sample on disk: the same bytes everywhere, each file whole and once, however often it is written or killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from openpyxl import load_workbook

from connectors.sample import writer
from connectors.sample.days import LAST_YEAR, YEAR
from connectors.sample.files import SampleFile, sample_files
from connectors.sample.organisation import CONTINUED_NOTICE, NOTICE
from connectors.sample.writer import SampleCount, write_file, write_sample


def _some_files() -> list[SampleFile]:
    """One file of each story, and one clean file of each form."""
    chosen = {(f.story, f.form_id if f.story == "clean" else ""): f for f in sample_files()}
    return list(chosen.values())


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> list[SampleFile]:
    """A sample of a dozen files, so that a test of the writer takes no longer than it must."""
    files = _some_files()
    monkeypatch.setattr(writer, "sample_files", lambda through: tuple(files))
    return files


def _state(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("file", _some_files(), ids=lambda file: f"{file.story}-{file.form_id}")
def test_a_file_has_the_same_bytes_and_arrival_every_time(file: SampleFile, tmp_path: Path) -> None:
    first, second = write_file(file, tmp_path / "one"), write_file(file, tmp_path / "two")
    assert first.read_bytes() == second.read_bytes()
    assert first.stat().st_mtime_ns == second.stat().st_mtime_ns
    assert int(first.stat().st_mtime) == int(file.arrives_at.timestamp())


def test_a_second_call_writes_nothing(few: list[SampleFile], tmp_path: Path) -> None:
    assert write_sample(tmp_path) == SampleCount(files=len(few), written=len(few))
    before = _state(tmp_path)
    assert write_sample(tmp_path) == SampleCount(files=len(few), written=0)
    assert _state(tmp_path) == before


def test_a_damaged_and_a_deleted_file_come_back(few: list[SampleFile], tmp_path: Path) -> None:
    write_sample(tmp_path)
    before = _state(tmp_path)
    (tmp_path / few[0].path).write_bytes(b"half")
    (tmp_path / few[1].path).unlink()
    assert write_sample(tmp_path).written == 2
    assert _state(tmp_path) == before


def test_progress_counts_to_the_end(few: list[SampleFile], tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    write_sample(tmp_path, lambda done, total: told.append((done, total)))
    assert told == [(number, len(few)) for number in range(1, len(few) + 1)]


def test_only_files_of_the_sample_are_left_behind(few: list[SampleFile], tmp_path: Path) -> None:
    write_sample(tmp_path)
    assert sorted(_state(tmp_path)) == sorted(file.path for file in few)


def test_every_workbook_says_that_it_is_invented(tmp_path: Path) -> None:
    for file in _some_files():
        if file.story not in ("not_a_workbook", "truncated"):
            sheet = load_workbook(write_file(file, tmp_path)).worksheets[0]
            assert any(NOTICE in str(cell.value) for cell in sheet[2]), file.path


def test_every_workbook_of_the_continuation_says_that_it_is_synthetic(tmp_path: Path) -> None:
    last = {file.year: file for file in sample_files(LAST_YEAR) if file.year > YEAR and file.story == "clean"}
    assert sorted(last) == [2022, 2023, 2024, 2025]
    for file in last.values():
        sheet = load_workbook(write_file(file, tmp_path)).worksheets[0]
        assert any(CONTINUED_NOTICE in str(cell.value) for cell in sheet[2]), file.path
        assert not any(NOTICE in str(cell.value) for cell in sheet[2]), file.path


def test_writing_through_a_later_year_adds_its_files_to_those_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    one_a_year = {file.year: file for file in sample_files(LAST_YEAR) if file.story == "clean"}
    monkeypatch.setattr(
        writer, "sample_files", lambda through: tuple(f for year, f in one_a_year.items() if year <= through)
    )
    assert write_sample(tmp_path) == SampleCount(files=2, written=2)
    before = _state(tmp_path)
    assert write_sample(tmp_path, through=2023) == SampleCount(files=4, written=2)
    assert before.items() <= _state(tmp_path).items()


def test_copies_are_the_same_bytes_and_saved_again_are_other_bytes_of_the_same_rows(tmp_path: Path) -> None:
    for story in ("copied", "saved_again"):
        twin = next(f for f in sample_files() if f.story == story)
        first = next(
            f
            for f in sample_files()
            if f.story == "clean" and (f.form_id, f.unit_id, f.period) == (twin.form_id, twin.unit_id, twin.period)
        )
        same = write_file(first, tmp_path).read_bytes() == write_file(twin, tmp_path).read_bytes()
        assert same == (story == "copied")
        assert twin.rows == first.rows


SOME_HUNDREDS = 800
"""Enough for several writers, and no more than a test needs. The first ones: children count in the whole sample."""

KILLED = f"""
import pathlib, sys
from connectors.sample import writer
files = writer.sample_files()[:{SOME_HUNDREDS}]
writer.sample_files = lambda through: files
writer.write_sample(pathlib.Path(sys.argv[1]))
"""


def test_killed_half_way_the_next_call_ends_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], start_new_session=True)
    deadline = time.monotonic() + 60
    while sum(1 for _ in tmp_path.rglob("*.xlsx")) < 20 and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    files = sample_files()[:SOME_HUNDREDS]
    monkeypatch.setattr(writer, "sample_files", lambda through: files)
    there = sum(1 for _ in tmp_path.rglob("[!.]*.xlsx"))
    assert 0 < there < len(files)
    count = write_sample(tmp_path)
    assert count == SampleCount(files=len(files), written=len(files) - there)
    assert write_sample(tmp_path).written == 0
    assert sorted(_state(tmp_path)) == sorted(file.path for file in files)
