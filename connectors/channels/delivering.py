"""One message over one channel, within a time that nothing can stretch."""

from __future__ import annotations

import threading
from queue import Empty, Queue
from urllib.parse import unquote, unquote_plus, urlsplit

from connectors.channels.bots import SENDERS
from connectors.channels.channel import Channel, Mail, SecretAt, SecretMissing
from connectors.channels.mail import send_mail
from connectors.channels.message import Answer, Message

POST_STEPS = 2
"""Connecting, and waiting for the answer."""

KEY_LENGTH = 16
"""Characters: words of an address are shorter, and every key is longer."""

ALMOST = 0.9
"""Of the time: a conversation that ends by itself is known better than one that is left behind."""


def deliver(channel: Channel, message: Message, seconds: float) -> Answer:
    """What came of sending this message, after at most so many seconds; it never raises.

    A server that drips its answer, or a name that is looked up for ever, is left behind in a thread that dies with the process.
    """
    answers: Queue[Answer] = Queue()
    threading.Thread(
        target=lambda: answers.put(_attempt(channel, message, seconds)), name=f"to {channel.channel_id}", daemon=True
    ).start()
    try:
        return answers.get(timeout=seconds)
    except Empty:
        return Answer("unanswered", "", f"{seconds:.0f} 秒内没有回应")


def _attempt(channel: Channel, message: Message, seconds: float) -> Answer:
    secrets: list[str] = []
    try:
        if isinstance(channel, Mail):
            password = _read(channel.server.password, secrets)
            return send_mail(channel, password, message, seconds * ALMOST).without(secrets)
        url = _read(channel.url, secrets) or ""
        secret = _read(channel.secret, secrets)
        secrets += secret_parts(url)
        return SENDERS[channel.kind](url, secret, message, seconds / POST_STEPS).without(secrets)
    except SecretMissing as error:
        return Answer("temporary", "", f"密钥读不到：{error.where}")
    except Exception as error:  # noqa: BLE001 - one dead channel must not stop the others; the class says enough to look it up
        return Answer("temporary", "", f"未能发送：{type(error).__name__}").without(secrets)


def secret_parts(url: str) -> list[str]:
    """What in a bot's URL is its key, as it stands there and as a server reads it: the values of the query, and long segments of the path."""
    parts = urlsplit(url)
    found = [
        *(pair.partition("=")[2] for pair in parts.query.split("&")),
        *(segment for segment in parts.path.split("/") if len(segment) >= KEY_LENGTH),
    ]
    # A plus in a query is a plus to some and a blank to others.
    return [text for part in found if part for text in dict.fromkeys((part, unquote(part), unquote_plus(part)))]


def _read(where: SecretAt | None, secrets: list[str]) -> str | None:
    if where is None:
        return None
    secret = where.read()
    secrets.append(secret)
    return secret
