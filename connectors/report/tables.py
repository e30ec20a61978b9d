"""What the tables of the page say: sums and line-ups of the figures, still as exact numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from connectors.report.figures import Figures
from connectors.report.figures.indicators import IndicatorValue
from connectors.report.figures.organisation import Organisation
from connectors.report.figures.published import PublishedFigure
from connectors.report.figures.relief import ReliefLine


@dataclass(frozen=True, slots=True)
class CampaignTotal:
    """One campaign in the period: CNY, its share of all money, person-times."""

    campaign: str
    name: str
    money_cny: Decimal
    share: Decimal
    persons: int


@dataclass(frozen=True, slots=True)
class Rate:
    """One rate of one group or of the province."""

    indicator_id: str
    indicator_name: str
    org_name: str
    value: Decimal | None
    numerator: Decimal | None
    denominator: Decimal | None


@dataclass(frozen=True, slots=True)
class RateTable:
    """Rates by group: `rows` is group name → its rates in the order of `names`; the last row is the province."""

    names: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Rate | None, ...]], ...]

    def column(self, place: int) -> tuple[list[Rate], Rate | None]:
        """The groups' rates of one indicator, the best first, and the province's."""
        rates = [rates[place] for _, rates in self.rows[:-1]]
        known = [r for r in rates if r is not None and r.value is not None]
        return sorted(known, key=lambda r: r.value or 0, reverse=True), self.rows[-1][1][place] if self.rows else None


def campaign_totals(lines: Iterable[ReliefLine]) -> tuple[CampaignTotal, ...]:
    """Each campaign with money in the period, the largest first."""
    money: dict[str, Decimal] = defaultdict(Decimal)
    persons: dict[str, int] = defaultdict(int)
    names: dict[str, str] = {}
    for line in lines:
        if line.is_in_period:
            money[line.campaign] += line.money_cny
            persons[line.campaign] += line.persons
            names[line.campaign] = line.campaign_name
    whole = sum(money.values(), Decimal(0))
    totals = [
        CampaignTotal(c, names[c], cny, cny / whole if whole else Decimal(0), persons[c]) for c, cny in money.items()
    ]
    return tuple(sorted(totals, key=lambda t: (-t.money_cny, t.campaign)))


def month_series(lines: Iterable[ReliefLine], campaign: str, months: Sequence[str]) -> list[tuple[str, Decimal]]:
    """The money of one campaign in each of the months, CNY; a month without lines is 0."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        if line.campaign == campaign:
            found[line.month] += line.money_cny
    return [(month, found[month]) for month in months]


def rate_table(values: Sequence[IndicatorValue], organisation: Organisation) -> RateTable:
    """The line-up of rates by group; without rows where there are none."""
    names = {v.indicator_id: v.name_zh for v in values}
    known = {(v.indicator_id, v.org_id): v for v in values}
    places = [(g.unit_id, g.short_name) for g in organisation.groups]
    places += [(u.unit_id, "全省") for u in organisation.units.values() if u.unit_kind == "province"]
    rows = tuple((name, tuple(_rate(known.get((indicator, org)), name) for indicator in names)) for org, name in places)
    return RateTable(tuple(names.values()), rows if names else ())


def difference(figure: PublishedFigure) -> Decimal | None:
    """Computed less published, or None where nothing could be computed."""
    return None if figure.computed_value is None else figure.computed_value - figure.published_value


def verdict_counts(figures: Figures) -> dict[str, int]:
    """How many published figures got each verdict."""
    counts: dict[str, int] = defaultdict(int)
    for figure in figures.published:
        counts[figure.verdict] += 1
    return dict(counts)


def _rate(value: IndicatorValue | None, org_name: str) -> Rate | None:
    if value is None:
        return None
    return Rate(value.indicator_id, value.name_zh, org_name, value.value, value.numerator, value.denominator)
