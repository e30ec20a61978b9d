"""The outbox empties over real servers: the dead hold nobody up, all arrives later and once, and a sender may die anywhere."""

from __future__ import annotations

import email
import email.policy
import multiprocessing
import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.alerts.claims import GIVE_UP_DAYS, Claim
from connectors.alerts.outbox import put_message
from connectors.alerts.owners import Owners, Person
from connectors.alerts.sending import Patience, Sent, send_due
from connectors.channels.channel import Bot, Channel, Mail, MailServer, SecretAt
from connectors.channels.dress import REPEATED
from connectors.channels.message import Answer, Content, Section
from connectors.settings import Settings
from connectors.warehouse.engine import connect
from tests.connectors.alerts.world import World
from tests.connectors.channels.servers import Bot as Server
from tests.connectors.channels.servers import bot, mail_server

NIGHT = date(2021, 4, 20)
QUICK = Patience(budget=55, delivery=10)
"""A hanging bot costs half of the delivery; a busy machine needs the rest."""
MESSAGES = 3


class Street:
    """Five channels with their servers, and messages for each."""

    def __init__(self, world: World, folder: Path, stack: ExitStack) -> None:
        self.world, self.later = world, timedelta(0)
        self.bots: dict[str, Server] = {
            kind: stack.enter_context(bot(kind)) for kind in ("wecom", "dingtalk", "feishu", "webhook")
        }
        self.postman, port = stack.enter_context(mail_server())
        channels: dict[str, Channel] = {
            "mail": Mail("mail", "li@example.invalid", MailServer("127.0.0.1", port, "plain", "w@example.invalid"))
        }
        for kind, served in self.bots.items():
            (folder / f"{kind}.url").write_text(served.url)
            channels[kind] = Bot(kind, kind, SecretAt(file=folder / f"{kind}.url"))
        self.owners = Owners("li", {"li": Person("li", "李处", tuple(channels))}, channels)

    def clock(self) -> datetime:
        return datetime.now(UTC) + self.later

    def write(self, *channel_ids: str, messages: int = MESSAGES) -> None:
        for number in range(messages):
            for channel_id in channel_ids or self.owners.channels:
                content = Content(f"第 {number} 份", (Section("新出现", ("一行",)),))
                put_message(
                    self.world.conn,
                    f"digest/li/{NIGHT}/{number}",
                    channel_id,
                    "li",
                    content,
                    NIGHT,
                    datetime.now(UTC) - timedelta(hours=1),
                )

    def send(self, **options: Any) -> Sent:
        return send_due(self.world.conn, self.owners, QUICK, self.clock, **options)

    def states(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for message in self.world.messages():
            found.setdefault(message["channel_id"], []).append(message["state"])
        return found

    def arrived(self, channel_id: str) -> list[str]:
        """The titles that arrived over a channel, in order."""
        if channel_id == "mail":
            return [str(title_of(mail)) for mail in self.postman.taken]
        if channel_id == "webhook":
            return [post.document["title"] for post in self.bots["webhook"].taken]
        return [post.text.splitlines()[0] for post in self.bots[channel_id].taken]

    def attempts(self) -> list[tuple[str, int, str | None, str | None]]:
        return self.world.conn.execute(
            "select o.channel_id, a.attempt, a.outcome, a.status from ops.outbox_attempt a join ops.outbox o using (outbox_id)"
            " order by a.outbox_id, a.attempt"
        ).fetchall()


def title_of(mail: bytes) -> str:
    return str(email.message_from_bytes(mail, policy=email.policy.default)["Subject"])


@contextmanager
def _street(world: World, folder: Path) -> Iterator[Street]:
    with ExitStack() as stack:
        yield Street(world, folder, stack)


@pytest.fixture
def street(world: World, tmp_path: Path) -> Iterator[Street]:
    with _street(world, tmp_path) as made:
        yield made


TITLES = [f"第 {number} 份" for number in range(MESSAGES)]


def test_dead_channels_hold_nobody_up_and_everything_arrives_later_once(street: Street) -> None:
    street.write()
    street.bots["wecom"].mode, street.bots["dingtalk"].mode, street.bots["webhook"].mode = "rejecting", "hanging", "500"
    street.bots["feishu"].stop()
    started = time.monotonic()
    sent = street.send()
    assert time.monotonic() - started < QUICK.budget
    assert (sent.sent, sent.again) == (MESSAGES, 4), "the living have all theirs; each of the dead costs one attempt"
    assert street.arrived("mail") == TITLES
    assert set(street.attempts()) >= {
        ("wecom", 1, "temporary", "200"), ("dingtalk", 1, "unanswered", ""), ("webhook", 1, "temporary", "500"), ("feishu", 1, "temporary", ""),
        ("mail", 1, "delivered", "250"),
    }  # fmt: skip
    street.bots["wecom"].mode = street.bots["dingtalk"].mode = street.bots["webhook"].mode = "good"
    street.bots["feishu"].start()
    street.later = timedelta(minutes=2)
    assert street.send().sent == 4 * MESSAGES
    for channel_id in street.owners.channels:
        assert street.arrived(channel_id) == TITLES
    assert REPEATED in street.bots["dingtalk"].taken[0].text, "the one that hung may have taken it"
    assert REPEATED not in street.bots["wecom"].taken[0].text, "the one that said no has not"
    assert street.send() == Sent()


def test_two_senders_at_once_send_each_message_once(street: Street, settings: Settings) -> None:
    street.write(messages=8)
    sent: list[int] = []

    def send() -> None:
        with connect(settings) as conn:
            sent.append(send_due(conn, street.owners, QUICK, street.clock).sent)

    both = [threading.Thread(target=send) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert sum(sent) == 8 * len(street.owners.channels)
    for channel_id in street.owners.channels:
        assert sorted(street.arrived(channel_id)) == [f"第 {number} 份" for number in range(8)]


def test_a_sender_that_dies_before_noting_is_noticed_and_only_who_drops_repeats_has_it_again(
    street: Street, settings: Settings
) -> None:
    street.write("wecom", "mail", messages=1)
    _die_after_answers(street, settings, "wecom", "mail")
    assert street.states() == {"wecom": ["sending"], "mail": ["sending"]}
    assert street.send() == Sent(), "whoever holds the lease may still be alive"
    street.later = timedelta(minutes=3)
    sent = street.send()
    assert (sent.unknown, sent.sent) == (2, 1)
    assert street.states() == {"wecom": ["unknown"], "mail": ["sent"]}
    assert len(street.bots["wecom"].taken) == 1, "a bot cannot tell a repetition"
    ids = {re.search(rb"Message-ID: (\S+)", mail).group(1) for mail in street.postman.taken}  # type: ignore[union-attr]
    assert (len(street.postman.taken), len(ids)) == (2, 1), "whoever reads mail can"
    street.world.night(NIGHT)
    assert ("undelivered", "", "open") in street.world.alerts(), "the staff hear of what nobody knows"
    street.write("wecom", messages=2)
    street.send()
    street.world.night(NIGHT + timedelta(days=1))
    assert ("undelivered", "", "resolved") in street.world.alerts()


def _die_after_answers(street: Street, settings: Settings, *channel_ids: str) -> None:
    """Send over these channels, each in a process that dies once the server has said yes."""
    context = multiprocessing.get_context("spawn")
    senders = [
        context.Process(
            target=_send_and_die,
            args=(settings, Owners("li", street.owners.people, {name: street.owners.channels[name]})),
        )
        for name in channel_ids
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert [sender.exitcode for sender in senders] == [9] * len(senders)


def _send_and_die(settings: Settings, owners: Owners) -> None:
    def die(_claim: Claim, _answer: Answer) -> None:
        os._exit(9)

    with connect(settings) as conn:
        send_due(conn, owners, QUICK, after_answer=die)


def test_a_message_that_is_refused_for_good_does_not_stop_those_behind_it(street: Street) -> None:
    street.write("mail")
    street.postman.mode = "permanent"
    assert street.send() == Sent(failed=MESSAGES)
    assert street.attempts()[0] == ("mail", 1, "permanent", "550")


def test_time_that_is_up_leaves_the_rest_for_the_next_sending(street: Street) -> None:
    street.write("mail")
    assert send_due(street.world.conn, street.owners, Patience(budget=1, delivery=3), street.clock) == Sent()
    assert street.states() == {"mail": ["waiting"] * MESSAGES}
    assert street.send().sent == MESSAGES


def test_pauses_grow_and_what_is_too_old_is_given_up(street: Street) -> None:
    street.write("wecom", messages=1)
    street.bots["wecom"].mode = "rejecting"
    for minutes in (0, 0.5, 2, 4, 8):
        street.later = timedelta(minutes=minutes)
        street.send()
    assert [attempt for _, attempt, _, _ in street.attempts()] == [1, 2, 3], "after one minute, and five more"
    street.later = timedelta(days=GIVE_UP_DAYS + 1)
    street.send()
    assert street.states() == {"wecom": ["failed"]}


def test_no_answer_that_is_kept_holds_a_key(street: Street) -> None:
    street.write("wecom", messages=1)
    street.bots["wecom"].mode = "rejecting"
    street.send()
    [(answer,)] = street.world.conn.execute("select answer from ops.outbox_attempt").fetchall()
    assert "invalid webhook url" in answer
    assert "geheim" not in answer
