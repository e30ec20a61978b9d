"""A folder is brought in once, unchanged, whatever lies in it and whenever the run is killed."""

from __future__ import annotations

import io
import os
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from connectors import archive as archive_module
from connectors.archive import Archive
from connectors.errors import SourceUnreachable
from connectors.keys import Keyring
from connectors.settings import Settings
from connectors.sources import Collected, FolderSource, collect, collection
from connectors.sources.collection import form_hint
from connectors.warehouse.engine import connect
from tests.connectors.workbooks.filled import RELIEF, example, filled

Connection = psycopg.Connection[Any]
LONG_AGO = 1_612_500_000_000_000_000
"""2021-02-05 12:40 in Shanghai."""


@pytest.fixture
def conn(settings: Settings) -> Iterator[Connection]:
    with closing(connect(settings)) as connection:
        yield connection


@pytest.fixture
def archive(settings: Settings) -> Archive:
    return Archive(settings, Keyring.load(settings))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.fixture
def look(settings: Settings, conn: Connection, archive: Archive, folder: Path) -> Any:
    """A look at the folder as a function, each in a run of its own."""
    return lambda: collect(settings, conn, archive, FolderSource("inbox", folder), 1)


def lay(path: Path, data: bytes, modified_ns: int = LONG_AGO) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, ns=(modified_ns, modified_ns))
    return path


def delivered(conn: Connection) -> list[tuple[Any, ...]]:
    return conn.execute(
        "select object_name, size_bytes, form_hint from archive.delivery order by delivery_id"
    ).fetchall()


@pytest.mark.inputs("B14")
def test_every_file_is_delivered_once_with_its_bytes(
    look: Any, conn: Connection, archive: Archive, folder: Path
) -> None:
    lay(folder / "a.xlsx", b"one")
    lay(folder / "sub" / "b[1].xlsx", b"two", LONG_AGO + 1_000_000_000)
    assert look() == Collected(received=2)
    assert look() == Collected(unchanged=2)
    assert delivered(conn) == [("a.xlsx", 3, None), ("sub/b[1].xlsx", 3, None)]
    kept = [archive.get(row[0]) for row in conn.execute("select sha256 from archive.delivery order by delivery_id")]
    assert kept == [b"one", b"two"]


def test_an_unchanged_file_is_not_read_again(look: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay(folder / "a.xlsx", b"one")
    look()
    monkeypatch.setattr(FolderSource, "copy", lambda *_: pytest.fail("it was opened"))
    assert look() == Collected(unchanged=1)


@pytest.mark.inputs("A83", "B15")
def test_a_replaced_file_is_another_delivery(look: Any, conn: Connection, folder: Path) -> None:
    lay(folder / "a.xlsx", b"one")
    look()
    lay(folder / "a.xlsx", b"eins", LONG_AGO + 1)
    assert look() == Collected(received=1)
    # A time that a float cannot tell from the other is still told by the size.
    lay(folder / "a.xlsx", b"uno", LONG_AGO + 2_000_000_000)
    assert look() == Collected(received=1)
    assert len(delivered(conn)) == 3


@pytest.mark.inputs("A81")
def test_lock_files_temporary_and_hidden_files_are_no_deliveries(look: Any, folder: Path) -> None:
    for name in ("~$a.xlsx", "a.tmp", ".a.xlsx", ".git/a.xlsx", "b.xlsx.crdownload", "Thumbs.db"):
        lay(folder / name, b"x")
    assert look() == Collected()


@pytest.mark.inputs("B3")
def test_what_is_no_regular_file_is_never_opened(look: Any, folder: Path) -> None:
    target = lay(folder / "real.xlsx", b"x")
    os.mkfifo(folder / "pipe.xlsx")
    (folder / "link.xlsx").symlink_to(target)
    (folder / "gone.xlsx").symlink_to("/nowhere")
    (folder / "folder.xlsx").mkdir()
    (folder / "etc").symlink_to("/etc")
    with closing(socket.socket(socket.AF_UNIX)) as server:
        server.bind(str(folder / "s.xlsx"))
        started = time.monotonic()
        assert look() == Collected(received=1, skipped=5)
        assert time.monotonic() - started < 5


@pytest.mark.inputs("B3", "B15")
def test_a_pipe_that_takes_the_place_of_a_file_stops_nobody(folder: Path, archive: Archive) -> None:
    path = lay(folder / "a.xlsx", b"x")
    source = FolderSource("inbox", folder)
    [found] = source.list().objects
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(collection.ObjectChangedError):
        source.copy(found, archive)


@pytest.mark.inputs("A81", "B15")
def test_a_file_that_grows_waits_until_it_does_not(
    look: Any, conn: Connection, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = lay(folder / "a.xlsx", b"half", time.time_ns())
    monkeypatch.setattr(collection.time, "sleep", lambda _: path.write_bytes(b"half and more"))
    assert look() == Collected(waiting=1)
    assert delivered(conn) == []
    monkeypatch.undo()
    assert look() == Collected(received=1)


@pytest.mark.inputs("A81", "B15")
def test_a_file_that_changes_while_it_is_read_waits(look: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = lay(folder / "a.xlsx", b"half")
    real = Archive.put

    def slow(self: Archive, data: bytes) -> str:
        path.write_bytes(b"another")
        return real(self, data)

    monkeypatch.setattr(Archive, "put", slow)
    assert look() == Collected(waiting=1)


def test_a_file_written_just_now_waits_a_moment_only(look: Any, folder: Path) -> None:
    lay(folder / "a.xlsx", b"x", time.time_ns())
    started = time.monotonic()
    assert look() == Collected(received=1)
    assert time.monotonic() - started < 5


def test_a_large_file_goes_through_in_pieces(
    look: Any, conn: Connection, archive: Archive, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_module, "PIECE_BYTES", 1000)
    monkeypatch.setattr("connectors.sources.folder.PIECE_BYTES", 1000)
    data = os.urandom(25_500)
    lay(folder / "large.xlsx", data)
    assert look() == Collected(received=1)
    [(sha256,)] = conn.execute("select sha256 from archive.delivery").fetchall()
    assert archive.get(sha256) == data


def test_a_workbook_hints_at_its_form_and_nothing_else_does(look: Any, conn: Connection, folder: Path) -> None:
    data = filled(RELIEF, [example(RELIEF)])
    lay(folder / "a.xlsx", data)
    lay(folder / "b.xlsx", data[:-100])
    lay(folder / "c.xlsx", b"")
    look()
    assert [hint for *_, hint in delivered(conn)] == ["relief", None, None]


def test_a_hint_is_one_of_our_forms() -> None:
    stream = io.BytesIO(filled(RELIEF, []))
    assert form_hint(stream.getvalue()) == "relief"
    assert form_hint(stream.getvalue().replace(b"docProps/custom.xml", b"docProps/custam.xml")) is None


@pytest.mark.inputs("A86", "B14")
def test_a_name_is_data_whatever_it_is(look: Any, conn: Connection, folder: Path) -> None:
    names = ["换\n行.xlsx", "a'b\"c.xlsx", "%2e%2e%2f.xlsx", "表" * 60 + ".xlsx"]
    for name in names:
        lay(folder / name, b"x")
    (Path(os.fsdecode(os.fsencode(folder) + b"/" + "慰问.xlsx".encode("gbk")))).write_bytes(b"x")
    assert look().received == 5
    found = {name for name, *_ in delivered(conn)}
    assert found == {*names, "\\udcceu\\udcceu.xlsx"} or set(names) < found
    assert look() == Collected(unchanged=5)


def test_receipt_is_when_a_file_was_changed_but_never_before_the_last_look(
    look: Any, conn: Connection, folder: Path
) -> None:
    lay(folder / "a.xlsx", b"one")
    lay(folder / "future.xlsx", b"two", time.time_ns() + 10**15)
    look()
    first = dict(conn.execute("select object_name, received_at from archive.delivery").fetchall())
    assert first["a.xlsx"] == datetime.fromtimestamp(LONG_AGO / 1e9, UTC)
    [(collected,)] = conn.execute("select distinct collected_at from archive.delivery").fetchall()
    assert first["future.xlsx"] == collected
    # Laid in later with an old time: it was not there at the last look.
    lay(folder / "b.xlsx", b"three")
    look()
    [(received,)] = conn.execute("select received_at from archive.delivery where object_name = 'b.xlsx'").fetchall()
    assert received == collected


def test_deliveries_are_numbered_in_the_order_of_receipt(look: Any, conn: Connection, folder: Path) -> None:
    lay(folder / "a.xlsx", b"late", LONG_AGO + 5_000_000_000)
    lay(folder / "z.xlsx", b"early", LONG_AGO)
    look()
    assert [name for name, *_ in delivered(conn)] == ["z.xlsx", "a.xlsx"]


def test_a_run_killed_before_it_wrote_anything_down_changes_nothing(
    look: Any, conn: Connection, archive: Archive, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay(folder / "a.xlsx", b"one")
    with monkeypatch.context() as patch:
        patch.setattr(collection, "_record", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            look()
    assert delivered(conn) == []
    assert look() == Collected(received=1)
    assert conn.execute("select received_at from archive.delivery").fetchone() == (
        datetime.fromtimestamp(LONG_AGO / 1e9, UTC),
    )


def test_two_looks_at_once_deliver_once(
    look: Any, conn: Connection, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay(folder / "a.xlsx", b"one")
    real = collection._record

    def late(*arguments: Any) -> int:
        monkeypatch.setattr(collection, "_record", real)
        assert look() == Collected(received=1)
        return real(*arguments)

    monkeypatch.setattr(collection, "_record", late)
    assert look() == Collected(unchanged=1)
    assert len(delivered(conn)) == 1


def test_two_sources_are_two_accounts(settings: Settings, conn: Connection, archive: Archive, folder: Path) -> None:
    lay(folder / "a.xlsx", b"one")
    for source_id in ("inbox", "mail"):
        assert collect(settings, conn, archive, FolderSource(source_id, folder), 1) == Collected(received=1)


def test_a_folder_that_is_not_there_is_our_problem(
    settings: Settings, conn: Connection, archive: Archive, tmp_path: Path
) -> None:
    with pytest.raises(SourceUnreachable, match="nowhere"):
        collect(settings, conn, archive, FolderSource("inbox", tmp_path / "nowhere"), 1)
