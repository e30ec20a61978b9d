"""Marks that nobody typed on purpose: what is taken out of a text before it is read, and what cannot be kept at all."""

from __future__ import annotations

import re

from expectations.complaint import UnreadableError

LONGEST_CELL = 32_767
"""Excel holds no longer text in a cell; whatever is longer was not typed by a person."""

CELL_ERRORS = frozenset(
    (
        "#N/A",
        "#REF!",
        "#DIV/0!",
        "#VALUE!",
        "#NAME?",
        "#NUM!",
        "#NULL!",
        "#GETTING_DATA",
        "#SPILL!",
        "#CALC!",
        "#FIELD!",
        "#BLOCKED!",
    )
)
"""What Excel and WPS show where a formula failed."""

PLACEHOLDERS = frozenset(("-", "--", "---", "/", "//", "\\"))
"""What people type into a cell that has nothing to say, once all dashes are written alike."""

DITTO_MARKS = frozenset(("同上", "同前", "〃", '"', "''", "″", "↑", "...", "……", "…", "······"))
"""What people type for "as above"; it is never stored, and nothing is filled down."""

DITTO_WORDS = r"^[(（]?同(?:上|前|左|上行|上一行)[)）]?[。.]?$"
"""The same in words, as one pattern for single cells and for whole columns."""

DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−﹣－﹘ー", "-"))
"""Every sign that people use as a minus or a dash; NFKC leaves most of them alone, U+2212 among them."""

# Zero-width, joining and direction marks, the byte order mark, the soft hyphen, and control characters other than tab and line breaks.
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe0e\ufe0f\ufeff\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"
    "|_x000[Dd]_"
)
# Postgres cannot hold these; the replacement character says that letters were lost before the text came to us.
_UNKEEPABLE = re.compile("[\x00\ud800-\udfff\ufffd]|_x[Dd][89A-Fa-f][0-9A-Fa-f]{2}_|_x0000_|锟斤拷")
NEEDS_CARE = r"锟斤拷|_x[0-9A-Fa-f]{4}_"
"""What looks like plain letters and is not: letters lost on the way, and characters that a program wrote by their number."""

_DITTO = re.compile(rf"{DITTO_WORDS}|[\"'“”‘’〃〞″↑.…·。]+")
_LINE_BREAKS = re.compile(r"\s*[\r\n\t\u2028\u2029]\s*")
_NAME_WITH_SPACES = re.compile(r"[\u3400-\u9fff\U00020000-\U000323af](?:\s*[\u3400-\u9fff\U00020000-\U000323af]){1,3}")


def strip_marks(text: str) -> str:
    """The text without invisible marks, line breaks and blanks around it.

    Raises: UnreadableError if it is longer than a cell or has characters that cannot be kept.
    """
    if len(text) > LONGEST_CELL:
        raise UnreadableError("value.too_long", max_length=str(LONGEST_CELL))
    if _UNKEEPABLE.search(text):
        raise UnreadableError("value.unreadable_characters")
    return _LINE_BREAKS.sub(_join_lines, _INVISIBLE.sub("", text)).strip()


def is_ditto(text: str) -> bool:
    """Whether a text is nothing but a mark or a word for "as above"."""
    return text in DITTO_MARKS or _DITTO.fullmatch(text) is not None


def without_apostrophe(text: str) -> str:
    """A text without the apostrophe that says "this is text" in front of it; one of a pair of quotes stays."""
    return text[1:].lstrip() if text[0] == "'" and text.count("'") == 1 and len(text) > 1 else text


def join_name(text: str) -> str:
    """A Chinese name of two to four characters without the spaces that people put in to align it, and with one kind of middle dot."""
    if _NAME_WITH_SPACES.fullmatch(text):
        text = re.sub(r"\s+", "", text)
    # The dot in names of other nationalities: one character among five that look alike.
    return re.sub(r"(?<=[^\W\d_a-zA-Z])\s*[·.•・‧∙．]\s*(?=[^\W\d_a-zA-Z])", "·", text)


def _join_lines(found: re.Match[str]) -> str:
    # Words of an alphabet need a space where the line broke; Chinese does not.
    before, after = found.string[: found.start()][-1:], found.string[found.end() :][:1]
    return " " if before.isascii() and before.isalnum() and after.isascii() and after.isalnum() else ""
