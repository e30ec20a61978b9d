"""The channels that the register of owners can name, and secrets that it names but never holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from connectors.settings import secret_in_environment


class SecretMissing(Exception):
    """A secret cannot be read where the register of owners says that it is.

    Attributes:
        where: the variable or the file; never what is in it.
    """

    def __init__(self, where: str) -> None:
        self.where = where
        super().__init__(f"no secret in {where}")


@dataclass(frozen=True, slots=True)
class SecretAt:
    """Where a secret is: an environment variable or a file, read at each use so that a changed one needs no restart."""

    variable: str | None = None
    file: Path | None = None

    def read(self) -> str:
        """The secret. Raises: SecretMissing."""
        if self.variable is not None:
            found = secret_in_environment(self.variable)
            where = self.variable
        else:
            where = str(self.file)
            try:
                found = self.file.read_text(encoding="utf-8").strip() if self.file else ""
            except (OSError, ValueError):
                found = ""
        if not found:
            raise SecretMissing(where)
        return found


@dataclass(frozen=True, slots=True)
class MailServer:
    """A server that takes mail from us. `security` is starttls, tls, or plain, which is for this machine's own only."""

    host: str
    port: int
    security: str
    sender: str
    user: str | None = None
    password: SecretAt | None = None
    authority: Path | None = None
    """The certificate that the server's own is signed with, where it is none of the system's."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One address."""

    channel_id: str
    address: str
    server: MailServer


@dataclass(frozen=True, slots=True)
class Bot:
    """A group's bot, or a plain webhook: `kind` is wecom, dingtalk, feishu or webhook.

    `secret` signs (DingTalk, Feishu) or is a bearer token (webhook).
    """

    channel_id: str
    kind: str
    url: SecretAt
    secret: SecretAt | None = None


Channel = Mail | Bot


def drops_repeats(channel: Channel) -> bool:
    """Whether the other side can tell a repetition by its id: mail by Message-ID, a webhook by Idempotency-Key; no group bot can."""
    return isinstance(channel, Mail) or channel.kind == "webhook"
