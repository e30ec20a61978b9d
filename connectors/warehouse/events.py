"""The chain of events: every change of state, appended in the transaction that makes it, each with the hash of the one before.

An event is never changed or deleted. Whoever appends holds the chain's head until the transaction ends, so ids follow the
order of commits: what has an id up to that of a known event was there when that event was. Append last in a transaction, after
every other lock is taken.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import psycopg


@dataclass(frozen=True, slots=True)
class Event:
    """One change of state. `author` is a person's name or `run 12`; nothing in it is personal but that name."""

    kind: str
    author: str
    reason: str | None = None
    delivery_id: int | None = None
    submission_id: int | None = None
    form_id: str | None = None
    unit_id: str | None = None
    period: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


# Set up once: that costs as much as to encode an event.
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode

FACTS = ("kind", "delivery_id", "submission_id", "form_id", "unit_id", "period", "author", "reason")


def append_events(conn: psycopg.Connection[Any], events: Iterable[Event]) -> int:
    """Append these events in order, in the transaction that `conn` is in; gives the id of the chain's last event.

    The last thing to do in a transaction: the chain is held until it ends.
    """
    listed = list(events)
    [(last_id, last_hash, now)] = conn.execute(
        "select event_id, hash, clock_timestamp() from ops.event_head for update"
    ).fetchall()
    if not listed:
        return int(last_id)
    columns = ", ".join(("event_id", "happened_at", *FACTS, "details", "hash"))
    with conn.cursor() as cursor, cursor.copy(f"copy ops.event ({columns}) from stdin") as copy:
        for event in listed:
            facts = {name: getattr(event, name) for name in FACTS}
            last_id += 1
            last_hash = event_hash(last_hash, last_id, now, facts, event.details)
            copy.write_row((last_id, now, *facts.values(), _encode(event.details), last_hash))
    conn.execute("update ops.event_head set event_id = %s, hash = %s", (last_id, last_hash))
    return int(last_id)


def event_hash(
    previous: str, event_id: int, happened_at: datetime, facts: Mapping[str, Any], details: Mapping[str, Any]
) -> str:
    """The hash (SHA-256, hexadecimal) that ties an event to the one before it."""
    told = [previous, event_id, happened_at.astimezone(UTC).isoformat(), facts, details]
    return hashlib.sha256(_encode(told).encode()).hexdigest()
