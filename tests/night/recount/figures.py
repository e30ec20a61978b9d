"""The 21 indicators of every organisation and period, from the answers in force."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from tests.night.recount.answers import Answer, Returns
from tests.night.recount.days import Span, spans
from tests.night.recount.rules import Row

Amount = int | Decimal | None
"""None: nobody has said anything."""

LEDGER, AID, PROFILE = "relief", "hardship_aid", "unit_profile"

FED_BY = {
    "relief_paid": (LEDGER, AID),
    "relief_persons": (LEDGER, AID),
    "daily_relief_persons": (AID,),
    "daily_relief_money": (AID,),
    "daily_relief_average": (AID,),
    "smart_union_rate": (PROFILE,),
    "collective_contract_coverage": (PROFILE,),
    "workers_congress_rate": (PROFILE,),
    "submission_completeness": (LEDGER, AID, PROFILE),
    "submission_timeliness": (LEDGER, AID, PROFILE),
    "row_acceptance_rate": (LEDGER, AID, PROFILE),
}
"""The forms behind an indicator; behind the others stands the relief ledger alone."""

LEVELS = {"省工会": "province", "行业组": "group", "省工会机关": "unit", "企业工会": "unit"}


@dataclass(frozen=True, slots=True)
class Figure:
    """One indicator of one organisation and period; `below` is what a share or an average is divided by."""

    above: Amount
    below: Amount = None
    is_ratio: bool = False

    @property
    def value(self) -> Fraction | None:
        """The exact figure; None where there is none."""
        if self.above is None or (self.is_ratio and not self.below):
            return None
        return Fraction(self.above) / Fraction(self.below) if self.is_ratio and self.below else Fraction(self.above)


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the relief ledger and the unit that reported it."""

    reporter: str
    row: Row

    @property
    def money(self) -> Decimal:
        """Cash and goods, in CNY."""
        return self.row["慰问金"] + self.row["慰问品折价"]


class Recount:
    """Counts the figures of one year of returns."""

    def __init__(self, returns: Returns) -> None:
        self.returns = returns
        self.units = returns.units
        self.lines = [Line(a.unit, row) for a in returns.answers.values() if a.form == LEDGER for row in a.rows]
        self.payments = [Line(a.unit, row) for a in returns.answers.values() if a.form == AID for row in a.rows]
        self.profiles: dict[str, list[tuple[Span, Row]]] = {code: [] for code in self.units}
        for answer in sorted(returns.answers.values(), key=lambda answer: answer.period):
            if answer.form == PROFILE:
                self.profiles[answer.unit] += [(answer.period, row) for row in answer.rows]

    def figures(self) -> Iterator[tuple[str, str, Span, str, Figure, Fraction | None]]:
        """Level, organisation, period, indicator, its figure and its completeness; where the organisation did not exist
        only what was counted for it all the same."""
        for unit in self.units.values():
            below = self._members(unit.code)
            for period in spans():
                exists = unit.exists(period.first, period.as_of)
                figures = self._relief(below, period) | self._states(below, period) | self._reporting(below, period)
                for indicator, figure in figures.items():
                    if exists or figure.above is not None:
                        share = self._completeness(below, period, FED_BY.get(indicator, (LEDGER,)))
                        yield LEVELS[unit.kind], unit.code, period, indicator, figure, share

    def _members(self, code: str) -> frozenset[str]:
        """The units that count for an organisation: itself, a group's own enterprises, for the province all."""
        kind = self.units[code].kind
        if kind == "省工会":
            return frozenset(self.units)
        return frozenset(unit.code for unit in self.units.values() if code in (unit.code, unit.parent))

    def _answers(self, members: Collection[str], period: Span) -> list[Answer]:
        """What its units answered for the months and quarters that end in the period."""
        return [a for a in self.returns.answers.values() if a.unit in members and a.period.last in period]

    def _in_force(self, members: Collection[str], period: Span) -> list[str]:
        """Its enterprises that exist at the end of the period."""
        units = (self.units[code] for code in members)
        return [unit.code for unit in units if unit.kind == "企业工会" and unit.exists(period.as_of, period.as_of)]

    def _relief(self, members: Collection[str], period: Span) -> dict[str, Figure]:
        heard = {answer.form for answer in self._answers(members, period)}
        here = [line for line in self.lines if line.row["慰问日期"] in period]
        own = [line for line in here if line.reporter in members]
        aid = [p for p in self.payments if p.reporter in members and p.row["发放日期"] in period]
        daily = [payment for payment in aid if payment.row["救助类型"] == "日常救助"]

        def known(amount: int | Decimal, rows: Collection[object], *forms: str) -> Amount:
            """Nothing is 0 only where one of the forms was heard of."""
            return amount if rows or heard.intersection(forms) else None

        def money(is_meant: Callable[[Row], bool]) -> Figure:
            meant = [line for line in own if is_meant(line.row)]
            return Figure(known(sum((line.money for line in meant), Decimal(0)), meant, LEDGER))

        def reached(units: Collection[str], *campaigns: str) -> Amount:
            codes = {
                line.row["受益单位代码"] for line in here if not campaigns or line.row["慰问活动"] in campaigns
            }.intersection(units)
            return known(len(codes), codes, LEDGER)

        parcels = [line for line in own if line.row["慰问活动"] == "爱心大礼包"]
        paid_daily = known(sum((p.row["救助金额"] for p in daily), Decimal(0)), daily, AID)
        helped_daily = known(len({payment.row["身份证号"] for payment in daily}), daily, AID)
        in_force = self._in_force(members, period)
        paid = sum((line.money for line in own), Decimal(0)) + sum((p.row["救助金额"] for p in aid), Decimal(0))
        helped = sum(line.row["慰问人次"] for line in own) + len(aid)
        return {
            "relief_paid": Figure(known(paid, [*own, *aid], LEDGER, AID)),
            "relief_persons": Figure(known(helped, [*own, *aid], LEDGER, AID)),
            "relief_units_reached": Figure(reached(members)),
            "relief_coverage": Figure(reached(in_force), len(in_force) or None, is_ratio=True),
            "winter_warmth_units": Figure(reached(members, "送温暖")),
            "winter_warmth_money": money(lambda row: row["慰问活动"] == "送温暖"),
            "gift_parcel_units": Figure(reached(members, "爱心大礼包")),
            "gift_parcel_persons": Figure(known(sum(line.row["慰问人次"] for line in parcels), parcels, LEDGER)),
            "gift_parcel_money": money(lambda row: row["慰问活动"] == "爱心大礼包"),
            "summer_cooling_raised": money(lambda row: row["慰问活动"] == "送清凉"),
            "nuclear_hardship_money": money(lambda row: row["慰问对象"] == "核工业特殊困难群体"),
            "daily_relief_persons": Figure(helped_daily),
            "daily_relief_money": Figure(paid_daily),
            "daily_relief_average": Figure(paid_daily, helped_daily, is_ratio=True),
            "disaster_relief_money": money(lambda row: row["慰问活动"] == "防汛救灾"),
        }

    def _states(self, members: Collection[str], period: Span) -> dict[str, Figure]:
        in_force = self._in_force(members, period)
        told = [
            [(quarter, row) for quarter, row in self.profiles[code] if quarter.last <= period.as_of]
            for code in in_force
        ]
        last = [profiles[-1] for profiles in told if profiles]
        # A profile of last year knows nothing of this year's congresses.
        this_year = [row for quarter, row in last if quarter.last.year == period.as_of.year]
        held = [row["最近一次职代会召开日期"] for row in this_year]
        built = sum(row["智慧工会建设情况"] == "已建成" for _, row in last)
        congresses = sum(day is not None and day.year == period.as_of.year for day in held)
        covered = sum(row["集体合同覆盖职工人数"] for _, row in last)
        employees = sum(row["职工人数"] for _, row in last)
        count = len(in_force) or None
        return {
            "smart_union_rate": Figure(built if last else None, count, is_ratio=True),
            "collective_contract_coverage": Figure(
                covered if last else None, employees if last else None, is_ratio=True
            ),
            "workers_congress_rate": Figure(congresses if this_year else None, count, is_ratio=True),
        }

    def _asked(self, members: Collection[str], period: Span, forms: Collection[str]) -> list[Answer | None]:
        """The answers to what was expected, None where there is none."""
        return [
            self.returns.answers.get(key)
            for key, asked in self.returns.expected.items()
            if key[0] in forms and key[1] in members and asked.last in period
        ]

    def _completeness(self, members: Collection[str], period: Span, forms: Collection[str]) -> Fraction | None:
        asked = self._asked(members, period, forms)
        return Fraction(sum(answer is not None for answer in asked), len(asked)) if asked else None

    def _reporting(self, members: Collection[str], period: Span) -> dict[str, Figure]:
        asked = self._asked(members, period, (LEDGER, AID, PROFILE))
        accepted = sum(answer is not None for answer in asked)
        in_time = sum(answer is not None and answer.is_on_time for answer in asked)
        count, answers = len(asked) or None, self._answers(members, period)
        counting = sum(len(answer.rows) for answer in answers)
        rows = sum(answer.row_count for answer in answers)
        return {
            "submission_completeness": Figure(accepted if asked else None, count, is_ratio=True),
            "submission_timeliness": Figure(in_time if asked else None, count, is_ratio=True),
            "row_acceptance_rate": Figure(counting if answers else None, rows if answers else None, is_ratio=True),
        }
