"""A handful of figures worked out from what counts, the slow way: a sum, a count of people, two rates, and who has answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import cast

from tests.model.words import (
    DUE,
    SUBMITTERS,
    Line,
    Payment,
    Profile,
    Span,
    Version,
    first_day,
    last_day,
    money,
    month_end,
    next_month,
)

Figure = tuple[str, str, str, str, str]
"""Indicator, level, organisation, kind of period, period."""

Facts = tuple[Decimal | None, Decimal | None, Decimal | None, Decimal | None]
"""Value, numerator, denominator, completeness."""

Key = tuple[str, str, str]
FORMS = {
    "relief_paid": ("relief", "hardship_aid", "student_aid"),
    "daily_relief_persons": ("hardship_aid",),
    "relief_coverage": ("relief", "unit_register"),
    "collective_contract_coverage": ("unit_profile",),
}
"""The indicators that the model knows, with the forms that feed them."""

PRECISE = Context(prec=60)


@dataclass(frozen=True, slots=True)
class State:
    """What figures follow from: the night's date, the register, the answers that count, when each key was first answered, the keys that
    a refusal was ever given for, and those that have an answer waiting for a closed period."""

    night: date
    spans: tuple[Span, ...]
    in_force: Mapping[Key, Version]
    received: Mapping[Key, object]
    refused: set[Key]
    held: set[Key]

    def periods(self) -> Iterator[tuple[str, str, date, date]]:
        """Kind, period, first day, and last day so far, of every period that has begun."""
        month = date(2021, 1, 1)
        while month <= self.night:
            yield "month", f"{month:%Y-%m}", month, min(month_end(month), self.night)
            if month.month % 3 == 1:
                quarter = f"{month.year}-Q{(month.month + 2) // 3}"
                yield "quarter", quarter, month, min(last_day(quarter), self.night)
            month = next_month(month)
        yield "year", "2021", date(2021, 1, 1), min(date(2021, 12, 31), self.night)
        yield "plan", "2021-2025", date(2021, 1, 1), self.night

    def organisations(self) -> set[tuple[str, str]]:
        """Level and code of everything that has figures."""
        level = {"enterprise": "unit", "provincial_office": "unit", "group": "group", "province": "province"}
        return {(level[s.kind], s.code) for s in self.spans}

    def exists(self, org: str, first: date, last: date) -> bool:
        """Whether an organisation existed on any of these days."""
        return any(s.code == org and s.meets(first, last) for s in self.spans)

    def belongs(self, span: Span, level: str, org: str) -> bool:
        """Whether what a unit did in this span of its counts for an organisation."""
        if level == "province":
            return True
        return org in (span.parent, span.code) if level == "group" else org == span.code

    def then(self, unit: str, month: date) -> Span | None:
        """The span of a unit that the month's end lies in; before its first and after its last, that one."""
        spans = sorted((s for s in self.spans if s.code == unit), key=lambda s: s.first)
        begun = [s for s in spans if s.first <= month_end(month)]
        return begun[-1] if begun else spans[0] if spans else None

    def counts_in(self, unit: str, month: date, level: str, org: str) -> bool:
        """Whether what a unit did in a month counts for an organisation."""
        span = self.then(unit, month)
        return span is not None and self.belongs(span, level, org)

    def enterprises(self, level: str, org: str, day: date) -> set[str]:
        """The enterprises of an organisation that were in the register on a day."""
        there = (s for s in self.spans if s.kind == "enterprise" and s.meets(day, day))
        return {s.code for s in there if self.belongs(s, level, org)}

    def rows(self, form: str) -> Iterator[tuple[str, str, object]]:
        """Unit, period and row of everything that counts in a form."""
        for (of_form, unit, period), version in self.in_force.items():
            if of_form == form:
                yield from ((unit, period, row) for row in version.loaded.values())


@dataclass(frozen=True, slots=True)
class _Place:
    """An organisation and a period, where a figure is asked for."""

    level: str
    org: str
    first: date
    last: date


def figures(state: State) -> dict[Figure, Facts]:
    """Every figure of the indicators that the model knows."""
    told: dict[Figure, Facts] = {}
    for kind, period, first, last in state.periods():
        for level, org in state.organisations():
            place = _Place(level, org, first, last)
            for indicator, sides in SIDES.items():
                numerator, denominator = sides(state, place)
                if numerator is None and not state.exists(org, first, last):
                    continue
                if indicator in RATES:
                    value = PRECISE.divide(numerator, denominator) if numerator is not None and denominator else None
                else:
                    value = numerator
                told[indicator, level, org, kind, period] = (
                    *(_rounded(n) for n in (value, numerator, denominator)),
                    _rounded(_complete(state, place, FORMS[indicator])),
                )  # type: ignore[assignment]
    return told


def completeness(state: State) -> dict[Key, tuple[object, ...]]:
    """For each form, unit and period that had to be answered or was: expected, accepted, on time, nil, state."""
    expected = {(form, unit, period) for form, unit, period, _ in _expected(state)}
    begun = {(form, period) for (form, period) in DUE if first_day(period) <= state.night}
    keys = expected | {key for key in state.in_force if (key[0], key[2]) in begun}
    told: dict[Key, tuple[object, ...]] = {}
    for key in keys:
        version, due = state.in_force.get(key), DUE[key[0], key[2]]
        on_time = version is not None and cast(datetime, state.received[key]).date() <= due
        if version is not None:
            standing = "accepted"
        elif key in state.held:
            standing = "held"
        elif key in state.refused:
            standing = "refused"
        else:
            standing = "overdue" if due < state.night else "awaited"
        is_nil = version is not None and not version.rows
        told[key] = (key in expected, version is not None, on_time, is_nil, standing)
    return told


def _expected(state: State) -> Iterator[tuple[str, str, str, date]]:
    for (form, period), due in DUE.items():
        day = min(last_day(period), due)
        if first_day(period) <= state.night and day < state.night:
            for span in state.spans:
                if span.kind in SUBMITTERS[form] and span.meets(day, day):
                    yield form, span.code, period, day


def _complete(state: State, place: _Place, forms: tuple[str, ...]) -> Decimal | None:
    asked = [
        (form, unit, period) in state.in_force
        for form, unit, period, day in _expected(state)
        if form in forms
        and _in_months(day, place)
        and state.counts_in(unit, day.replace(day=1), place.level, place.org)
    ]
    return PRECISE.divide(Decimal(sum(asked)), Decimal(len(asked))) if asked else None


def _in_months(day: date, place: _Place) -> bool:
    return place.first <= day.replace(day=1) <= place.last


def _answered(state: State, place: _Place, forms: tuple[str, ...]) -> bool:
    """Whether anybody of the organisation answered any of these forms for a period that ends in it: nothing is then 0."""
    return any(
        form in forms
        and _in_months(last_day(period), place)
        and state.counts_in(unit, last_day(period).replace(day=1), place.level, place.org)
        for form, unit, period in state.in_force
    )


def _day(row: object, period: str) -> date:
    assert isinstance(row, Line | Payment)
    return first_day(period) + timedelta(days=row.day - 1)


def _relief_paid(state: State, place: _Place) -> tuple[Decimal | None, None]:
    found = [
        money(cast("Line | Payment", row))
        for form in ("relief", "hardship_aid")
        for unit, period, row in state.rows(form)
        if _in_months(_day(row, period), place)
        and state.counts_in(unit, _day(row, period).replace(day=1), place.level, place.org)
    ]
    return (sum(found, Decimal(0)) if found or _answered(state, place, FORMS["relief_paid"]) else None), None


def _daily_persons(state: State, place: _Place) -> tuple[Decimal | None, None]:
    found = {
        row.person
        for unit, period, row in state.rows("hardship_aid")
        if isinstance(row, Payment)
        and row.kind == "日常救助"
        and _in_months(_day(row, period), place)
        and state.counts_in(unit, _day(row, period).replace(day=1), place.level, place.org)
    }
    return (Decimal(len(found)) if found or _answered(state, place, ("hardship_aid",)) else None), None


def _coverage(state: State, place: _Place) -> tuple[Decimal | None, Decimal | None]:
    there = state.enterprises(place.level, place.org, place.last)
    reached = {
        row.beneficiary
        for _, period, row in state.rows("relief")
        if isinstance(row, Line) and row.beneficiary in there and _in_months(_day(row, period), place)
    }
    is_known = reached or _answered(state, place, ("relief",))
    return Decimal(len(reached)) if is_known else None, Decimal(len(there)) if there else None


def _contract(state: State, place: _Place) -> tuple[Decimal | None, Decimal | None]:
    holding = []
    for unit in state.enterprises(place.level, place.org, place.last):
        told = _newest_profile(state, unit, place.last)
        if told is not None:
            holding += [row for row in told.loaded.values() if isinstance(row, Profile)] or [Profile(0, 0)]
    if not holding:
        return None, None
    return Decimal(sum(p.covered for p in holding)), Decimal(sum(p.employees for p in holding))


def _newest_profile(state: State, unit: str, day: date) -> Version | None:
    told = {
        last_day(period): version
        for (form, of_unit, period), version in state.in_force.items()
        if form == "unit_profile" and of_unit == unit and last_day(period) <= day
    }
    return told[max(told)] if told else None


SIDES: Mapping[str, Callable[[State, _Place], tuple[Decimal | None, Decimal | None]]] = {
    "relief_paid": _relief_paid,
    "daily_relief_persons": _daily_persons,
    "relief_coverage": _coverage,
    "collective_contract_coverage": _contract,
}
RATES = ("relief_coverage", "collective_contract_coverage")


def _rounded(number: Decimal | None) -> Decimal | None:
    return None if number is None else number.quantize(Decimal("1.0000000000"), ROUND_HALF_UP)
