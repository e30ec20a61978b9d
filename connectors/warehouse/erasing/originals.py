"""The archived originals that a person is in: found, and replaced by copies without them.

A copy is read as the night reads, and must say what the original said but for the erased cells, row by row, with the same verdicts. An
original of which no such copy can be made (another format than `.xlsx`, a packed file) is destroyed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl
import psycopg

from connectors.warehouse.decision import Decision, decide
from connectors.warehouse.erasing.person import NAME, Person
from connectors.warehouse.erasing.redaction import CannotRedactError, Table, redacted
from connectors.warehouse.lost_files import read_lost, write_lost
from connectors.warehouse.registers import read_unit_register
from connectors.warehouse.runs import chunk_deliveries
from connectors.warehouse.waivers import read_waivers
from expectations.contract import Field, Form, forms
from expectations.masks import HIDDEN, open_text

if TYPE_CHECKING:
    from connectors.archive import Archive
    from connectors.warehouse.people import PersonRow
    from connectors.workbooks.pool import Readers
    from connectors.workbooks.reading import ReadBatch, Reading

FILES = 100
"""Read and judged at a time."""

Tell = Callable[[int, int], None]
"""Told how many of how many are done."""

Row = Mapping[str, Any]


def find_originals(archive: Archive, person: Person, rows: Sequence[PersonRow], tell: Tell) -> list[str]:
    """The SHA-256 of the files that these rows of the person came from, and of all others that hold the citizen ID."""
    found = {row.sha256 for row in rows}
    names = list(archive.names())
    for done, name in enumerate(names, start=1):
        if name not in found and person.is_in(archive.get(name)):
            found.add(name)
        tell(done, len(names))
    return sorted(found)


def rewrite_originals(
    conn: psycopg.Connection[Any],
    archive: Archive,
    pool: Readers,
    person: Person,
    erasure_id: int,
    names: Sequence[str],
) -> None:
    """Put a copy without the person in the place of each of these files, or nothing. Killed anywhere, it goes on when repeated.

    Raises: ArchiveError, FolderUnwritable.
    """
    # In a warehouse that an older backup brought back, what the former keys sealed is not there.
    gone = {name for name in read_lost(conn) if not archive.path(name).exists()}
    files = conn.execute(
        "select min(delivery_id), max(size_bytes), sha256 from archive.delivery where sha256 = any(%s) group by sha256 order by 1",
        (sorted(set(names) - gone),),
    ).fetchall()
    by_id = {delivery_id: sha256 for delivery_id, _, sha256 in files}
    for chunk in chunk_deliveries([(delivery_id, size) for delivery_id, size, _ in files], FILES):
        originals = {i: archive.get(by_id[i], pool.longest_file_bytes + 1) for i in chunk}
        copies = _copies(conn, pool, person, originals)
        for i in chunk:
            if copies.get(i) != originals[i]:
                _replace(conn, archive, by_id[i], copies.get(i), erasure_id)
        archive.settle()
    for sha256 in sorted(set(names) - set(by_id.values())):
        # Gone, or of a run that was killed before it wrote the delivery down.
        _replace(conn, archive, sha256, None, erasure_id)
    archive.settle()


def rows_of_person(form: Form, rows: pl.DataFrame, citizen_id: str) -> dict[int, list[Field]]:
    """By sheet row that names the person, the personal fields about them."""
    found = dict[int, list[Field]]()
    for row in rows.iter_rows(named=True):
        named = [f for f in form.token_fields if row[f.name] == citizen_id]
        if named:
            found[row["row_number"]] = [field for f in named for field in form.fields_about(str(f.token))]
    return found


def part_of(batch: ReadBatch, reading: Reading) -> pl.DataFrame | None:
    """The rows of one delivery; None where no row was read of it."""
    rows = batch.rows.get(reading.form_id or "")
    return None if rows is None else rows.filter(pl.col("delivery_id") == reading.delivery_id)


def _replace(conn: psycopg.Connection[Any], archive: Archive, sha256: str, copy: bytes | None, erasure_id: int) -> None:
    with conn.transaction():
        # First, so that whoever goes on after a kill knows of the file.
        conn.execute(
            "insert into archive.redacted_file (sha256, erasure_id, is_destroyed, redacted_at) values (%s, %s, %s, now())"
            " on conflict (sha256, erasure_id) do update set is_destroyed = excluded.is_destroyed",
            (sha256, erasure_id, copy is None),
        )
        if copy is None:
            write_lost(conn, [sha256], "erased")
    archive.redact(sha256, copy or b"")


def _copies(
    conn: psycopg.Connection[Any], pool: Readers, person: Person, originals: Mapping[int, bytes]
) -> dict[int, bytes]:
    """The copies that could be made, by delivery; what was destroyed before (nothing is left of it) or does not name the person stays."""
    before = pool.read(list(originals.items()))
    tables = {r.delivery_id: _table(r, part_of(before, r), person) for r in before.readings}
    copies = dict[int, bytes]()
    for delivery_id, data in originals.items():
        if not data:
            copies[delivery_id] = data
        elif len(data) <= pool.longest_file_bytes:
            with suppress(CannotRedactError):
                copies[delivery_id] = redacted(data, person, tables[delivery_id])
    after = pool.read(list(copies.items()))
    same = [r for r in before.readings if r.delivery_id in copies]
    register, waivers = read_unit_register(conn, judging=[r.form_id for r in same]), read_waivers(conn)
    for was, now in zip(
        decide(same, before.rows, register, waivers), decide(after.readings, after.rows, register, waivers), strict=True
    ):
        if not _is_faithful(was, now, tables[was.delivery_id], person):
            del copies[was.delivery_id]
    return copies


def _table(reading: Reading, rows: pl.DataFrame | None, person: Person) -> Table | None:
    if rows is None or reading.sheet is None:
        return None
    form = forms()[reading.form_id or ""]
    numbers = rows["row_number"].to_list()
    mine = {
        number: _new_cells(form, rows.row(numbers.index(number), named=True), about, reading.columns, person)
        for number, about in rows_of_person(form, rows, person.citizen_id).items()
    }
    return Table(reading.sheet, frozenset(numbers), frozenset(reading.columns.values()), mine)


def _new_cells(
    form: Form, row: Row, about: Sequence[Field], columns: Mapping[str, str], person: Person
) -> dict[str, str]:
    """By column, what the cells of a row of the person say in the copy: no name, no ID, and no word that is masked outside either."""
    cells = {}
    for field in (*about, *form.open_fields):
        text = row[f"{field.name}__text"]
        if text is None or field.name not in columns:
            continue
        if not field.is_personal:
            new = person.hidden(open_text(form, field, text))
        elif row[field.name] is None:
            new = HIDDEN
        else:
            new = person.substitute_id if field.token else NAME
        if new != text:
            cells[columns[field.name]] = new
    return cells


def _said(reading: Reading) -> Reading:
    """The reading without what follows from the cells alone."""
    return replace(reading, content_sha256=None, findings=[], confirmed=[])


def _is_faithful(was: Decision, now: Decision, table: Table | None, person: Person) -> bool:
    """Whether the copy says, and comes to, what the original did, but for the cells that were erased."""
    before, after = was.reading, now.reading
    if before is None or after is None or _said(before) != _said(after):
        return False
    if (was.outcome, was.quarantined) != (now.outcome, now.quarantined) or (was.rows is None) != (now.rows is None):
        return False
    if was.rows is None or now.rows is None:
        return True
    names = {letter: name for name, letter in before.columns.items()}
    mine = {number: {names[letter] for letter in cells} for number, cells in (table.mine if table else {}).items()}
    pairs = list(zip(was.rows.iter_rows(named=True), now.rows.iter_rows(named=True), strict=False))
    return was.rows.height == now.rows.height and all(
        a == b or {name.removesuffix("__text") for name in a if a[name] != b[name]} <= mine.get(a["row_number"], set())
        for a, b in pairs
    )
