"""Texts on their way into XML: only characters that XML and Excel know, and never more of them than a cell holds."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

LONGEST_CELL = 32_000
"""Excel keeps 32 767 characters of a cell."""

_UNKNOWN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Excel reads _x0041_ in a string as the character with that number.
_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


def plain(text: str) -> str:
    """The text without what XML cannot hold, cut to what a cell holds."""
    return _UNKNOWN.sub("\ufffd", text)[:LONGEST_CELL]


def xml_text(text: str) -> bytes:
    """The text as it stands between two tags of a string."""
    return escape(_ESCAPED.sub("_x005F_", plain(text))).encode()


def xml_attribute(text: str) -> bytes:
    """The text as it stands between the double quotes of an attribute."""
    return escape(plain(text), {'"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}).encode()
