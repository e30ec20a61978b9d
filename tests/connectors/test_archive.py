"""The archive gives back exactly the bytes that were put in, or says why it cannot; on the disk they are sealed."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors import archive as archive_module
from connectors.archive import Archive
from connectors.errors import ArchiveError
from connectors.keys import Keyring
from connectors.settings import Settings


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", inbox=tmp_path / "inbox", keys_dir=tmp_path / "keys")


@pytest.fixture
def archive(home: Settings) -> Archive:
    return Archive(home, Keyring.load(home))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300), piece=st.integers(1, 100))
def test_what_was_put_in_comes_out(archive: Archive, data: bytes, piece: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(archive_module, "PIECE_BYTES", piece)
        assert archive.get(archive.put(data)) == data


def test_the_first_bytes_come_without_the_rest(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_module, "PIECE_BYTES", 10)
    sha256 = archive.put(bytes(range(100)))
    assert archive.get(sha256, at_most=15) == bytes(range(15))
    assert archive.get(sha256, at_most=100) == archive.get(sha256, at_most=1000) == bytes(range(100))


def test_the_same_bytes_are_kept_once(archive: Archive) -> None:
    sha256 = archive.put(b"same")
    before = archive.path(sha256).stat()
    assert archive.put(b"same") == sha256
    assert archive.path(sha256).stat().st_mtime_ns == before.st_mtime_ns


def test_bytes_are_sealed_and_for_our_eyes_only(archive: Archive) -> None:
    path = archive.path(archive.put("张三 11010519491231002X".encode() * 50))
    assert "张三".encode() not in path.read_bytes()
    assert b"11010519491231002X" not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_what_a_killed_run_left_half_written_is_cleared_away_and_what_is_being_written_is_not(
    archive: Archive, home: Settings
) -> None:
    archive.clear_away()
    sha256 = archive.put(b"kept")
    left, young = home.archive_dir / ".123-0123456789abcdef", home.archive_dir / ".124-0123456789abcdef"
    for draft in (left, young):
        draft.write_bytes(b"half")
    yesterday = time.time() - 1.5 * 86_400
    for old in (left, archive.path(sha256)):
        os.utime(old, (yesterday, yesterday))
    archive.clear_away()
    assert (left.exists(), young.exists()) == (False, True)
    assert archive.get(sha256) == b"kept"


def test_nothing_half_written_is_left(archive: Archive) -> None:
    sha256 = archive.put(b"whole")
    left = [p for p in archive.path(sha256).parent.parent.rglob("*") if p.is_file()]
    assert left == [archive.path(sha256)]


def test_a_broken_stream_leaves_nothing(archive: Archive, home: Settings) -> None:
    def broken() -> Iterator[bytes]:
        yield b"some"
        raise RuntimeError

    with pytest.raises(RuntimeError):
        archive.put_pieces(broken())
    assert [p for p in home.archive_dir.rglob("*") if p.is_file()] == []


def test_bytes_that_are_not_there_are_named(archive: Archive) -> None:
    with pytest.raises(ArchiveError, match="0" * 64) as raised:
        archive.get("0" * 64)
    assert raised.value.sha256 == "0" * 64


@pytest.mark.parametrize("place", [0, 9, 12, 40, -1])
def test_a_changed_byte_is_noticed(archive: Archive, place: int) -> None:
    sha256 = archive.put(b"every byte counts" * 10)
    path = archive.path(sha256)
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    with pytest.raises(ArchiveError):
        archive.get(sha256)


@pytest.mark.parametrize("keep", [0, 5, 14, 100])
def test_a_file_cut_off_is_noticed(archive: Archive, keep: int) -> None:
    sha256 = archive.put(b"every byte counts" * 10)
    os.truncate(archive.path(sha256), keep)
    with pytest.raises(ArchiveError):
        archive.get(sha256)


def test_pieces_left_out_or_swapped_are_noticed(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_module, "PIECE_BYTES", 10)
    sha256 = archive.put(b"0123456789" * 3)
    path = archive.path(sha256)
    data = path.read_bytes()
    size = (len(data) - 8) // 3
    head, pieces = data[:8], [data[8 + n * size : 8 + (n + 1) * size] for n in range(3)]
    for order in ([1, 0, 2], [0, 2], [2], [0, 0, 1, 2]):
        path.write_bytes(head + b"".join(pieces[n] for n in order))
        with pytest.raises(ArchiveError):
            archive.get(sha256)


def test_other_bytes_under_a_name_are_noticed(archive: Archive) -> None:
    one, other = archive.put(b"one"), archive.put(b"other")
    archive.path(other).write_bytes(archive.path(one).read_bytes())
    with pytest.raises(ArchiveError):
        archive.get(other)


def test_a_redacted_copy_stands_under_the_name_of_the_original_and_under_no_other(archive: Archive) -> None:
    name, other = archive.put(b"original"), archive.put(b"other")
    archive.redact(name, b"copy")
    assert (archive.is_redacted(name), archive.is_redacted(other)) == (True, False)
    assert archive.get(name) == b"copy"
    assert archive.put(b"original") == archive.put_pieces([b"origi", b"nal"]) == name
    archive.reseal(name)
    archive.check(name)
    assert archive.get(name) == b"copy", "neither sent again nor sealed anew it is the original"
    archive.path(other).write_bytes(archive.path(name).read_bytes())
    with pytest.raises(ArchiveError):
        archive.get(other)
    forged = archive.path(name).read_bytes().replace(archive_module.REDACTED, archive_module.MAGIC)
    archive.path(name).write_bytes(forged)
    with pytest.raises(ArchiveError):
        archive.get(name)
