"""The careful reading of one typed text as a value of its field: exactly, with every repair listed, or not at all.

Nothing here guesses, rounds in silence or uses floats. The fast path for whole columns is in `normalise`; it hands on here
what it does not recognise.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from expectations.amounts import read_decimal, read_money, read_percent, read_whole_number, read_year
from expectations.choices import labels, read_choice, read_register_key
from expectations.citizen_id import CitizenIdError, birth_date, parse_citizen_id
from expectations.cleaning import (
    CELL_ERRORS,
    DASHES,
    PLACEHOLDERS,
    is_ditto,
    join_name,
    strip_marks,
    without_apostrophe,
)
from expectations.complaint import Complaint, UnreadableError, info, warning
from expectations.contract import Field
from expectations.credit_code import CreditCodeError, parse_credit_code
from expectations.days import read_day
from expectations.masks import mask
from expectations.periods import Period, PeriodError, parse_period
from expectations.personal_numbers import without_personal_numbers

LATEST = date(2100, 12, 31)
"""The last day that a register may name, as the end of a span that is planned."""

_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?[eE]\+?[0-9]+")
_CODE_LIKE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._/-]*")


@dataclass(frozen=True, slots=True)
class ValueReading:
    """What one typed text says: its value in canonical text, and the complaints about it; `text` is None where nothing can be said.

    The canonical text is `1234.50`, `2021-02-05`, a code, or the text itself. `is_blank` tells a cell with nothing in it from
    one that could not be read.
    """

    text: str | None
    complaints: tuple[Complaint, ...] = ()
    is_blank: bool = False


def read_value(
    field: Field, typed: str | None, period: Period | None = None, latest: date = LATEST, times: str | None = None
) -> ValueReading:
    """The reading of one typed text as a value of the field.

    `typed` is what the sheet holds, as text: numbers as Python writes them, dates in ISO form. `period` completes dates
    without a year; no date may lie after `latest`; amounts are multiplied by `times` where the heading says so. Complaints
    about personal fields carry masked values only.
    """
    if typed is None:
        return ValueReading(None, is_blank=True)
    try:
        text = strip_marks(typed)
        if not text:
            return ValueReading(None, is_blank=True)
        return _read_marked(field, text) or _read(field, typed, text, period, latest, times)
    except UnreadableError as error:
        return ValueReading(None, (error.complaint,))


def typed_value(field: Field, text: str | None) -> Decimal | int | date | str | None:
    """The value of a canonical text, in the type of its field."""
    if text is None:
        return None
    match field.kind:
        case "integer":
            return int(text)
        case "money" | "decimal":
            return Decimal(text)
        case "date":
            return date.fromisoformat(text)
        case _:
            return text


def _read_marked(field: Field, text: str) -> ValueReading | None:
    plain = unicodedata.normalize("NFKC", text)
    if plain.upper() in CELL_ERRORS:
        raise UnreadableError("value.cell_error", error=plain.upper())
    if text.startswith("="):
        raise UnreadableError("value.formula_without_value")
    if is_ditto(text) or is_ditto(plain):
        raise UnreadableError("value.ditto")
    if plain.translate(DASHES) in PLACEHOLDERS and plain not in labels(field):
        return ValueReading(None, (info("value.placeholder"),), is_blank=True)
    return None


def _read(field: Field, typed: str, text: str, period: Period | None, latest: date, times: str | None) -> ValueReading:
    plain = unicodedata.normalize("NFKC", text)
    match field.kind:
        case "integer":
            is_year = field.name.endswith("_year")
            number, complaints = read_year(plain) if is_year else read_whole_number(plain, field.unit_zh)
            return _with_repairs(field, typed, f"{number:f}", complaints, is_shown_alike=typed == plain)
        case "money":
            number, complaints = read_money(plain, times)
            return _with_repairs(field, typed, f"{number:f}", complaints, is_shown_alike=typed == plain)
        case "decimal":
            number, complaints = read_percent(plain) if field.unit_zh == "%" else read_decimal(plain, field.unit_zh)
            return _with_repairs(field, typed, f"{number:f}", complaints, is_shown_alike=typed == plain)
        case "date":
            day, complaints = read_day(plain, period, latest)
            return _with_repairs(field, typed, day.isoformat(), complaints, is_shown_alike=typed == plain)
        case "code" if field.choices:
            code, complaints = read_choice(field, plain)
            return _with_repairs(field, typed, code, complaints, is_shown_alike=typed in labels(field))
        case "code":
            # Perhaps the name of a unit, longer than any code: the register knows it or refuses it.
            return _with_repairs(field, typed, read_register_key(plain))
        case "text":
            read = _within_length(field, _read_text(field, text, plain, latest))
            if field.is_personal or (kept := without_personal_numbers(read)) == read:
                return _with_repairs(field, typed, read)
            return ValueReading(kept, (warning("value.personal_number"),))


def _read_text(field: Field, text: str, plain: str, latest: date) -> str:
    text, plain = without_apostrophe(text), without_apostrophe(plain)
    match field.semantic:
        case "citizen_id":
            return _read_citizen_id(plain, latest)
        case "credit_code":
            return _read_credit_code(plain)
        case "person_name":
            return join_name(text)
        case "period":
            return _read_period(plain)
        case "phone" | "bank_card" if _SCIENTIFIC.fullmatch(plain):
            raise UnreadableError("value.digits_lost")
        case _:
            # A code typed in full width is compared in half width everywhere, so it is kept so; other text stays as it was typed.
            return plain if plain != text and _CODE_LIKE.fullmatch(plain) else text


def _read_period(plain: str) -> str:
    try:
        return parse_period(plain).id
    except PeriodError:
        # What is no period is for the rules of the form to say.
        return plain


def _read_citizen_id(plain: str, latest: date) -> str:
    bare = re.sub(r"[\s'‘’-]+", "", plain).upper()
    if _SCIENTIFIC.fullmatch(bare):
        raise UnreadableError("value.digits_lost")
    if "*" in bare:
        raise UnreadableError("value.id_invalid", reason="masked")
    try:
        citizen_id = parse_citizen_id(bare)
        if birth_date(citizen_id) > latest:
            raise CitizenIdError("birth_date")
        return citizen_id
    except CitizenIdError as error:
        if len(bare) == 18 and bare.isdigit() and bare.endswith("000"):
            # A number in Excel keeps 15 digits; the last three have become zeros.
            raise UnreadableError("value.digits_lost") from error
        raise UnreadableError("value.id_invalid", reason=error.reason) from error


def _read_credit_code(plain: str) -> str:
    bare = re.sub(r"\s+", "", plain).upper()
    if _SCIENTIFIC.fullmatch(bare):
        raise UnreadableError("value.digits_lost")
    try:
        return parse_credit_code(bare)
    except CreditCodeError as error:
        meant = {"suggestion": error.suggestion} if error.suggestion else {}
        raise UnreadableError("value.credit_code_invalid", reason=error.reason, **meant) from error


def _within_length(field: Field, text: str) -> str:
    if field.max_length is not None and len(text) > field.max_length:
        raise UnreadableError("value.too_long", max_length=str(field.max_length))
    return text


def _with_repairs(
    field: Field, typed: str, text: str, complaints: tuple[Complaint, ...] = (), *, is_shown_alike: bool = False
) -> ValueReading:
    # Numbers, dates and labels may be written in more than one clean way; for other text every difference is a repair.
    if not complaints and typed != text and not is_shown_alike:
        complaints = (info("value.repaired", became=text),)
    if field.is_personal:
        complaints = tuple(_masked(field, complaint) for complaint in complaints)
    return ValueReading(text, complaints)


def _masked(field: Field, complaint: Complaint) -> Complaint:
    shown = {
        name: mask(field.semantic, value) if name == "became" else value for name, value in complaint.params.items()
    }
    return Complaint(complaint.code, complaint.severity, shown)
