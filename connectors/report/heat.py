"""How complete each form is, month by month: a row per form, with a cell as wide as the months that its period has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from connectors.report.figures.completeness import Answer, State
from expectations.periods import parse_period

_TAKEN = (State.NIL, State.ON_TIME, State.LATE)


@dataclass(frozen=True, slots=True)
class HeatCell:
    """One period of one form: how many submissions were expected, accepted, and are not due yet; `months` is its width."""

    period: str
    months: int
    expected: int
    accepted: int
    awaited: int

    @property
    def css(self) -> str:
        """The class of the cell, from full down to nothing; pending where nothing is due yet."""
        if not self.expected:
            return "none"
        if self.awaited == self.expected:
            return "pending"
        share = Decimal(self.accepted) / self.expected
        steps = ((Decimal(1), "full"), (Decimal("0.9"), "most"), (Decimal("0.5"), "half"), (Decimal("0.000001"), "few"))
        return next((css for least, css in steps if share >= least), "nothing")

    @property
    def mark(self) -> str:
        """The share in whole per cent, cut and never rounded up to 100; blank where nothing was expected."""
        if not self.expected:
            return ""
        return "…" if self.awaited == self.expected else f"{self.accepted * 100 // self.expected}%"

    @property
    def told(self) -> str:
        """The cell in words."""
        if not self.expected:
            return "无应报"
        waiting = f"，{self.awaited} 份未到期" if self.awaited else ""
        return f"{self.period} 应报 {self.expected} 份，已报 {self.accepted} 份{waiting}"


@dataclass(frozen=True, slots=True)
class HeatRow:
    """One form over the months of the span."""

    form_id: str
    title: str
    frequency: str
    cells: tuple[HeatCell, ...]


FREQUENCIES = {"month": "月报", "quarter": "季报", "year": "年报"}


def heat(answers: Iterable[Answer], months: Sequence[str]) -> tuple[HeatRow, ...]:
    """Every form that was expected in these months: the monthly ones first, then the quarterly, then the yearly."""
    by_form: dict[str, dict[str, list[Answer]]] = defaultdict(lambda: defaultdict(list))
    for answer in answers:
        if answer.month in months:
            by_form[answer.form_id][answer.period].append(answer)
    rows = [_row(form_id, periods, months) for form_id, periods in by_form.items()]
    places = list(FREQUENCIES.values())
    return tuple(sorted(rows, key=lambda row: (places.index(row.frequency), row.title)))


def _row(form_id: str, periods: dict[str, list[Answer]], months: Sequence[str]) -> HeatRow:
    cells, filled = [], 0
    for period_id in sorted(periods, key=lambda p: parse_period(p).first_day):
        period, found = parse_period(period_id), periods[period_id]
        first, last = (f"{day:%Y-%m}" for day in (period.first_day, period.last_day))
        start = max(filled, next(place for place, month in enumerate(months) if month >= first))
        end = months.index(last) + 1
        cells += [HeatCell("", 1, 0, 0, 0)] * (start - filled)
        taken = sum(answer.state in _TAKEN for answer in found)
        awaited = sum(answer.state is State.PENDING for answer in found)
        cells.append(HeatCell(period_id, end - start, len(found), taken, awaited))
        filled = end
    cells += [HeatCell("", 1, 0, 0, 0)] * (len(months) - filled)
    some = next(iter(periods))
    title = periods[some][0].form_title
    return HeatRow(form_id, title, FREQUENCIES[parse_period(some).kind], tuple(cells))
