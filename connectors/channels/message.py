"""What goes out, and what comes back."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Self
from urllib.parse import quote

Outcome = Literal["delivered", "temporary", "permanent", "unanswered", "unknown"]
"""What an attempt came to. `temporary`: not delivered, another try may do; `permanent`: this message will never be taken;
`unanswered`: it was sent and nothing came back in time; `unknown`: whoever sent it died before noting the answer."""

LONGEST_ANSWER = 300
"""Characters of a server's answer that are kept: enough for its code and its sentence."""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its lines, the most important first; `more` counts the lines that were left out already."""

    heading: str
    lines: tuple[str, ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class Content:
    """What a message says, in no channel's dress. It never holds personal data."""

    title: str
    sections: tuple[Section, ...]
    foot: str = ""

    def to_json(self) -> dict[str, Any]:
        """The content as the outbox keeps it."""
        sections = [{"heading": s.heading, "lines": list(s.lines), "more": s.more} for s in self.sections]
        return {"title": self.title, "sections": sections, "foot": self.foot}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Self:
        """The content that `to_json` gave."""
        sections = (Section(s["heading"], tuple(s["lines"]), s["more"]) for s in kept["sections"])
        return cls(kept["title"], tuple(sections), kept["foot"])


@dataclass(frozen=True, slots=True)
class Message:
    """One content on its way. `message_id` is the same at every attempt; `may_repeat`: an earlier attempt may have arrived."""

    content: Content
    message_id: str
    number: int
    written_at: datetime
    may_repeat: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What an attempt came to, the server's status (`200`, `250`, empty: none) and the beginning of what it said."""

    outcome: Outcome
    status: str = ""
    said: str = ""

    def without(self, secrets: Iterable[str]) -> Answer:
        """The same on one line, cut, with every secret that the server may have repeated, as it is or escaped, blotted out."""
        said = self.said
        forms = {
            form
            for secret in secrets
            if secret
            for form in (secret, quote(secret, safe=""), secret.replace("/", "\\/"), secret.replace("+", " "))
        }
        for form in sorted(forms, key=len, reverse=True):
            said = re.sub(re.escape(form), "***", said, flags=re.IGNORECASE)
        plain = "".join(c if c.isprintable() else " " for c in said)
        return Answer(self.outcome, self.status, " ".join(plain.split())[:LONGEST_ANSWER])
