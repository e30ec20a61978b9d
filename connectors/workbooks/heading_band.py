"""The headings of a table: in one row, or in two or three with merged cells, whose levels belong together."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from connectors.workbooks.cells import Row, text_of
from expectations.contract import Form

HEADING_SEARCH_ROWS = 20
"""Titles, notes and a letterhead fit above; a heading further down belongs to another table."""

MOST_LEVELS = 3

LONGEST_HEADING = 200
"""A longer text is a note."""

ENOUGH = 0.8
"""The share of the required headings of a form that makes a table one of that form."""

FEWEST_HEADINGS = 3
"""Fewer words in a row are no second line of headings."""

_BRACKETED = re.compile(r"\(([^()]*)\)$")
_CAPTION = re.compile(r"单位:([十百千万亿]+元)")
_MARKS = re.compile(r"[\s*※★]+")


@dataclass(frozen=True, slots=True)
class Band:
    """Rows of headings, the first and the last (0-based), and by column the text, the row that it stands in, and the field that it names.

    Levels of one heading are joined by a stroke: 慰问金额/现金.
    """

    top: int
    row: int
    texts: Mapping[int, str]
    rows: Mapping[int, int]
    names: Mapping[int, str | None]

    @property
    def fields(self) -> frozenset[str]:
        """The fields that its headings name."""
        return frozenset(name for name in self.names.values() if name is not None)

    def share(self, form: Form) -> float:
        """How much of what the form requires is there, from 0 to 1."""
        required = {f.name for f in form.fields if f.is_required}
        return len(required & self.fields) / max(len(required), 1)


def half_width(text: str) -> str:
    """A heading in half width, without blanks, line breaks and stars."""
    return _MARKS.sub("", unicodedata.normalize("NFKC", text))


@cache
def plain_heading(text: str) -> str:
    """A heading as it is compared: half-width, without blanks, line breaks, stars and the unit in brackets."""
    plain = half_width(text)
    return _BRACKETED.sub("", plain) or plain


def bracketed(text: str) -> str | None:
    """What stands in brackets at the end of a heading, or of one of its levels."""
    found = (_BRACKETED.search(half_width(level)) for level in reversed(text.split("/")))
    return next((f[1] for f in found if f), None)


def known_headings(form: Form) -> Mapping[str, str]:
    """The field that each heading of the form, as it is compared, stands for."""
    return _known(tuple((f.name, f.heading, f.synonyms) for f in form.fields))


def find_band(form: Form, rows: Sequence[Row], most_levels: int = MOST_LEVELS) -> Band | None:
    """The rows with the most headings of the form, the first of several; None if no row has any."""
    known = known_headings(form)
    required = {f.name for f in form.fields if f.is_required}
    best: Band | None = None
    best_count = 0
    for levels in range(1, most_levels + 1):
        for last in range(levels - 1, min(len(rows), HEADING_SEARCH_ROWS)):
            if levels == 1 and _count(known, rows[last]) <= best_count:
                continue
            band = _band(known, rows, last, levels)
            if len(band.fields) > best_count:
                best, best_count = band, len(band.fields)
        if best and required <= best.fields:
            break
    return best


def headings_anywhere(form: Form, rows: Sequence[Row]) -> tuple[frozenset[str], int]:
    """The fields whose headings stand anywhere near the top of a sheet, and in how many rows."""
    known = known_headings(form)
    found = [
        {name for v in row if isinstance(v, str) and len(v) < LONGEST_HEADING and (name := known.get(_label(v)))}
        for row in rows[: 3 * HEADING_SEARCH_ROWS]
    ]
    return frozenset().union(*found), sum(1 for names in found if names)


def headings_again(rows: Sequence[Row], heading_row: int, columns: Iterable[int]) -> int | None:
    """The row (0-based) below the headings that repeats them, where another table begins; None if there is none."""
    said = rows[heading_row]
    texts = {said[c] for c in columns if c < len(said) and isinstance(said[c], str) and said[c]}
    if len(texts) < FEWEST_HEADINGS:
        return None
    return next(
        (
            number
            for number in range(heading_row + 1, len(rows))
            if len(texts.intersection(v for v in rows[number] if type(v) is str)) >= ENOUGH * len(texts)
        ),
        None,
    )


def scaled_caption(rows: Iterable[Row]) -> str | None:
    """The unit, such as 万元, that a text above the headings (金额单位：万元) gives for all amounts."""
    texts = (half_width(v) for row in rows for v in row if isinstance(v, str) and "单" in v)
    return next((found[1] for text in texts if (found := _CAPTION.search(text))), None)


@cache
def _known(headings: tuple[tuple[str, str, tuple[str, ...]], ...]) -> Mapping[str, str]:
    return {plain_heading(text): name for name, heading, synonyms in headings for text in (heading, *synonyms)}


def _band(known: Mapping[str, str], rows: Sequence[Row], last: int, levels: int) -> Band:
    if levels == 1:
        texts = {column: text for column, value in enumerate(rows[last]) if (text := _heading(value))}
        names = {column: known.get(plain_heading(text)) for column, text in texts.items()}
        return Band(last, last, texts, dict.fromkeys(texts, last), names)
    stacks = dict(sorted(_stacks(rows, last, levels).items()))
    joined = {column: "/".join(text for _, text in stack) for column, stack in stacks.items()}
    names = {column: _name(known, [text for _, text in stack]) for column, stack in stacks.items()}
    return Band(last - levels + 1, last, joined, {column: stack[-1][0] for column, stack in stacks.items()}, names)


def _count(known: Mapping[str, str], row: Row) -> int:
    """How many fields a row names: what most rows are asked, and answered sooner than by a band."""
    return len({name for v in row if type(v) is str and (name := known.get(plain_heading(v)))})


def _name(known: Mapping[str, str], levels: Sequence[str]) -> str | None:
    """The field that a heading of several levels names: by all of them together, or else by the lowest."""
    plain = [plain_heading(level) for level in levels]
    return known.get("".join(plain)) or known.get("/".join(plain)) or known.get(plain[-1])


def _stacks(rows: Sequence[Row], last: int, levels: int) -> dict[int, list[tuple[int, str]]]:
    """By column the levels of its heading with their rows, from above; a heading over several columns counts for each of them."""
    stacks: dict[int, list[tuple[int, str]]] = {}
    below: frozenset[int] = frozenset()
    for row in range(last, last - levels, -1):
        typed = {column: text for column, value in enumerate(rows[row]) if (text := _heading(value))}
        spread = dict(typed)
        for column in sorted(below - typed.keys()):
            # Blank over a heading: it goes on from the left, if what stands there has headings below it too.
            if (left := column - 1) in spread and left in below:
                spread[column] = spread[left]
        for column, text in spread.items():
            stacks.setdefault(column, []).insert(0, (row, text))
        below = frozenset(stacks)
    return stacks


def _heading(value: object) -> str | None:
    text = text_of(value)
    return text if text and len(text) < LONGEST_HEADING else None


def _label(text: str) -> str:
    return plain_heading(text).rstrip(":")
