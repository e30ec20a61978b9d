"""Sending: what is due in the outbox goes out, over all channels at once and each in order, and never for longer than a minute.

A channel that does not take a message has no other in this sending: one that is dead costs one patience, not as many as it has messages.
All of the database is done by one thread; the others only talk to servers.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from queue import Queue
from typing import Any

import psycopg

from connectors.alerts.claims import Claim, claim, due_channels, note_answer, note_dead_senders
from connectors.alerts.owners import Owners
from connectors.channels.channel import Channel, drops_repeats
from connectors.channels.delivering import deliver
from connectors.channels.message import Answer
from connectors.warehouse.engine import database_clock

BUDGET_SECONDS = 55.0
"""For all channels together, so that with all that is around it a night is not delayed by more than 60 s."""

DELIVERY_SECONDS = 15.0
"""For one message over one channel: a server that needs longer is not well."""

AT_ONCE = 8
"""Channels that are talked to at the same time."""

Clock = Callable[[], datetime]


@dataclass
class Sent:
    """What a sending came to, in messages: sent, to be tried again, refused for good, and left half-way by a sender that died."""

    sent: int = 0
    again: int = 0
    failed: int = 0
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a sending, and one delivery of it, may take, in seconds."""

    budget: float = BUDGET_SECONDS
    delivery: float = DELIVERY_SECONDS


def send_due(
    conn: psycopg.Connection[Any],
    owners: Owners,
    patience: Patience | None = None,
    clock: Clock | None = None,
    after_answer: Callable[[Claim, Answer], None] = lambda _claim, _answer: None,
) -> Sent:
    """Send what may go out now; what is not sent in time waits for the next sending.

    `clock` is the database's where none is given. `after_answer` is called between a server's answer and its noting.
    Raises: psycopg.OperationalError for a lost connection; what was being sent is then noted by the next sending.
    """
    patience, now = patience or Patience(), clock or (lambda: database_clock(conn))
    done, started = Sent(), time.monotonic()
    dropping = [key for key, channel in owners.channels.items() if drops_repeats(channel)]
    done.unknown = note_dead_senders(conn, now(), dropping)
    waiting = due_channels(conn, now(), owners.channels)
    answers: Queue[tuple[Claim, Answer]] = Queue()
    under_way = 0

    def begin(channel_id: str) -> bool:
        if time.monotonic() - started + patience.delivery > patience.budget:
            return False
        claimed = claim(conn, channel_id, now())
        if claimed is None:
            return False
        _start(owners.channels, claimed, patience.delivery, answers)
        return True

    while True:
        while waiting and under_way < AT_ONCE:
            under_way += begin(waiting.pop(0))
        if not under_way:
            return done
        claimed, answer = answers.get()
        under_way -= 1
        after_answer(claimed, answer)
        _count(done, note_answer(conn, claimed, answer, now()))
        if answer.outcome in ("delivered", "permanent"):
            waiting.insert(0, claimed.channel_id)


def _start(
    channels: Mapping[str, Channel], claimed: Claim, seconds: float, answers: Queue[tuple[Claim, Answer]]
) -> None:
    channel = channels[claimed.channel_id]

    def run() -> None:
        answers.put((claimed, deliver(channel, claimed.message, seconds)))

    threading.Thread(target=run, name=f"send {claimed.channel_id}", daemon=True).start()


def _count(done: Sent, state: str) -> None:
    match state:
        case "sent":
            done.sent += 1
        case "failed":
            done.failed += 1
        case _:
            done.again += 1
