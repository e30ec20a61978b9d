"""A message taken for sending, and what came of it: one sender at a time, and a sender that died is noticed.

Before a message leaves, its row is claimed (`sending`, with a lease) and the attempt is written, both committed. So after a death between
sending and noting nobody sends it again unawares: the lease runs out, the attempt is noted as `unknown`, and only a channel that
drops repetitions by their id has it once more. A group bot has not: there `unknown` is the end, and staff are told.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row

from connectors.channels.message import Answer, Content, Message

LEASE_SECONDS = 120
"""Far above what one delivery may take, and below the shortest pause between two sendings of a night."""

PAUSES = (60, 300, 900, 3600, 4 * 3600)
"""Seconds before the next attempt, after the first, the second and so on; the last for all that follow."""

GIVE_UP_DAYS = 14
"""A digest that is older tells nobody anything."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A message that this sender may send now: the attempt that it is, and the message."""

    outbox_id: int
    channel_id: str
    attempt: int
    message: Message


def due_channels(conn: psycopg.Connection[Any], now: datetime, known: Collection[str]) -> list[str]:
    """The channels for which something may go out now, those that have waited longest first."""
    rows = conn.execute(
        "select channel_id from ops.outbox where state = 'waiting' and next_try_at <= %s and channel_id = any(%s)"
        " group by channel_id order by min(next_try_at), channel_id",
        (now, list(known)),
    )
    return [row[0] for row in rows]


def note_dead_senders(conn: psycopg.Connection[Any], now: datetime, dropping_repeats: Collection[str]) -> int:
    """Note what senders that died left half-way as `unknown`; gives how many. Channels in `dropping_repeats` have it once more.

    What waits for too long (a channel that is no longer in the register, say) is given up on the way.
    """
    with conn.transaction():
        conn.execute(
            "update ops.outbox set state = 'failed' where state = 'waiting' and written_at < %s",
            (now - timedelta(days=GIVE_UP_DAYS),),
        )
        rows = conn.execute(
            "select outbox_id, attempts, channel_id from ops.outbox where state = 'sending' and lease_until < %s for update skip locked",
            (now,),
        ).fetchall()
        for outbox_id, attempt, channel_id in rows:
            conn.execute(
                "update ops.outbox_attempt set finished_at = %s, outcome = 'unknown' where outbox_id = %s and attempt = %s",
                (now, outbox_id, attempt),
            )
            [(unknown,)] = conn.execute(
                "select count(*) from ops.outbox_attempt where outbox_id = %s and outcome = 'unknown'", (outbox_id,)
            ).fetchall()
            again = channel_id in dropping_repeats and unknown < 2
            conn.execute(
                "update ops.outbox set state = %s, lease_until = null, next_try_at = %s where outbox_id = %s",
                ("waiting" if again else "unknown", now, outbox_id),
            )
    return len(rows)


def claim(conn: psycopg.Connection[Any], channel_id: str, now: datetime) -> Claim | None:
    """The oldest message that may go out over a channel now, claimed; None where there is none. Another sender gets another one."""
    with conn.transaction(), conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(
            "update ops.outbox set state = 'sending', attempts = attempts + 1, lease_until = %(until)s where outbox_id = ("
            " select outbox_id from ops.outbox where state = 'waiting' and next_try_at <= %(now)s and channel_id = %(channel)s"
            " order by outbox_id limit 1 for update skip locked)"
            " returning outbox_id, attempts, content, message_id, written_at",
            {"now": now, "until": now + timedelta(seconds=LEASE_SECONDS), "channel": channel_id},
        ).fetchone()
        if row is None:
            return None
        [before] = cursor.execute(
            "select count(*) filter (where outcome in ('unanswered', 'unknown')) as lost from ops.outbox_attempt where outbox_id = %s",
            (row["outbox_id"],),
        ).fetchall()
        cursor.execute(
            "insert into ops.outbox_attempt (outbox_id, attempt, started_at) values (%s, %s, %s)",
            (row["outbox_id"], row["attempts"], now),
        )
    content = Content.from_json(row["content"])
    message = Message(content, row["message_id"], row["outbox_id"], row["written_at"], may_repeat=before["lost"] > 0)
    return Claim(row["outbox_id"], channel_id, row["attempts"], message)


def note_answer(conn: psycopg.Connection[Any], claimed: Claim, answer: Answer, now: datetime) -> str:
    """Write what the server said and what follows; gives the state of the message then.

    A sender that was taken for dead and comes back writes its attempt, and changes the message only if it was delivered.
    """
    with conn.transaction():
        conn.execute(
            "update ops.outbox_attempt set finished_at = %s, outcome = %s, status = %s, answer = %s"
            " where outbox_id = %s and attempt = %s",
            (now, answer.outcome, answer.status, answer.said, claimed.outbox_id, claimed.attempt),
        )
        state = _state_after(answer, claimed, now)
        pause = PAUSES[min(claimed.attempt, len(PAUSES)) - 1]
        conn.execute(
            "update ops.outbox set state = %s, lease_until = null, next_try_at = %s where outbox_id = %s"
            " and ((state = 'sending' and attempts = %s) or (%s and state <> 'sent'))",
            (
                *(state, now + timedelta(seconds=pause), claimed.outbox_id, claimed.attempt),
                answer.outcome == "delivered",
            ),
        )
    return state


def counts(conn: psycopg.Connection[Any]) -> dict[str, int]:
    """How many messages are in each state."""
    rows: Sequence[tuple[str, int]] = conn.execute("select state, count(*) from ops.outbox group by state").fetchall()
    return dict(rows)


def _state_after(answer: Answer, claimed: Claim, now: datetime) -> str:
    if answer.outcome == "delivered":
        return "sent"
    is_old = now - claimed.message.written_at > timedelta(days=GIVE_UP_DAYS)
    return "failed" if answer.outcome == "permanent" or is_old else "waiting"
