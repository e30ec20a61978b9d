"""Mail by SMTP: text and HTML, one address, the server's own answer."""

from __future__ import annotations

import smtplib
import ssl
import time
from contextlib import suppress
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from connectors.channels.channel import Mail, MailServer
from connectors.channels.dress import html_page, plain_text
from connectors.channels.message import Answer, Message
from connectors.channels.posting import is_loopback

SENDER_NAME = "国防工会报表仓库"

LEAST_SECONDS = 0.1
"""With less left, a step is not begun: what has not been said can be said again."""


def send_mail(channel: Mail, password: str | None, message: Message, seconds: float) -> Answer:
    """Hand the message to the channel's server; `seconds` is the patience for the whole conversation, however slow its single answers.

    Delivered is what the server has accepted after the last dot; from there on it is the server's.
    """
    server = channel.server
    if server.security == "plain" and not is_loopback(server.host):
        return Answer("temporary", "", "未加密的发信只可用于本机")
    ends = time.monotonic() + seconds
    try:
        connection = _connect(server, ends)
    except smtplib.SMTPResponseException as error:
        return _answer(error.smtp_code, error.smtp_error)
    except (OSError, smtplib.SMTPException) as error:
        return Answer("temporary", "", f"连接不上：{type(error).__name__}")
    is_out = False
    try:
        if server.user is not None:
            _hurry(connection, ends)
            connection.login(server.user, password or "")
        for ask, about in ((connection.mail, server.sender), (connection.rcpt, channel.address)):
            _hurry(connection, ends)
            code, said = ask(about)
            if code >= 300:
                return _answer(code, said)
        _hurry(connection, ends)
        data = written(channel, message).as_bytes(policy=SMTP)
        is_out = True
        return _answer(*connection.data(data))
    except smtplib.SMTPAuthenticationError as error:
        # A wrong password is ours to mend, and the message goes out then.
        return Answer("temporary", str(error.smtp_code), _text(error.smtp_error))
    except smtplib.SMTPResponseException as error:
        return _answer(error.smtp_code, error.smtp_error)
    except (OSError, smtplib.SMTPException) as error:
        return Answer("unanswered" if is_out else "temporary", "", f"没有回应：{type(error).__name__}")
    finally:
        with suppress(OSError, smtplib.SMTPException):
            # What the server says to a goodbye changes nothing.
            connection.close()


def written(channel: Mail, message: Message) -> EmailMessage:
    """The mail as it goes out: the same Message-ID and Date at every attempt, so that servers and readers can drop a repetition."""
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = message.content.title
    mail["From"] = Address(SENDER_NAME, addr_spec=channel.server.sender)
    mail["To"] = channel.address
    mail["Date"] = format_datetime(message.written_at)
    mail["Message-ID"] = message.message_id
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(plain_text(message), cte="base64")
    mail.add_alternative(html_page(message), subtype="html", cte="base64")
    return mail


def _connect(server: MailServer, ends: float) -> smtplib.SMTP:
    seconds = max(ends - time.monotonic(), LEAST_SECONDS)
    context = ssl.create_default_context(cafile=str(server.authority) if server.authority else None)
    if server.security == "tls":
        connection: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=seconds, context=context)
    else:
        connection = smtplib.SMTP(server.host, server.port, timeout=seconds)
    try:
        _hurry(connection, ends)
        connection.ehlo_or_helo_if_needed()
        if server.security == "starttls":
            _hurry(connection, ends)
            connection.starttls(context=context)
            connection.ehlo()
    except BaseException:
        connection.close()
        raise
    return connection


def _hurry(connection: smtplib.SMTP, ends: float) -> None:
    """Let the next answer take what is left of the time. Raises: TimeoutError where nothing is."""
    left = ends - time.monotonic()
    if left < LEAST_SECONDS:
        raise TimeoutError
    if connection.sock is not None:
        connection.sock.settimeout(left)


def _answer(code: int, said: bytes | str) -> Answer:
    if 200 <= code < 300:
        return Answer("delivered", str(code), _text(said))
    return Answer("permanent" if code >= 500 else "temporary", str(code), _text(said))


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", errors="replace") if isinstance(said, bytes) else said
