"""A workbook that does not say which form it is: known by its headings, or refused with what is in doubt. Nothing is guessed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.workbooks.cells import Cells, Row
from connectors.workbooks.heading_band import ENOUGH, MOST_LEVELS, Band, find_band, headings_anywhere
from connectors.workbooks.layout import OUR_SHEETS
from connectors.workbooks.reading import Reading
from connectors.workbooks.recognise import choose_sheet
from connectors.workbooks.said_identity import SaidIdentity, said_identity
from connectors.workbooks.several_answers import SheetAnswer, answer_of, complain_of_several
from expectations.contract import Form, forms
from expectations.editions import readable_editions
from expectations.finding import Severity
from expectations.periods import Period

NEARLY = 0.5
"""The share of the required headings from which it is worth saying which form it may be, and what is missing."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How well the headings of a sheet are those of a form: the share of what the form requires, and of the headings that it explains."""

    form: Form
    band: Band
    share: float
    explained: float

    def beats(self, other: Fit) -> bool:
        """Whether it fits better in one way and worse in none."""
        mine, others = (self.share, self.explained), (other.share, other.explained)
        return mine != others and all(a >= b for a, b in zip(mine, others, strict=True))


def fits_of(rows: Sequence[Row], candidates: Sequence[Form]) -> list[Fit]:
    """How each of these forms fits a sheet on which any of its headings stands in a row, the best first."""
    # Headings of several levels are asked for where those of one do not name a form in full.
    fits = _fits(rows, candidates, most_levels=1)
    return fits if fits and fits[0].share == 1 else _fits(rows, candidates, MOST_LEVELS)


def _fits(rows: Sequence[Row], candidates: Sequence[Form], most_levels: int) -> list[Fit]:
    fits = []
    for form in candidates:
        if (band := find_band(form, rows, most_levels)) is not None:
            named = sum(name is not None for name in band.names.values())
            fits.append(Fit(form, band, band.share(form), named / len(band.names)))
    return sorted(fits, key=lambda fit: (-fit.share, -fit.explained))


def table_sheet(reading: Reading, form: Form, cells: Cells) -> str | None:
    """The sheet that holds the rows of a workbook of that form; None, with the reason in its reading, if it is in doubt which.

    Further sheets that people filled in are told: nothing on them was read.
    """
    chosen = choose_sheet(form, cells)
    others = {name: cells.rows(name) for name in cells.visible if name not in OUR_SHEETS and name != chosen}
    filled = {name: rows for name, rows in others.items() if any(v != "" for row in rows for v in row)}
    alike = {name: answer for name, rows in filled.items() if (answer := _table_of(form, name, rows))}
    if chosen is not None:
        # A filled table of another form is an answer too, and would be lost.
        alike |= {
            name: answer
            for name, rows in filled.items()
            if name not in alike
            and (other := table_of_another(form, rows))
            and (answer := _table_of(other, name, rows))
        }
        mine = {chosen: SheetAnswer(form, reading.unit_id or "", reading.period or "")}
        alike = mine | alike if alike else {}
    if len(alike) > 1:
        complain_of_several(reading, {name: alike[name] for name in cells.visible if name in alike})
        return None
    if chosen is None:
        reading.complain("form.sheet_missing", Severity.CRITICAL, expected=form.sheet)
    elif filled:
        reading.complain("form.sheets_unread", Severity.INFO, sheets="、".join(filled))
    return chosen


def table_of_another(form: Form, rows: Sequence[Row]) -> Form | None:
    """The form whose table stands on a sheet that lacks headings of its own form; None if it is like no other."""
    fits = _fits(rows, [other for other in forms().values() if other.form_id != form.form_id], most_levels=1)
    return fits[0].form if fits and fits[0].share >= ENOUGH else None


def recognise_by_headings(reading: Reading, cells: Cells) -> tuple[Form, Period | None] | None:
    """The form and the period of a workbook that bears no mark of ours, and its sheet, unit and edition in its reading.

    None, with the reading marked unrecognised and why, unless exactly one sheet is the table of exactly one form.
    """
    candidates = [edition for form in forms().values() for edition in readable_editions(form)]
    sheets = {name: cells.rows(name) for name in cells.visible if name not in OUR_SHEETS}
    fits = {name: fits_of(rows, candidates) for name, rows in sheets.items()}
    tables = [name for name, found in fits.items() if found and found[0].share >= ENOUGH]
    if len(tables) != 1:
        reading.status = "unrecognised"
        if tables:
            first = {name: fits[name][0] for name in tables}
            complain_of_several(
                reading, {name: answer_of(fit.form, name, sheets[name], fit.band) for name, fit in first.items()}
            )
        else:
            _complain_of_none(reading, sheets, [fit for found in fits.values() for fit in found])
        return None
    reading.sheet = tables[0]
    enough = [fit for fit in fits[tables[0]] if fit.share >= ENOUGH]
    best = [fit for fit in enough if not any(other.beats(fit) for other in enough)]
    if len({fit.form.form_id for fit in best}) > 1:
        reading.status = "unrecognised"
        titles = dict.fromkeys(f"“{fit.form.title_zh}”" for fit in best)
        reading.complain("form.ambiguous", Severity.CRITICAL, forms="、".join(titles))
        return None
    # Of several editions of one form, the one in use comes first.
    form, band = best[0].form, best[0].band
    reading.form_id, reading.edition = form.form_id, form.edition
    said = said_identity(reading.sheet, sheets[reading.sheet], band)
    unit_id = _unit(reading, said)
    period = _period(reading, form, said)
    reading.unit_id, reading.period = unit_id, period.id if period else ""
    if unit_id and period:
        credit_code = next(iter(said.credit_codes), "")
        reading.complain(
            "form.recognised",
            Severity.INFO,
            unit=unit_id,
            period=period.id,
            edition=form.edition,
            credit_code=credit_code,
        )
    return form, period


def _table_of(form: Form, sheet: str, rows: Sequence[Row]) -> SheetAnswer | None:
    """What a sheet answers that has enough headings of the form and something below them; None of any other."""
    band = find_band(form, rows)
    if band is None or band.share(form) < ENOUGH or not any(v != "" for row in rows[band.row + 1 :] for v in row):
        return None
    return answer_of(form, sheet, rows, band)


def _complain_of_none(reading: Reading, sheets: dict[str, list[Row]], fits: Sequence[Fit]) -> None:
    """Say why it is no form: a table lying on its side, one that lacks headings, or nothing that resembles a form."""
    for rows in sheets.values():
        for form in forms().values():
            named, in_rows = headings_anywhere(form, rows)
            required = {f.name for f in form.fields if f.is_required}
            if in_rows > MOST_LEVELS and len(named & required) >= ENOUGH * len(required):
                reading.complain("form.layout_unread", Severity.CRITICAL, form=form.form_id)
                return
    nearest = max(fits, key=lambda fit: (fit.share, fit.explained), default=None)
    if nearest is None or nearest.share < NEARLY:
        reading.complain("form.unrecognised", Severity.CRITICAL)
        return
    missing = [f.heading for f in nearest.form.fields if f.is_required and f.name not in nearest.band.fields]
    reading.complain(
        "form.nearly_recognised", Severity.CRITICAL, form=nearest.form.form_id, headings="、".join(missing)
    )


def _unit(reading: Reading, said: SaidIdentity) -> str:
    """The code that the unit is given by: its own, or else its credit code. A name alone is no code."""
    for codes in (said.unit_codes, said.credit_codes):
        if len(codes) > 1:
            reading.complain("form.unit_unclear", Severity.CRITICAL, units="、".join(codes))
            return ""
    if codes := said.unit_codes or said.credit_codes:
        return codes[0]
    if said.names:
        reading.complain("form.unit_named", Severity.CRITICAL, named="、".join(said.names)[:100])
    else:
        reading.complain("form.unit_missing", Severity.CRITICAL)
    return ""


def _period(reading: Reading, form: Form, said: SaidIdentity) -> Period | None:
    fitting = [period for period in said.periods if period.kind == form.frequency]
    if len(fitting) == 1:
        return fitting[0]
    others = [*said.no_periods, *(period.id for period in said.periods)]
    if fitting:
        reading.complain("form.period_unclear", Severity.CRITICAL, periods="、".join(p.id for p in fitting))
    elif others:
        reading.complain("form.period_invalid", Severity.CRITICAL, period=others[0][:50])
    else:
        reading.complain("form.period_missing", Severity.CRITICAL)
    return None
