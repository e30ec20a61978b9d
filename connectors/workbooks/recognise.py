"""Which form a workbook is, and which of its columns is which field."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from functools import cache
from xml.etree import ElementTree

from connectors.workbooks.cells import Cells, Row, text_of
from connectors.workbooks.layout import HELP_SHEET, LISTS_SHEET, META_SHEET, column_letters
from connectors.workbooks.package import Package, custom_properties
from connectors.workbooks.reading import Reading
from expectations.contract import Field, Form, forms
from expectations.finding import Severity
from expectations.periods import Period, PeriodError, parse_period

HEADING_SEARCH_ROWS = 20
"""Titles, notes and a letterhead fit above; a heading further down belongs to another table."""

SERIAL_HEADINGS = frozenset(("序号", "编号", "行号", "行次"))

_BRACKETED = re.compile(r"\(([^()]*)\)$")
_SCALED_UNIT = re.compile(r"(?:单位[::]?)?[十百千万亿]+元?")
_MARKS = re.compile(r"[\s*※★]+")


@dataclass(slots=True)
class Headings:
    """Where the headings stand (0-based row) and the 0-based column of each field; `serial` is the column of running numbers."""

    row: int
    columns: dict[str, int] = dataclass_field(default_factory=dict)
    serial: int | None = None


def read_identity(cells: Cells, package: Package) -> dict[str, str]:
    """What the workbook says it is: the keys of its `_meta` sheet, or else its custom document properties.

    Where both name a form, `form_hint` is what the properties say: deliveries were put in order by it.
    """
    found: dict[str, str] = {}
    try:
        properties = custom_properties(package.custom_xml)
    except ElementTree.ParseError:
        properties = {}
    if META_SHEET in cells.names:
        for row in cells.rows(META_SHEET):
            key, value = (text_of(v) for v in (*row, None, None)[:2])
            if key and value:
                found.setdefault(key.strip(), value.strip())
    if not found.get("form"):
        return properties
    return found | {"form_hint": properties.get("form", found["form"])}


def recognise(reading: Reading, identity: Mapping[str, str]) -> tuple[Form, Period | None] | None:
    """The form and the period that the workbook is for, written into its reading with what is wrong about them.

    None, with the reading marked unrecognised, if it is no form of ours.
    """
    form = forms().get(identity.get("form", ""))
    if form is None:
        reading.status = "unrecognised"
        if named := identity.get("form"):
            reading.complain("form.unknown_form", Severity.CRITICAL, form=named[:50])
        else:
            reading.complain("form.unrecognised", Severity.CRITICAL)
        return None
    reading.form_id, reading.edition = form.form_id, identity.get("edition", "")
    reading.unit_id, reading.period = identity.get("unit", ""), identity.get("period", "")
    if (hint := identity.get("form_hint", form.form_id)) != form.form_id:
        reading.complain("form.identity_differs", Severity.CRITICAL, form=form.form_id, other=hint[:50])
    if reading.edition != form.edition:
        reading.complain("form.wrong_edition", Severity.CRITICAL, edition=reading.edition, expected=form.edition)
    try:
        period = parse_period(reading.period)
    except PeriodError:
        period = None
    if period is None or period.kind != form.frequency:
        reading.complain("form.period_invalid", Severity.CRITICAL, period=reading.period)
        return form, None
    reading.period = period.id
    return form, period


def choose_sheet(form: Form, cells: Cells) -> str | None:
    """The sheet that holds the rows: the one with the form's name, or the only other sheet that people see."""
    if form.sheet in cells.names:
        return form.sheet
    others = [name for name in cells.visible if name not in (HELP_SHEET, META_SHEET, LISTS_SHEET)]
    return others[0] if len(others) == 1 else None


def find_headings(reading: Reading, form: Form, rows: Sequence[Row]) -> Headings | None:
    """The row with the most headings of the form, with every complaint about them; None if no row has any."""
    known = _known_headings(form)
    best, best_count = -1, 0
    for number, row in enumerate(rows[:HEADING_SEARCH_ROWS]):
        count = len({known[h] for v in row if isinstance(v, str) and (h := plain_heading(v)) in known})
        if count > best_count:
            best, best_count = number, count
    if best < 0:
        for lacking in form.fields:
            if lacking.is_required:
                _complain_missing(reading, lacking, None)
        return None
    headings = Headings(best)
    _map_columns(reading, form, rows[best], headings)
    return headings


@cache
def plain_heading(text: str) -> str:
    """A heading as it is compared: half-width, without blanks, line breaks, stars and the unit in brackets."""
    plain = _MARKS.sub("", unicodedata.normalize("NFKC", text))
    return _BRACKETED.sub("", plain) or plain


@cache
def _known(form_id: str, edition: str) -> dict[str, str]:
    return {plain_heading(text): f.name for f in forms()[form_id].fields for text in (f.heading, *f.synonyms)}


def _known_headings(form: Form) -> dict[str, str]:
    return _known(form.form_id, form.edition)


def _map_columns(reading: Reading, form: Form, row: Row, headings: Headings) -> None:
    known, line = _known_headings(form), headings.row + 1
    typed = {column: text for column, value in enumerate(row) if (text := text_of(value))}
    names = {column: known.get(plain_heading(text)) for column, text in typed.items()}
    counts = Counter(names.values())
    for column, text in typed.items():
        name, cell = names[column], f"{column_letters(column)}{line}"
        if name is None:
            if plain_heading(text) in SERIAL_HEADINGS and headings.serial is None:
                headings.serial = column
            else:
                reading.complain(
                    "form.heading_extra", Severity.WARNING, cell=cell, row_number=line, value=text, heading=text[:50]
                )
            continue
        said: dict[str, str] = {"cell": cell, "field": name, "value": text}
        heading, wanted = form.field(name).heading, form.field(name).unit_zh
        if counts[name] > 1:
            reading.complain("form.heading_twice", Severity.CRITICAL, row_number=line, heading=heading, **said)
        unit = _BRACKETED.search(_MARKS.sub("", unicodedata.normalize("NFKC", text)))
        if unit and wanted and _SCALED_UNIT.fullmatch(unit[1]):
            # Ten thousand times too much or too little: never multiplied on a guess.
            reading.complain(
                "form.heading_unit",
                Severity.CRITICAL,
                row_number=line,
                heading=heading,
                unit=unit[1],
                expected=wanted,
                **said,
            )
        headings.columns.setdefault(name, column)
    for lacking in form.fields:
        if lacking.is_required and lacking.name not in headings.columns:
            _complain_missing(reading, lacking, line)


def _complain_missing(reading: Reading, field: Field, line: int | None) -> None:
    reading.complain(
        "form.heading_missing", Severity.CRITICAL, row_number=line, field=field.name, heading=field.heading
    )
