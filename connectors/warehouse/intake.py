"""Take in a chunk of deliveries: read, recognise, judge, decide, and load what was decided in one transaction.

Submission by submission everything commits together: its ledger row, rows, quarantine, findings and counts. A transaction
carries a whole chunk (a commit per workbook costs twelve times that); where it fails, the chunk is loaded one by one, so that
the delivery that cannot be loaded stays undecided and takes no neighbour along.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import psycopg

from connectors.warehouse.decision import Decision, decide
from connectors.warehouse.loading import load
from connectors.warehouse.registers import read_unit_register
from connectors.warehouse.waivers import read_waivers
from expectations.contract import forms

if TYPE_CHECKING:
    import polars as pl

    from connectors.archive import Archive
    from connectors.keys import Keyring
    from connectors.warehouse.registers import UnitRegister
    from connectors.warehouse.waivers import Waiver
    from connectors.workbooks.pool import Readers
    from connectors.workbooks.reading import Reading

    Judge = Callable[[Sequence[Reading], Mapping[str, pl.DataFrame], UnitRegister, Sequence[Waiver]], list[Decision]]

log = logging.getLogger(__name__)

LAST_TURN = 2
"""The turn of the forms that are no registers (see `Form.turn`); what was not recognised is decided with them."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Bytes that arrived once: what the chunk needs to know of them."""

    delivery_id: int
    sha256: str
    modified_ns: int
    received_at: datetime


def take_in(
    conn: psycopg.Connection[Any],
    archive: Archive,
    keyring: Keyring,
    readers: Readers,
    delivery_ids: Sequence[int],
    run_id: int,
    judge: Judge | None = None,
) -> list[int]:
    """Bring these deliveries to a decision; gives those that could not be loaded and stay undecided.

    Other machines may do what `readers` and `judge` do; whatever touches the archive or the database is done here.
    Harmless when repeated: a delivery that another run decided meanwhile is left alone.
    """
    deliveries = _deliveries(conn, delivery_ids)
    copies = _copies(conn, deliveries)
    fresh = [d for d in deliveries if d.delivery_id not in copies]
    # Of a file that is too large to be read, no more than shows that comes into memory.
    batch = readers.read([(d.delivery_id, archive.get(d.sha256, readers.longest_file_bytes + 1)) for d in fresh])
    by_id: dict[int, Reading] = {reading.delivery_id: reading for reading in batch.readings}
    taken_out = _taken_out(conn, [r.delivery_id for r in batch.readings if r.status == "unpacked"])
    readings = [by_id[d.delivery_id].if_taken_out(d.delivery_id in taken_out) for d in fresh]

    stuck: list[int] = []
    waivers = read_waivers(conn)
    decisions = [Decision.copy_of(d.delivery_id, copies[d.delivery_id]) for d in deliveries if d.delivery_id in copies]
    for turn in sorted({_turn(reading) for reading in readings}):
        # Read after the registers of this chunk are loaded, so that what comes after them is judged against them.
        asked = [r for r in readings if _turn(r) == turn]
        register = read_unit_register(conn, judging=[r.form_id for r in asked])
        decisions += (judge or decide)(asked, batch.rows, register, waivers)
        stuck += _load_chunk(conn, keyring, decisions, deliveries, run_id)
        decisions = []
    if decisions:
        stuck += _load_chunk(conn, keyring, decisions, deliveries, run_id)
    return stuck


def _load_chunk(
    conn: psycopg.Connection[Any],
    keyring: Keyring,
    decisions: Sequence[Decision],
    deliveries: Sequence[Delivery],
    run_id: int,
) -> list[int]:
    received = {d.delivery_id: d.received_at for d in deliveries}
    try:
        load(conn, keyring, decisions, received, run_id)
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        if len(decisions) == 1:
            # Only the class of the error: its text may quote the row.
            log.error("delivery %s could not be loaded: %s", decisions[0].delivery_id, type(error).__name__)
            return [decisions[0].delivery_id]
        return [
            delivery_id
            for decision in decisions
            for delivery_id in _load_chunk(conn, keyring, [decision], deliveries, run_id)
        ]
    return []


def _deliveries(conn: psycopg.Connection[Any], delivery_ids: Sequence[int]) -> list[Delivery]:
    order = {delivery_id: place for place, delivery_id in enumerate(delivery_ids)}
    rows = conn.execute(
        "select delivery_id, sha256, modified_ns, received_at from archive.delivery where delivery_id = any(%s)",
        (list(delivery_ids),),
    ).fetchall()
    return sorted((Delivery(*row) for row in rows), key=lambda d: order[d.delivery_id])


def _copies(conn: psycopg.Connection[Any], deliveries: Sequence[Delivery]) -> Mapping[int, int]:
    """Deliveries that are a file accepted already, or earlier in this chunk, under another name: the same bytes, changed no later.

    Each with the delivery it is a copy of. The same bytes changed later are read again: whoever sends them after a correction
    may mean them. So are the same bytes after a refusal: a register may have changed since.
    """
    known = {
        sha256: (delivery_id, modified_ns)
        for sha256, delivery_id, modified_ns in conn.execute(
            "select d.sha256, min(d.delivery_id), max(d.modified_ns)"
            " from archive.delivery d join ops.delivery_outcome o using (delivery_id)"
            " join ops.delivery_outcome first on first.delivery_id = coalesce(o.duplicate_of, o.delivery_id)"
            " where d.sha256 = any(%s) and first.outcome in ('accepted', 'duplicate_content') group by d.sha256",
            ([d.sha256 for d in deliveries],),
        )
    }
    copies: dict[int, int] = {}
    for delivery in deliveries:
        original, modified_ns = known.get(delivery.sha256, (delivery.delivery_id, -1))
        if delivery.modified_ns <= modified_ns:
            copies[delivery.delivery_id] = original
        known[delivery.sha256] = (original, max(delivery.modified_ns, modified_ns))
    return copies


def _taken_out(conn: psycopg.Connection[Any], zips: Sequence[int]) -> set[int]:
    """Those of these zips whose files are deliveries: the collection takes them out, but not of a zip within a zip."""
    if not zips:
        return set()
    found = conn.execute(
        "select z.delivery_id from archive.delivery z where z.delivery_id = any(%s) and exists (select from archive.delivery m"
        " where m.source_id = z.source_id and m.modified_ns = z.modified_ns and starts_with(m.object_name, z.object_name || '/'))",
        (list(zips),),
    )
    return {row[0] for row in found}


def _turn(reading: Reading) -> int:
    form = forms().get(reading.form_id or "")
    return form.turn if form else LAST_TURN
