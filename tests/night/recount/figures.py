"""The 61 indicators of every organisation and period, from the answers in force."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from fractions import Fraction

from tests.night.recount.answers import Answer, Returns
from tests.night.recount.days import Span, due_day, spans
from tests.night.recount.forms import FORMS
from tests.night.recount.programmes import FED_BY, Figure, Told, Year, programmes

LEVELS = {"省工会": "province", "行业组": "group", "省工会机关": "unit", "企业工会": "unit"}


class Recount:
    """Counts the figures of one year of returns."""

    def __init__(self, returns: Returns) -> None:
        self.returns = returns
        self.units = returns.units
        self.answers: dict[str, list[Answer]] = {form: [] for form in FORMS}
        for answer in sorted(returns.answers.values(), key=lambda answer: answer.period):
            self.answers[answer.form].append(answer)
        self.year = Year(self.answers)

    def figures(self) -> Iterator[tuple[str, str, Span, str, Figure, Fraction | None]]:
        """Level, organisation, period, indicator, its figure and its completeness; where the organisation did not exist
        only what was counted for it all the same."""
        for unit in self.units.values():
            below = self._members(unit.code)
            for period in spans():
                exists = unit.exists(period.first, period.as_of)
                told = Told(self.year, below, self._in_force(below, period), period)
                shares: dict[tuple[str, ...], Fraction | None] = {}
                for indicator, figure in (programmes(told) | self._reporting(below, period)).items():
                    if exists or figure.above is not None:
                        forms = FED_BY.get(indicator, tuple(FORMS))
                        if forms not in shares:
                            shares[forms] = self._completeness(below, period, forms)
                        yield LEVELS[unit.kind], unit.code, period, indicator, figure, shares[forms]

    def _members(self, code: str) -> frozenset[str]:
        """The units that count for an organisation: itself, a group's own enterprises, for the province all."""
        kind = self.units[code].kind
        if kind == "省工会":
            return frozenset(self.units)
        return frozenset(unit.code for unit in self.units.values() if code in (unit.code, unit.parent))

    def _in_force(self, members: Collection[str], period: Span) -> frozenset[str]:
        """Its enterprises that exist at the end of the period."""
        units = (self.units[code] for code in members)
        return frozenset(
            unit.code for unit in units if unit.kind == "企业工会" and unit.exists(period.as_of, period.as_of)
        )

    def _asked(self, members: Collection[str], period: Span, forms: Collection[str]) -> list[Answer | None]:
        """The answers to what was expected, None where there is none."""
        return [
            self.returns.answers.get(key)
            for key, asked in self.returns.expected.items()
            if key[0] in forms and key[1] in members and min(asked.last, due_day(FORMS[key[0]].due, asked)) in period
        ]

    def _completeness(self, members: Collection[str], period: Span, forms: Collection[str]) -> Fraction | None:
        asked = self._asked(members, period, forms)
        return Fraction(sum(answer is not None for answer in asked), len(asked)) if asked else None

    def _reporting(self, members: Collection[str], period: Span) -> dict[str, Figure]:
        asked = self._asked(members, period, FORMS)
        accepted = sum(answer is not None for answer in asked)
        in_time = sum(answer is not None and answer.is_on_time for answer in asked)
        answers = [a for told in self.answers.values() for a in told if a.unit in members and a.told_for in period]
        counting = sum(len(answer.rows) for answer in answers)
        rows = sum(answer.row_count for answer in answers)
        count = len(asked) or None
        return {
            "submission_completeness": Figure(accepted if asked else None, count, is_ratio=True),
            "submission_timeliness": Figure(in_time if asked else None, count, is_ratio=True),
            "row_acceptance_rate": Figure(counting if answers else None, rows if answers else None, is_ratio=True),
        }
