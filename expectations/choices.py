"""Codes as people type them: a choice of the form by its label, or the key of a register."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from difflib import SequenceMatcher
from functools import cache

from expectations.complaint import Complaint, UnreadableError, info
from expectations.contract import Field
from expectations.variants import ZEROS, simplified

YES = frozenset(("是", "√", "✓", "✔", "☑", "y", "yes", "true", "1", "有", "对"))
"""What people type for yes, folded."""

NO = frozenset(("否", "×", "✗", "✘", "☒", "x", "n", "no", "false", "0", "无", "不是", "没有"))
"""What people type for no, folded."""

_NUMBERING = re.compile(r"^[(]?(?:[0-9]{1,2}[).、:]?|[一二三四五六七八九十]{1,2}[).、:])\s*")
_QUOTES = "\"'“”‘’「」『』《》【】"
_ENDS = _QUOTES + "。.,;、 "
_KEY_LIKE = re.compile(r"[A-Z]+[0-9〇○◯]+")
_SEPARATORS = re.compile(r"[、,;/+和及与\s]+")


def read_choice(field: Field, text: str) -> tuple[str, tuple[Complaint, ...]]:
    """The code of the choice that a text (NFKC, without marks) names by label, code or synonym, and what was repaired.

    Raises: UnreadableError with the three nearest labels if it names none; nothing is chosen by nearness.
    """
    known = _codes_by_words(field)
    if text in labels(field):
        return labels(field)[text], ()
    bare = text.strip(_ENDS)
    for candidate in (bare, _NUMBERING.sub("", bare).strip(_ENDS)):
        if code := known.get(_folded(candidate)):
            return code, (info("value.repaired", became=_label(field, code)),)
    pieces = [piece for piece in _SEPARATORS.split(bare) if piece]
    if len(pieces) > 1 and any(_folded(piece) in known for piece in pieces):
        raise UnreadableError("value.several_values")
    raise UnreadableError("value.unknown_code", suggestions="、".join(_nearest(field, bare)))


def read_register_key(text: str) -> str:
    """The key of a register in the spelling of registers: upper case, no spaces, no quotes. Whether it is known is for the judge."""
    key = unicodedata.normalize("NFKC", re.sub(r"\s+", "", text).strip(_QUOTES).upper())
    return key.translate(ZEROS) if _KEY_LIKE.fullmatch(key) else key


@cache
def labels(field: Field) -> Mapping[str, str]:
    """The code of each choice by its Chinese label and by itself, exactly as they are written."""
    return {**{c.code: c.code for c in field.choices}, **{c.label_zh: c.code for c in field.choices}}


@cache
def _codes_by_words(field: Field) -> Mapping[str, str]:
    words: dict[str, str] = {}
    for choice in field.choices:
        for word in (choice.code, choice.label_zh, choice.label_en, *choice.synonyms):
            words.setdefault(_folded(word), choice.code)
    if field.heading.startswith("是否"):
        # The first choice says yes, the second no.
        for said, choice in zip((YES, NO), field.choices, strict=True):
            for word in said:
                words.setdefault(word, choice.code)
    return words


def _label(field: Field, code: str) -> str:
    return next(c.label_zh for c in field.choices if c.code == code)


def _nearest(field: Field, text: str) -> list[str]:
    def likeness(label: str) -> float:
        return SequenceMatcher(None, text, label).ratio()

    return sorted((c.label_zh for c in field.choices), key=likeness, reverse=True)[:3]


def _folded(text: str) -> str:
    return simplified(re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))).casefold()
