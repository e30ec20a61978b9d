"""The cell styles of a workbook, with ours added: each mark is the cell's own style with another fill, so its format stays."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from connectors.replies.refusal import CannotAnnotateError
from connectors.replies.tags import Edit, attribute, check_xml, edited, tags, with_attribute
from expectations.finding import Severity

COLOURS = {Severity.CRITICAL: b"FFFFC7CD", Severity.ERROR: b"FFFFC7CD", Severity.WARNING: b"FFFFEB9B"}
"""Pale red where a cell must change, pale yellow where it is to be checked. One shade beside Excel's own, so that
our colour is known again when the workbook comes back."""

MOST_STYLES = 60_000
"""Excel knows 64 000 in a workbook."""

_COLOUR = re.compile(rb"fgColor\s+rgb=[\"'](\w{8})")
_COUNTED = (b"fonts", b"fills", b"borders", b"cellXfs")


@dataclass(slots=True)
class _Collection:
    """One of the lists of a style sheet: the places of its elements, and what is added at its end."""

    start: int = -1
    head_end: int = -1
    end: int = -1
    spans: list[tuple[int, int]] = field(default_factory=list)
    added: list[bytes] = field(default_factory=list)


class StyleSheet:
    """`xl/styles.xml`, to which styles are added. Raises: CannotAnnotateError where it is not as Excel writes it."""

    def __init__(self, xml: bytes) -> None:
        check_xml(xml)
        self._xml = xml
        self._lists = {name: _Collection() for name in _COUNTED}
        self._prefix = b""
        self._marked: dict[tuple[int, bytes], int] = {}
        self._scan()
        if any(found.end < 0 or not found.spans for found in self._lists.values()):
            raise CannotAnnotateError("单元格样式表不完整", "the style sheet lacks a list of styles")
        coloured = {
            number: colour[1]
            for number, (start, end) in enumerate(self._lists[b"fills"].spans)
            if (colour := _COLOUR.search(xml[start:end])) and colour[1] in COLOURS.values()
        }
        self._fills = {colour: number for number, colour in coloured.items()}
        self.marks_of_old = frozenset(
            number
            for number, (start, end) in enumerate(self._lists[b"cellXfs"].spans)
            if coloured and int(attribute(_head(xml[start:end]), b"fillId") or 0) in coloured
        )
        """Styles that a former answer of ours gave to cells."""

    def marked(self, style: int, severity: Severity) -> int:
        """The number of a style with the colour of that severity."""
        colour = COLOURS[severity]
        if colour not in self._fills:
            body = (
                b'<patternFill patternType="solid"><fgColor rgb="'
                + colour
                + b'"/><bgColor indexed="64"/></patternFill>'
            )
            self._fills[colour] = self.add(b"fills", b"<fill>" + body + b"</fill>")
        return self._filled(style, self._fills[colour], b"1")

    def unmarked(self, style: int) -> int:
        """The number of a style without the colour that we gave it; what stood there before is not known."""
        return self._filled(style, 0, None)

    def add(self, name: bytes, element: bytes) -> int:
        """Add an element (written without a prefix) to the list of that name; gives its number."""
        if self._prefix:
            element = re.sub(rb"<(/?)(?=\w)", rb"<\1" + self._tag(b""), element)
        return self._append(name, element)

    def render(self) -> bytes:
        """The part with what was added."""
        edits: list[Edit] = []
        for found in self._lists.values():
            if found.added:
                head = self._xml[found.start : found.head_end]
                count = str(len(found.spans) + len(found.added)).encode()
                edits += [
                    Edit(found.start, found.head_end, with_attribute(head, b"count", count)),
                    Edit(found.end, found.end, b"".join(found.added)),
                ]
        return edited(self._xml, edits)

    def _filled(self, style: int, fill: int, applies: bytes | None) -> int:
        spans = self._lists[b"cellXfs"].spans
        if style >= len(spans):
            raise CannotAnnotateError("单元格样式编号有误", "a cell has a style that is not there")
        key = (style, str(fill).encode())
        if key not in self._marked:
            start, end = spans[style]
            element = self._xml[start:end]
            head = _head(element)
            new = with_attribute(with_attribute(head, b"fillId", key[1]), b"applyFill", applies)
            self._marked[key] = self._append(b"cellXfs", new + element[len(head) :])
        return self._marked[key]

    def _append(self, name: bytes, element: bytes) -> int:
        found = self._lists[name]
        found.added.append(element)
        if len(found.spans) + len(found.added) > MOST_STYLES:
            raise CannotAnnotateError("单元格样式太多", "there are too many styles")
        return len(found.spans) + len(found.added) - 1

    def _tag(self, name: bytes) -> bytes:
        return (self._prefix + b":" if self._prefix else b"") + name

    def _scan(self) -> None:
        depth, current, opened = 0, None, -1
        for tag in tags(self._xml):
            if tag.is_close:
                depth -= 1
                if depth == 2 and current is not None:
                    current.spans.append((opened, tag.end))
                elif depth == 1 and current is not None:
                    current.end, current = tag.start, None
                continue
            if depth == 0:
                self._prefix = tag.prefix
            elif depth == 1 and tag.name in self._lists and not tag.is_empty:
                current = self._lists[tag.name]
                current.start, current.head_end = tag.start, tag.end
            elif depth == 2 and current is not None:
                opened = tag.start
                if tag.is_empty:
                    current.spans.append((tag.start, tag.end))
            depth += not tag.is_empty


def _head(element: bytes) -> bytes:
    return next(tags(element)).of(element)
