"""The outbox: messages written in the transaction that made them true, each once per channel."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from uuid import uuid4

import psycopg
from psycopg.types.json import Jsonb

from connectors.channels.message import Content

DOMAIN = "union-warehouse.invalid"
"""What our message ids end with: a name that belongs to nobody, and says nothing about the machine."""


def put_message(
    conn: psycopg.Connection[Any],
    subject: str,
    channel_id: str,
    recipient_id: str,
    content: Content,
    night: date,
    not_before: datetime,
) -> int | None:
    """Write a message in the caller's transaction; gives its id, None where this subject is in the outbox for this channel already."""
    row = conn.execute(
        "insert into ops.outbox (subject, channel_id, recipient_id, content, message_id, state, next_try_at, night, written_at)"
        " values (%s, %s, %s, %s, %s, 'waiting', %s, %s, clock_timestamp())"
        " on conflict (subject, channel_id) do nothing returning outbox_id",
        (
            *(subject, channel_id, recipient_id, Jsonb(content.to_json()), f"<{uuid4().hex}@{DOMAIN}>"),
            *(not_before, night),
        ),
    ).fetchone()
    return int(row[0]) if row else None


def put_items(
    conn: psycopg.Connection[Any], outbox_id: int, channel_id: str, changes: Iterable[tuple[int, int]]
) -> None:
    """Note that this message tells of these changes (alert, number): the key keeps any other from telling them on the channel."""
    with conn.cursor() as cursor:
        cursor.executemany(
            "insert into ops.outbox_item (alert_id, change_no, channel_id, outbox_id) values (%s, %s, %s, %s)",
            [(alert_id, change_no, channel_id, outbox_id) for alert_id, change_no in changes],
        )


def count_of(conn: psycopg.Connection[Any], prefix: str, channel_id: str) -> int:
    """How many messages whose subject begins so a channel has."""
    [(count,)] = conn.execute(
        "select count(*) from ops.outbox where channel_id = %s and starts_with(subject, %s)", (channel_id, prefix)
    ).fetchall()
    return int(count)
