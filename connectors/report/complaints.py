"""What a code of a finding means, without the facts of one cell: for counts over many."""

from __future__ import annotations

from expectations.contract import Words, forms


def plain_words(code: str) -> Words:
    """What is wrong and how to mend it, in Chinese; the code itself where nobody has words for it."""
    form_id = code.split(".")[0]
    if form_id in forms():
        for rule in forms()[form_id].rules:
            if rule.code == code:
                return rule.words_zh
    return Words(code, "")
