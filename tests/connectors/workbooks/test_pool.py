"""The pool outlives whatever it is given: a file that ends its reader is refused, and every other one is read."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.errors import ReaderUnavailable
from connectors.settings import Settings
from connectors.workbooks.keeper import PACKAGES_FOLDER
from connectors.workbooks.pool import ReaderPool
from expectations.contract import forms
from tests.connectors.workbooks.filled import AID, RELIEF, codes, example, filled, read, with_part
from tests.connectors.workbooks.test_refusals import with_cell

CLEAN = filled(RELIEF, [example(RELIEF)])
SHEET, STRINGS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"


@pytest.fixture
def limits(tmp_path: Path) -> Settings:
    return Settings(
        home=tmp_path, inbox=tmp_path / "inbox", keys_dir=tmp_path / "keys", readers=1, reader_memory_mb=640
    )


def text_amplifier() -> bytes:
    """A small file in which a thousand cells hold the same megabyte of text."""
    cells = b"".join(b'<row r="%d"><c r="B%d" t="s"><v>0</v></c></row>' % (n, n) for n in range(20, 1_020))
    data = with_part(CLEAN, SHEET, lambda xml: xml.replace(b"</sheetData>", cells + b"</sheetData>"))
    return with_part(
        data, STRINGS, lambda xml: xml.replace(b"<si><t>", b"<si><t>" + os.urandom(700_000).hex().encode(), 1)
    )


def endless() -> bytes:
    """A workbook of two million cells: nothing is wrong with it but that it takes long."""
    row = b"".join(b'<c r="%s%%d"><v>1</v></c>' % letter for letter in b"A B C D E F G H I J".split())
    rows = b"".join(b'<row r="%d">' % n + row % ((n,) * 10) + b"</row>" for n in range(20, 200_000))
    return with_part(CLEAN, SHEET, lambda xml: xml.replace(b"</sheetData>", rows + b"</sheetData>"))


def test_a_batch_is_read_in_its_order_into_one_frame_per_form(limits: Settings) -> None:
    aid = filled(AID, [example(AID)])
    files = [CLEAN, aid, b"no workbook", CLEAN, aid] * 25
    with ReaderPool(replace(limits, readers=2)) as pool:
        batch = pool.read(list(enumerate(files, start=1000)))
    assert [r.delivery_id for r in batch.readings] == list(range(1000, 1125))
    here = read(*files)
    assert [(r.status, r.form_id, r.content_sha256, codes(r)) for r in batch.readings] == [
        (r.status, r.form_id, r.content_sha256, codes(r)) for r in here.readings
    ]
    for form_id, rows in here.rows.items():
        assert batch.rows[form_id].schema == rows.schema
        assert batch.rows[form_id].drop("delivery_id").equals(rows.drop("delivery_id"))


@pytest.mark.inputs("B1")
def test_a_workbook_that_eats_the_memory_is_refused_alone(limits: Settings) -> None:
    with ReaderPool(limits) as pool:
        batch = pool.read([(1, CLEAN), (2, text_amplifier()), (3, CLEAN)])
        assert [codes(r) for r in batch.readings] == [[], ["file.reader_died"], []]
        assert batch.rows["relief"]["delivery_id"].to_list() == [1, 3]
        assert codes(pool.read([(4, CLEAN)]).readings[0]) == []


@pytest.mark.inputs("B1")
@pytest.mark.parametrize("limit", ["reader_cpu_seconds", "reader_wall_seconds"])
def test_a_workbook_that_takes_too_long_is_refused_alone(limits: Settings, limit: str) -> None:
    roomy = replace(limits, reader_memory_mb=4096, **{limit: 1})
    with ReaderPool(roomy) as pool:
        batch = pool.read([(1, CLEAN), (2, endless()), (3, CLEAN)])
    assert [codes(r) for r in batch.readings] == [[], ["file.reader_timeout"], []]


def test_hostile_files_leave_their_neighbours_alone(limits: Settings) -> None:
    hostile = [with_cell("XFD1048576"), CLEAN[:5000], b"text", b"", b"PK\x03\x04" + os.urandom(9_000)]
    with ReaderPool(limits) as pool:
        batch = pool.read([(n, data) for n, data in enumerate([*hostile, CLEAN])])
    assert [codes(r) for r in batch.readings] == [
        ["file.unsafe"],
        ["file.damaged"],
        ["file.not_a_workbook"],
        ["file.empty"],
        ["file.damaged"],
        [],
    ]


def test_a_child_that_was_killed_from_outside_is_replaced_and_blames_no_file(limits: Settings) -> None:
    with ReaderPool(limits) as pool:
        pool.read([(1, CLEAN)])
        [child] = children_of(os.getpid())
        os.kill(child, signal.SIGKILL)
        assert codes(pool.read([(2, CLEAN)]).readings[0]) == []
        assert children_of(os.getpid()) != [child]


def test_a_child_is_replaced_after_so_many_files(limits: Settings) -> None:
    with ReaderPool(limits, recycle_after=2) as pool:
        pool.read([(1, CLEAN), (2, CLEAN)])
        assert children_of(os.getpid()) == []
        assert codes(pool.read([(3, CLEAN)]).readings[0]) == []


def test_no_child_is_left_behind(limits: Settings) -> None:
    with ReaderPool(limits) as pool:
        pool.read([(1, CLEAN)])
        assert len(children_of(os.getpid())) == 1
    assert children_of(os.getpid()) == []


def test_the_child_knows_no_secret_and_opens_nothing(limits: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAREHOUSE_URL", "postgresql://loader:secret@localhost/warehouse")
    with ReaderPool(limits) as pool:
        pool.read([(1, CLEAN)])
        [child] = children_of(os.getpid())
        folder = Path("/proc") / str(child)
        assert b"WAREHOUSE" not in (folder / "environ").read_bytes()
        allowed = (folder / "limits").read_text()
        assert "Max file size             0 " in allowed
        assert f"Max address space         {640 * 1024 * 1024} " in allowed


def test_the_child_is_where_there_is_no_network(limits: Settings) -> None:
    if not _may_leave_the_network():
        pytest.skip("this kernel lets no process leave the network")
    with ReaderPool(limits) as pool:
        pool.read([(1, CLEAN)])
        [child] = children_of(os.getpid())
        devices = (Path("/proc") / str(child) / "net" / "dev").read_text().splitlines()[2:]
        # The loopback of an empty network: nothing ever went over it.
        assert [line.split()[:2] for line in devices] == [["lo:", "0"]]
        assert (Path("/proc") / str(child) / "ns/net").readlink() != Path("/proc/self/ns/net").readlink()


def _may_leave_the_network() -> bool:
    tried = subprocess.run(["unshare", "--net", "--map-root-user", "true"], capture_output=True, check=False)
    return tried.returncode == 0


def test_a_child_that_answers_too_much_is_ended_and_its_file_refused(limits: Settings) -> None:
    long = "长" * 30_000
    much = filled(RELIEF, [example(RELIEF, beneficiary_group=long) for _ in range(20)])
    with ReaderPool(replace(limits, reader_memory_mb=2048, reader_answer_mb=1)) as pool:
        batch = pool.read([(1, CLEAN), (2, much), (3, CLEAN)])
    assert [codes(r) for r in batch.readings] == [[], ["file.reader_died"], []]


def test_the_child_imports_nothing_heavy() -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import connectors.workbooks.child;"
        "print(*(m for m in ('alembic', 'cryptography', 'dbt', 'great_expectations', 'openpyxl', 'pandas', 'prefect', 'psycopg',"
        " 'pyarrow', 'sqlalchemy', 'xlsxwriter', 'connectors.settings') if m in sys.modules))"
    )
    command = [sys.executable, "-I", "-c", program, str(PACKAGES_FOLDER)]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip() == ""


def test_a_child_that_cannot_start_is_our_failure_and_not_the_files(limits: Settings) -> None:
    with ReaderPool(replace(limits, reader_memory_mb=16)) as pool, pytest.raises(ReaderUnavailable, match="16 MB"):
        pool.read([(1, CLEAN)])


def test_a_file_over_the_limit_is_refused_without_being_read(limits: Settings) -> None:
    with ReaderPool(replace(limits, max_file_mb=1)) as pool:
        batch = pool.read([(1, bytes(1_000_001)), (2, CLEAN)])
        assert [codes(r) for r in batch.readings] == [["file.too_large"], []]
        assert batch.readings[0].findings[0].params == {"size_mb": "> 1", "limit_mb": "1"}


def test_nothing_to_read_starts_nothing(limits: Settings) -> None:
    with ReaderPool(limits) as pool:
        batch = pool.read([])
        assert (batch.readings, batch.rows) == ([], {})
        assert children_of(os.getpid()) == []


def children_of(pid: int) -> list[int]:
    """The reading children of a process; other tests of the same worker may have left it children of another kind."""
    listing = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True
    ).stdout
    processes = [line.split(None, 2) for line in listing.splitlines()]
    return sorted(int(p[0]) for p in processes if p[1] == str(pid) and "connectors.workbooks.child" in p[-1])


def test_every_form_is_read_by_a_child(limits: Settings) -> None:
    files = [filled(form, [example(form)]) for form in forms().values()]
    with ReaderPool(limits) as pool:
        batch = pool.read(list(enumerate(files)))
    assert [r.form_id for r in batch.readings] == list(forms())
    assert set(batch.rows) == set(forms())
