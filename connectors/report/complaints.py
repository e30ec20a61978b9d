"""What a code of a finding means, without the facts of one cell: for counts over many."""

from __future__ import annotations

import re
from dataclasses import dataclass

from expectations.catalogue import codes
from expectations.contract import forms

_SAYABLE = 2
"""A code with more reasons than this is told without them: a count over many cells cannot say which it was."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong and how to mend it, in Chinese; `fix` may be empty."""

    what: str
    fix: str


def plain_words(code: str) -> Complaint:
    """The words of a code with its placeholders made general; the code itself where nobody has words for it."""
    if entry := codes().get(code):
        reasons = [because["zh"] for because in entry.get("because", {}).values()]
        return Complaint(_general(entry["zh"]["what"], reasons), _general(entry["zh"]["fix"], reasons))
    form = forms().get(code.split(".", maxsplit=1)[0])
    rule = next((r for r in form.rules if r.code == code), None) if form else None
    return Complaint(rule.words_zh.what, rule.words_zh.fix) if rule else Complaint(code, "")


def _general(template: str, reasons: list[str]) -> str:
    """The template with an ellipsis for each fact, or without the clause that is nothing but the fact."""
    text = template.replace("“{heading}”中的“{value}”", "所填内容").replace("“{heading}”", "该栏")
    text = text.replace("{because}", "或".join(reasons) if 0 < len(reasons) <= _SAYABLE else "…")
    text = re.sub(r"\{[a-z_]+\}", "…", text)
    return re.sub(r"（…）|，[^，]*：…$|：…$", "", text)
