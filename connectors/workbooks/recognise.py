"""Which form a workbook is, and which of its columns is which field."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from xml.etree import ElementTree

from connectors.workbooks.cells import Cells, Row, text_of
from connectors.workbooks.heading_band import (
    ENOUGH,
    MOST_LEVELS,
    Band,
    bracketed,
    find_band,
    headings_anywhere,
    plain_heading,
    scaled_caption,
)
from connectors.workbooks.layout import HELP_SHEET, LISTS_SHEET, META_SHEET, PROBLEM_SHEET, column_letters
from connectors.workbooks.package import Package, custom_properties
from connectors.workbooks.reading import Reading
from expectations.amounts import MULTIPLIERS, heading_times
from expectations.contract import Field, Form, forms
from expectations.editions import in_edition
from expectations.finding import Severity
from expectations.periods import Period, PeriodError, parse_period
from expectations.personal_numbers import without_personal_numbers

SERIAL_HEADINGS = frozenset(("序号", "编号", "行号", "行次"))

_SCALED_UNIT = re.compile(r"(?:单位[::]?)?[十百千万亿]+元?")


@dataclass(slots=True)
class Headings:
    """Where the headings stand (0-based row) and the 0-based column of each field; `serial` is the column of running numbers.

    `scales` are the fields whose heading says 万元 where the form wants 元, with what their numbers are to be multiplied by (万).
    """

    row: int
    columns: dict[str, int] = dataclass_field(default_factory=dict)
    serial: int | None = None
    scales: dict[str, str] = dataclass_field(default_factory=dict)


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
    """The form, as the workbook's edition had it, and the period that it is for; what is wrong about them goes into the reading.

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
    # What stands where a code belongs may be a person's number, and becomes part of the ledger.
    said = {name: without_personal_numbers(identity.get(name, "")) for name in ("edition", "unit", "period")}
    reading.form_id, reading.edition = form.form_id, said["edition"]
    reading.unit_id, reading.period = said["unit"], said["period"]
    if (hint := identity.get("form_hint", form.form_id)) != form.form_id:
        reading.complain("form.identity_differs", Severity.CRITICAL, form=form.form_id, other=hint[:50])
    as_then = in_edition(form, reading.edition)
    if as_then is None:
        reading.complain("form.wrong_edition", Severity.CRITICAL, edition=reading.edition, expected=form.edition)
    elif as_then is not form:
        reading.complain("form.earlier_edition", Severity.INFO, edition=reading.edition, expected=form.edition)
    form = as_then or form
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
    others = [name for name in cells.visible if name not in (HELP_SHEET, META_SHEET, LISTS_SHEET, PROBLEM_SHEET)]
    return others[0] if len(others) == 1 else None


def find_headings(reading: Reading, form: Form, rows: Sequence[Row]) -> Headings | None:
    """The headings of the form, with every complaint about them; None if there is no row of them."""
    band = find_band(form, rows)
    if band is None or band.share(form) < ENOUGH:
        named, in_rows = headings_anywhere(form, rows)
        required = {f.name for f in form.fields if f.is_required}
        if in_rows > MOST_LEVELS and len(named & required) >= ENOUGH * len(required):
            reading.complain("form.layout_unread", Severity.CRITICAL)
            return None
    if band is None:
        for lacking in form.fields:
            if lacking.is_required:
                _complain_missing(reading, lacking, None, None, None)
        return None
    if any(f.kind == "money" for f in form.fields) and (unit := scaled_caption(rows[: band.top])):
        # It may be true of all columns, of some, or of none any more.
        reading.complain("form.caption_unit", Severity.CRITICAL, unit=unit)
    headings = Headings(band.row)
    _map_columns(reading, form, band, headings)
    return headings


def _map_columns(reading: Reading, form: Form, band: Band, headings: Headings) -> None:
    line = headings.row + 1
    counts = Counter(band.names.values())
    missing = [f for f in form.fields if f.is_required and f.name not in band.fields]
    instead = _in_their_place(form, band, missing)
    for column, text in band.texts.items():
        name, cell = band.names[column], f"{column_letters(column)}{band.rows[column] + 1}"
        if name is None:
            if plain_heading(text) in SERIAL_HEADINGS and headings.serial is None:
                headings.serial = column
            elif column not in instead.values():
                reading.complain(
                    "form.heading_extra", Severity.WARNING, cell=cell, row_number=line, value=text, heading=text[:50]
                )
            continue
        said: dict[str, str] = {"cell": cell, "field": name, "value": text}
        heading, wanted = form.field(name).heading, form.field(name).unit_zh
        if counts[name] > 1:
            reading.complain("form.heading_twice", Severity.CRITICAL, row_number=line, heading=heading, **said)
        unit = bracketed(text)
        if unit and (times := heading_times(unit, wanted)):
            headings.scales[name] = times
            reading.complain(
                "form.heading_scaled",
                Severity.INFO,
                row_number=line,
                heading=heading,
                unit=unit,
                times=str(MULTIPLIERS[times]),
                **said,
            )
        elif unit and wanted and _SCALED_UNIT.fullmatch(unit):
            # Ten thousand times too much or too little: never multiplied on a guess.
            reading.complain(
                "form.heading_unit",
                Severity.CRITICAL,
                row_number=line,
                heading=heading,
                unit=unit,
                expected=wanted,
                **said,
            )
        headings.columns.setdefault(name, column)
    for lacking in missing:
        if (place := instead.get(lacking.name)) is None:
            _complain_missing(reading, lacking, line, None, None)
        else:
            address = f"{column_letters(place)}{band.rows[place] + 1}"
            _complain_missing(reading, lacking, line, address, band.texts[place])


def _in_their_place(form: Form, band: Band, missing: Sequence[Field]) -> dict[str, int]:
    """The columns with unknown headings that stand where missing ones belong: one wrong heading is one finding, and no guess is made."""
    places = {name: column for column, name in band.names.items() if name is not None}
    order = [f.name for f in form.fields]
    found: dict[str, int] = {}
    for field in missing:
        place = order.index(field.name)
        before = places.get(order[place - 1]) if place else None
        after = places.get(order[place + 1]) if place + 1 < len(order) else None
        column = before + 1 if before is not None else after - 1 if after is not None else -1
        if (
            column in band.texts
            and band.names[column] is None
            and plain_heading(band.texts[column]) not in SERIAL_HEADINGS
        ):
            found[field.name] = column
            places[field.name] = column
    return found


def _complain_missing(reading: Reading, field: Field, line: int | None, cell: str | None, value: str | None) -> None:
    reading.complain(
        "form.heading_missing",
        Severity.CRITICAL,
        cell=cell,
        row_number=line,
        field=field.name,
        value=value,
        heading=field.heading,
    )
