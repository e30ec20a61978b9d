"""Deliveries as they are written down: bytes that arrived once, wherever from, each with its event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from connectors.warehouse.events import append_events
from connectors.warehouse.life import received_events


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A file that is to be written down as received: its id, its name (data, never a path), size, time of change, hash, form hint."""

    delivery_id: int
    object_name: str
    size_bytes: int
    modified_ns: int
    sha256: str
    form_hint: str | None


def write_deliveries(
    conn: psycopg.Connection[Any],
    source_id: str,
    deliveries: Sequence[NewDelivery],
    received_at: Sequence[datetime],
    collected_at: datetime,
    run_id: int,
) -> None:
    """Write these down as received from a source at these times, with their events, in the caller's transaction."""
    columns = "delivery_id, source_id, object_name, size_bytes, modified_ns, sha256, received_at, collected_at, run_id, form_hint"
    with conn.cursor() as cursor, cursor.copy(f"copy archive.delivery ({columns}) from stdin") as copy:
        for d, at in zip(deliveries, received_at, strict=True):
            copy.write_row((
                d.delivery_id, source_id, d.object_name, d.size_bytes, d.modified_ns, d.sha256, at, collected_at, run_id,
                d.form_hint,
            ))  # fmt: skip
    append_events(conn, received_events(conn, [d.delivery_id for d in deliveries], run_id))


def changed_at(modified_ns: int) -> datetime:
    """When a file was last changed, to the nearest microsecond: a listing tells seconds as a float, whose steps of a quarter microsecond
    may fall short of the real time."""
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=(modified_ns + 500) // 1000)
