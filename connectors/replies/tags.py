"""The tags of an XML part by their places in its bytes, so that a part can be changed here and there and stay itself elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from xml.parsers import expat
from xml.sax.saxutils import unescape

from connectors.replies.refusal import CannotAnnotateError

# Possessive, so that an open quote costs one look and not many. What stands in comments and CDATA is no tag.
_TAG = re.compile(
    rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|<(/?)(?:([\w.-]+):)?([\w.-]+)(?:[^<>\"']|\"[^\"]*\"|'[^']*')*+>",
    re.DOTALL,
)
_ENCODING = re.compile(rb"<\?xml[^>]*\bencoding=[\"']([\w.-]+)[\"']")


class Tag(NamedTuple):
    """One tag: where it starts and ends, its prefix and local name, and whether it closes an element or is an empty one."""

    start: int
    end: int
    prefix: bytes
    name: bytes
    is_close: bool
    is_empty: bool

    def of(self, xml: bytes) -> bytes:
        """The tag as it stands."""
        return xml[self.start : self.end]


class Edit(NamedTuple):
    """Bytes from `start` to `end` that give way to `new`."""

    start: int
    end: int
    new: bytes


def check_xml(xml: bytes) -> None:
    """Raises: CannotAnnotateError unless the part is well-formed UTF-8 XML."""
    encoding = _ENCODING.match(xml.removeprefix(b"\xef\xbb\xbf"))
    if encoding and encoding[1].lower() not in (b"utf-8", b"us-ascii"):
        raise CannotAnnotateError("文件内部的编码不是 UTF-8", "a part is not UTF-8")
    try:
        expat.ParserCreate().Parse(xml, True)
    except expat.ExpatError as error:
        raise CannotAnnotateError("文件内部的 XML 不规范", "a part is not well-formed") from error


def tags(xml: bytes) -> Iterator[Tag]:
    """Every tag of a part that `check_xml` found sound, in order."""
    for found in _TAG.finditer(xml):
        if found[3] is not None:
            yield Tag(
                found.start(), found.end(), found[2] or b"", found[3], bool(found[1]), xml[found.end() - 2] == ord("/")
            )


def attribute(tag: bytes, name: bytes) -> bytes | None:
    """The value of an attribute as it stands, without unescaping; prefixed attributes by their whole name."""
    found = re.search(rb"\s" + re.escape(name) + rb"\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", tag)
    return None if found is None else found[1] if found[1] is not None else found[2]


def with_attribute(tag: bytes, name: bytes, value: bytes | None) -> bytes:
    """The tag with an attribute set, or taken away where `value` is None."""
    bare = re.sub(rb"\s+" + re.escape(name) + rb"\s*=\s*(?:\"[^\"]*\"|'[^']*')", b"", tag)
    if value is None:
        return bare
    end = len(bare) - (2 if bare.endswith(b"/>") else 1)
    return bare[:end].rstrip() + b" " + name + b'="' + value + b'"' + bare[end:]


def edited(xml: bytes, edits: Iterable[Edit]) -> bytes:
    """The part with these edits made; they do not overlap, and those at one place come in the given order."""
    pieces: list[bytes] = []
    at = 0
    for edit in sorted(edits, key=lambda e: (e.start, e.end)):
        pieces += [xml[at : edit.start], edit.new]
        at = edit.end
    return b"".join([*pieces, xml[at:]])


def appended(xml: bytes, element: bytes) -> bytes:
    """The part with an element more at the end of its root. Raises: CannotAnnotateError where the root is an empty element."""
    *_, last = tags(xml)
    if not last.is_close:
        raise CannotAnnotateError("文件的目录是空的", "a directory of the package is empty")
    return edited(xml, [Edit(last.start, last.start, element)])


def root_prefix(xml: bytes) -> bytes:
    """The prefix of the root element with its colon, which new elements of the part have to bear; empty where there is none."""
    prefix = next(tags(xml)).prefix
    return prefix + b":" if prefix else b""


def unescaped(value: bytes) -> str:
    """The value of an attribute as text."""
    return unescape(value.decode("utf-8", "replace"), {"&quot;": '"', "&apos;": "'"})
