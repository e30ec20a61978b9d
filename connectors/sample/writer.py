"""The sample on disk: every file once, dated as it would have arrived; killed half-way, the next call ends it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from io import BytesIO
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import cast

from connectors.sample.days import YEAR
from connectors.sample.files import SampleFile, sample_files
from connectors.sample.organisation import CONTINUED_NOTICE, NOTICE, enterprises, unit
from connectors.workbooks.layout import TEMPLATE_VERSION
from connectors.workbooks.template import Identity, write_workbook
from expectations.contract import forms

SPARE_ROWS = 12
"""Blank rows below the typed ones; clerks get more, but the sample holds more than 6 000 workbooks."""

SPARE_ROWS_SAVED_AGAIN = 15
"""Another number of blank rows makes other bytes of the same content."""

PROCESSES = max(1, min(4, os.cpu_count() or 1))
FEW = 100
"""So few files are written sooner than another process starts."""

Progress = Callable[[int, int], None]
"""Told how many files are there and how many there will be."""


@dataclass(frozen=True, slots=True)
class SampleCount:
    """What `write_sample` did: the files of the sample, and how many of them it wrote now."""

    files: int
    written: int


def write_sample(folder: Path, progress: Progress | None = None, through: int = YEAR) -> SampleCount:
    """Write the sample of 2021 to that year under the folder; files that are there already, unchanged, are left alone.

    A file appears whole or not at all, and its modification time is its arrival. A second call writes nothing.
    Raises: OSError if the folder cannot be written.
    """
    files = sample_files(through)
    pending = [index for index, file in enumerate(files) if not _is_there(file, folder)]
    there = len(files) - len(pending)
    for done, _ in enumerate(_write(pending, folder, through), start=there + 1):
        if progress:
            progress(done, len(files))
    return SampleCount(files=len(files), written=len(pending))


def write_file(file: SampleFile, folder: Path) -> Path:
    """Write one file of the sample under the folder, and give its path. Raises: OSError."""
    path = folder / file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    # The hidden name is the same every time, so that a killed call leaves nothing behind for good.
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(_contents(file))
    arrival_ns = _arrival_ns(file)
    os.utime(part, ns=(arrival_ns, arrival_ns))
    part.replace(path)
    return path


def _is_there(file: SampleFile, folder: Path) -> bool:
    try:
        return (folder / file.path).stat().st_mtime_ns == _arrival_ns(file)
    except FileNotFoundError:
        return False


def _arrival_ns(file: SampleFile) -> int:
    """The arrival in nanoseconds since 1970; its microseconds are a print of what the file says.

    So a look at the modification time tells whether the file is there and of this edition of the sample.
    """
    print_ = sha256(repr((file, TEMPLATE_VERSION, _notice(file), SPARE_ROWS)).encode()).digest()
    return int(file.arrives_at.timestamp()) * 1_000_000_000 + int.from_bytes(print_[:4]) % 1_000_000 * 1_000


def _contents(file: SampleFile) -> bytes:
    """The bytes of the file: a workbook, or what its story has made of one."""
    if file.story == "not_a_workbook":
        return f"样例数据：{unit(file.unit_id).unit_name}本月无慰问救助事项，特此说明。\r\n".encode("gb18030")
    form = forms()[file.form_id]
    buffer = BytesIO()
    write_workbook(
        buffer,
        form,
        Identity(file.form_id, file.edition, file.unit_id, unit(file.unit_id).unit_name + _notice(file), file.period),
        file.rows,
        nil=form.is_nil_allowed and not file.rows,
        spare_rows=SPARE_ROWS_SAVED_AGAIN if file.story == "saved_again" else SPARE_ROWS,
        units=_unit_names(file.year) if any(field.register == "unit" for field in form.fields) else (),
        totals=file.totals,
    )
    contents = buffer.getvalue()
    return contents[: len(contents) * 3 // 5] if file.story == "truncated" else contents


def _notice(file: SampleFile) -> str:
    return CONTINUED_NOTICE if file.year > YEAR else NOTICE


@cache
def _unit_names(year: int) -> tuple[tuple[str, str], ...]:
    return tuple((enterprise.unit_code, enterprise.unit_name) for enterprise in enterprises(max(year, YEAR)))


def _write(pending: Sequence[int], folder: Path, through: int) -> Iterator[int]:
    """Write the files of those numbers; each number comes when its file is there."""
    if len(pending) <= FEW or PROCESSES == 1:
        files = sample_files(through)
        for index in pending:
            write_file(files[index], folder)
            yield index
        return
    # Each child has its list from the start and a pipe back: with no queue between, none outlives a killed parent.
    context = get_context("spawn")
    children = []
    for number in range(PROCESSES):
        receiver, sender = context.Pipe(duplex=False)
        child = context.Process(
            target=_write_share, args=(pending[number::PROCESSES], folder, through, sender), daemon=True
        )
        child.start()
        sender.close()
        children.append((receiver, child))
    open_pipes: list[Connection] = [receiver for receiver, _ in children]
    while open_pipes:
        for pipe in wait(open_pipes):
            receiver = cast(Connection, pipe)
            try:
                said = receiver.recv()
            except EOFError:
                open_pipes.remove(receiver)
                continue
            if isinstance(said, Exception):
                raise said
            yield said
    for _, child in children:
        child.join()
        if child.exitcode:
            raise ChildProcessError(f"A writer of the sample in {folder} ended with {child.exitcode}; run it again.")


def _write_share(share: Sequence[int], folder: Path, through: int, sender: Connection) -> None:
    files = sample_files(through)
    try:
        for index in share:
            write_file(files[index], folder)
            sender.send(index)
    except BrokenPipeError:
        return
    except OSError as error:
        sender.send(error)
