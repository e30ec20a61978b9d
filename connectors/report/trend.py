"""An indicator over the years: its values side by side, and small columns that show which way they go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape

from markupsafe import Markup

from connectors.report import words
from connectors.report.drawing import ACCENT, LINE, SOFT
from connectors.report.figures.indicators import IndicatorValue

_COLUMN, _GAP, _HEIGHT = 12, 4, 24
"""Pixels of a small column, between two of them, and from the lowest to the highest value."""


@dataclass(frozen=True, slots=True)
class Trend:
    """One indicator: its values in the years of the table (None: no data), and the picture of them."""

    name: str
    unit: str
    values: tuple[Decimal | None, ...]
    picture: Markup


@dataclass(frozen=True, slots=True)
class TrendTable:
    """The years that the release holds, and the indicators with a value in more than one of them."""

    years: tuple[int, ...]
    rows: tuple[Trend, ...]


def trend_table(
    values: Sequence[IndicatorValue], years: Mapping[str, Sequence[tuple[int, Decimal | None]]]
) -> TrendTable:
    """The indicators that have something to compare, in the order of the catalogue."""
    shown = tuple(sorted({year for found in years.values() for year, value in found if value is not None}))
    rows = []
    for indicator in values:
        found = dict(years.get(indicator.indicator_id, ()))
        line = tuple(found.get(year) for year in shown)
        if sum(value is not None for value in line) > 1:
            rows.append(Trend(indicator.name_zh, indicator.unit, line, _columns(indicator, shown, line)))
    return TrendTable(shown, tuple(rows))


def _columns(indicator: IndicatorValue, years: Sequence[int], values: Sequence[Decimal | None]) -> Markup:
    """Columns from 0, the last one dark; a year without data leaves its place empty."""
    known = [value for value in values if value is not None]
    low, high = min(*known, Decimal(0)), max(*known, Decimal(0))
    scale = Decimal(_HEIGHT) / (high - low or 1)
    ground = float(high * scale)
    name = f"trend-{indicator.indicator_id}"
    width = len(values) * (_COLUMN + _GAP)
    told = "；".join(f"{y} 年 {words.measure(v, indicator.unit)}" for y, v in zip(years, values, strict=True))
    drawn = "".join(
        f'<rect x="{place * (_COLUMN + _GAP)}" y="{min(ground, ground - float(value * scale)):.2f}" width="{_COLUMN}"'
        f' height="{max(abs(float(value * scale)), 0.5):.2f}" fill="{ACCENT if place == len(values) - 1 else SOFT}"/>'
        for place, value in enumerate(values)
        if value is not None
    )
    return Markup(  # noqa: S704 - numbers, and words that are escaped
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {width} {_HEIGHT + 1}"'
        f' style="width:{width}px" aria-labelledby="{name}"><title id="{name}">{escape(told)}</title>'
        f'<line x1="0" x2="{width}" y1="{ground:.2f}" y2="{ground:.2f}" stroke="{LINE}"/>{drawn}</svg>'
    )
