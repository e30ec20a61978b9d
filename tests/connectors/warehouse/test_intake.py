"""Taking in: registers before what is judged against them, whatever the order in which they arrived."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, cast

import psycopg

from connectors.keys import Keyring
from connectors.settings import Settings
from connectors.warehouse.engine import connect
from connectors.warehouse.intake import take_in
from connectors.warehouse.runs import undecided_deliveries
from connectors.workbooks.reader import BatchReader
from connectors.workbooks.reading import ReadBatch
from expectations.contract import forms
from tests.connectors.workbooks.filled import example, filled

REGISTER, ALLOCATION = (forms()[form_id] for form_id in ("unit_register", "target_allocation"))

OFFICE_ALONE = filled(REGISTER, [example(REGISTER, unit_kind="省工会机关", parent_code="SN")])
"""A register with one unit in it, which is the office and hands everything in."""

SHARED_OUT = filled(ALLOCATION, [example(ALLOCATION)])


class Shelf(dict[str, bytes]):
    """An archive in memory, and a pool that reads here and now."""

    longest_file_bytes = 1_000_000

    def get(self, sha256: str, most: object = None) -> bytes:
        return self[sha256]

    def read(self, files: Sequence[tuple[int, bytes]]) -> ReadBatch:
        reader = BatchReader()
        for delivery_id, data in files:
            reader.add(delivery_id, data)
        return reader.finish()


def arrive(conn: psycopg.Connection[Any], shelf: Shelf, arrivals: Mapping[str, bytes]) -> list[int]:
    """Record deliveries, by form hint, in the order of arrival; gives their ids."""
    ids = []
    for minute, (hint, data) in enumerate(arrivals.items()):
        sha256 = hashlib.sha256(data).hexdigest()
        shelf[sha256] = data
        ids += conn.execute(
            "insert into archive.delivery (source_id, object_name, size_bytes, modified_ns, sha256, received_at, collected_at,"
            " run_id, form_hint) values ('inbox', %s, %s, %s, %s, now() + %s * interval '1 minute', now(), 1, %s)"
            " returning delivery_id",
            (f"{hint}.xlsx", len(data), minute, sha256, minute, hint),
        ).fetchall()
    return [delivery_id for (delivery_id,) in ids]


def outcomes(conn: psycopg.Connection[Any]) -> dict[str, str]:
    return dict(conn.execute("select form_id, outcome from ops.submission").fetchall())


def take(settings: Settings, conn: psycopg.Connection[Any], shelf: Shelf, delivery_ids: Sequence[int]) -> None:
    keyring = Keyring.load(settings)
    assert take_in(conn, cast(Any, shelf), keyring, cast(Any, shelf), delivery_ids, 1) == []


def test_a_register_that_refers_to_another_is_judged_after_it_in_one_chunk(settings: Settings) -> None:
    shelf = Shelf()
    with connect(settings) as conn:
        ids = arrive(conn, shelf, {"target_allocation": SHARED_OUT, "unit_register": OFFICE_ALONE})
        take(settings, conn, shelf, ids)
        assert outcomes(conn) == {"target_allocation": "accepted", "unit_register": "accepted"}
        loaded = conn.execute("select org_code, target_value::int from landing.target_allocation").fetchall()
        assert loaded == [("A0101", 200)]


def test_a_register_that_refers_to_another_needs_it(settings: Settings) -> None:
    shelf = Shelf()
    with connect(settings) as conn:
        take(settings, conn, shelf, arrive(conn, shelf, {"target_allocation": SHARED_OUT}))
        assert outcomes(conn) == {"target_allocation": "refused"}
        assert conn.execute("select code from ops.finding").fetchall() == [("form.unit_unknown",)]


def test_deliveries_wait_in_the_order_in_which_they_are_judged(settings: Settings) -> None:
    with connect(settings) as conn:
        relief, allocation, register = arrive(
            conn, Shelf(), {"relief": b"1", "target_allocation": b"2", "unit_register": b"3"}
        )
        assert [delivery_id for delivery_id, _ in undecided_deliveries(conn)] == [register, allocation, relief]
    assert list(forms())[:2] == ["unit_register", "target_allocation"]
