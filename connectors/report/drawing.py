"""How charts are drawn: one look for all of them, to SVG and without a browser."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import altair as alt
import vl_convert
from markupsafe import Markup

from connectors.report.svg import inline

FONTS = "Noto Sans CJK SC, PingFang SC, Microsoft YaHei, sans-serif"
"""The first of these that the reader's machine has; every system with Chinese has one."""

ACCENT, SOFT, INK, MUTED, LINE = "#1f4f82", "#a9c0d8", "#1c2530", "#5b6673", "#dfe3e8"

WIDE = 380
"""Width of the plot in px: with its labels it fills half a desktop page, and shrinks to a phone with letters still legible."""

SMALL = 168
"""Width of the plot of a small chart, of which two stand side by side on a phone."""

_LABEL_SIZE = 12
"""Height of a label in px; a Chinese character is as wide as it is high."""

_CONFIG: dict[str, Any] = {
    "font": FONTS,
    "background": None,
    "view": {"stroke": None},
    "axis": {
        "labelFontSize": _LABEL_SIZE,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelColor": INK,
        "titleColor": MUTED,
        "gridColor": "#eceff2",
        "domain": False,
        "ticks": False,
        "labelPadding": 6,
    },
    "text": {"fontSize": 12, "color": INK},
}


@dataclass(frozen=True, slots=True)
class Chart:
    """One picture: its id in the page, what it is called, what it shows in words, and its specification."""

    name: str
    title: str
    description: str
    specification: alt.LayerChart

    def svg(self) -> Markup:
        """The picture as inline SVG."""
        drawn = vl_convert.vegalite_to_svg(self.specification.to_dict(), config=_CONFIG)
        return Markup(inline(drawn, self.name, self.title, self.description))  # noqa: S704 - `inline` escapes what is ours


def layer(rows: list[dict[str, Any]]) -> alt.Chart:
    """An empty layer over rows of plain values."""
    return alt.Chart(alt.InlineData(values=rows))


def names_axis(names: Iterable[str]) -> alt.Axis:
    """An axis with room for these names, also where they are drawn on a machine that cannot measure Chinese for want of a font."""
    room = max((_width(name) for name in names), default=0)
    return alt.Axis(minExtent=room + 8, labelLimit=room + 8)


def _width(text: str) -> float:
    return sum(1.0 if unicodedata.east_asian_width(c) in "WFA" else 0.6 for c in text) * _LABEL_SIZE


def moment(value: date) -> str:
    """A day as Altair reads it."""
    return value.isoformat()
