"""What the tests of the desk's tools have in common: workbooks that have really been read, judged and archived."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from typing import Any

import psycopg
import pytest

from connectors.archive import Archive
from connectors.keys import Keyring
from connectors.settings import Settings
from connectors.warehouse.events import append_events
from connectors.warehouse.intake import take_in
from connectors.warehouse.life import received_events
from connectors.workbooks.reader import BatchReader
from connectors.workbooks.reading import ReadBatch
from connectors.workbooks.template import Identity, write_workbook
from expectations.contract import forms
from expectations.periods import parse_period
from flows.command import answer
from tests.night import inbox


class PoolHere:
    """A pool that reads here and now, without children."""

    longest_file_bytes = 1_000_000

    def read(self, files: Sequence[tuple[int, bytes]]) -> ReadBatch:
        reader = BatchReader()
        for delivery_id, data in files:
            reader.add(delivery_id, data)
        return reader.finish()


def book(form_id: str, unit_id: str, period: str, *rows: dict[str, object], spare_rows: int = 3) -> bytes:
    """A filled workbook; other spare rows make other bytes of the same content."""
    stream = io.BytesIO()
    identity = Identity(form_id, forms()[form_id].edition, unit_id, unit_id, period)
    write_workbook(stream, forms()[form_id], identity, rows, spare_rows=spare_rows)
    return stream.getvalue()


def relief_book(*changes: dict[str, object], unit_id: str = "A0101", spare_rows: int = 3) -> bytes:
    """A relief ledger of March 2021, a line for each set of changes."""
    lines = (inbox.relief_row(beneficiary_unit=unit_id) | changed for changed in changes)
    return book("relief", unit_id, "2021-03", *lines, spare_rows=spare_rows)


REGISTER = book("unit_register", "S0001", "2021", *inbox.register_rows())
"""The register of the small province."""


def take_books(settings: Settings, conn: psycopg.Connection[Any], *books: bytes, modified_ns: int = 1) -> list[int]:
    """Archive workbooks and bring them to a decision, as a night does; gives their delivery ids."""
    keyring = Keyring.load(settings)
    archive = Archive(settings, keyring)
    ids: list[int] = []
    for data in books:
        archive.put(data)
        [(delivery_id,)] = conn.execute(
            "insert into archive.delivery (source_id, object_name, size_bytes, modified_ns, sha256, received_at, collected_at,"
            " run_id) values ('inbox', 'x.xlsx', %s, %s, %s, now(), now(), 1) returning delivery_id",
            (len(data), modified_ns, hashlib.sha256(data).hexdigest()),
        ).fetchall()
        ids.append(delivery_id)
    with conn.transaction():
        append_events(conn, received_events(conn, ids, 1))
    pool: Any = PoolHere()
    assert take_in(conn, archive, keyring, pool, ids, 1) == []
    return ids


def call(settings: Settings, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """The command line in this process; gives its exit code."""
    monkeypatch.setenv("WAREHOUSE_HOME", str(settings.home))
    monkeypatch.setenv("WAREHOUSE_URL", str(settings.url))
    monkeypatch.setenv("WAREHOUSE_READERS", "1")
    return answer(arguments)


def put_closing(conn: psycopg.Connection[Any], period: str, closing_id: int = 1) -> None:
    """Close a period as the database has it, without what `close` asks for."""
    p = parse_period(period)
    conn.execute(
        "insert into ops.closing (closing_id, period, period_type, first_day, last_day, release_id, author, closed_at, expected,"
        " missing, pack_sha256, manifest) values (%s, %s, %s, %s, %s, 1, '王处', now(), 0, 0, '', '{}')",
        (closing_id, p.id, p.kind, p.first_day, p.last_day),
    )
