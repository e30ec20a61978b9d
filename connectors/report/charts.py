"""The charts of the page: one Altair specification each, drawn to SVG without a browser.

Labels are made from exact decimals before they come here; floats only place the marks. Axes of amounts and rates start at 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import altair as alt
import vl_convert
from markupsafe import Markup

from connectors.report import words
from connectors.report.figures.targets import TargetPoint
from connectors.report.svg import inline
from connectors.report.tables import CampaignTotal, Rate

FONTS = "Noto Sans CJK SC, PingFang SC, Microsoft YaHei, sans-serif"
"""The first of these that the reader's machine has; every system with Chinese has one."""

ACCENT, SOFT, INK, MUTED, LINE = "#1f4f82", "#a9c0d8", "#1c2530", "#5b6673", "#dfe3e8"

WIDE = 380
"""Width of the plot in px: with its labels it fills half a desktop page, and shrinks to a phone with letters still legible."""

SMALL = 168
"""Width of the plot of a small chart, of which two stand side by side on a phone."""

_CONFIG: dict[str, Any] = {
    "font": FONTS,
    "background": None,
    "view": {"stroke": None},
    "axis": {
        "labelFontSize": 12,
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


def campaign_bars(totals: Sequence[CampaignTotal], title: str) -> Chart:
    """Money by campaign, the largest first; labels in 万元."""
    rows = [
        {"campaign": t.name, "money": float(t.money_cny / 10_000), "label": words.rounded(t.money_cny / 10_000, 2)}
        for t in totals
    ]
    longest = max((r["money"] for r in rows), default=0.0)
    base = alt.Chart(_data(rows)).encode(
        y=alt.Y("campaign:N", sort=None, title=None),
        x=alt.X("money:Q", axis=None, scale=alt.Scale(domain=[0, longest * 1.3 or 1])),
    )
    chart = base.mark_bar(color=ACCENT, height=16) + base.mark_text(align="left", dx=6).encode(text="label:N")
    told = "；".join(f"{t.name} {words.ten_thousands(t.money_cny)} 万元" for t in totals)
    return Chart("chart-campaigns", title, f"横向条形图，单位万元，自 0 起。{told}。", chart.properties(width=WIDE, height=alt.Step(30)))


def campaign_months(name: str, campaign: str, months: Sequence[tuple[str, Decimal]], current: frozenset[str]) -> Chart:
    """Money of one campaign month by month, on a scale of its own; months outside the period are pale."""
    rows = [
        {"month": words.month_number(month), "money": float(cny / 10_000), "tone": ACCENT if month in current else SOFT}
        for month, cny in months
    ]
    top = max(months, key=lambda pair: pair[1])
    peak = {"month": words.month_number(top[0]), "money": float(top[1] / 10_000), "label": words.rounded(top[1] / 10_000, 2)}
    x = alt.X(
        "month:O",
        sort=None,
        title=None,
        scale=alt.Scale(paddingInner=0.3),
        axis=alt.Axis(labelAngle=0, labelFontSize=11, domain=True, domainColor="#aab3bd", labelOverlap=False),
    )
    y = alt.Y("money:Q", axis=None, scale=alt.Scale(domain=[0, peak["money"] * 1.2 or 1]))
    bars = alt.Chart(_data(rows)).mark_bar().encode(x=x, y=y, color=alt.Color("tone:N", scale=None))
    align, dx = _label_side(top[0], [month for month, _ in months])
    label = alt.Chart(_data([peak])).mark_text(baseline="bottom", dy=-3, align=align, dx=dx).encode(x=x, y=y, text="label:N")
    told = "；".join(f"{words.month_number(m)} 月 {words.ten_thousands(v)} 万元" for m, v in months if v)
    chart = (bars + label).properties(width=SMALL, height=84)
    return Chart(name, f"{campaign}按月金额", f"柱状图，单位万元，自 0 起。{told or '各月均为 0'}。", chart)


def rate_bars(name: str, rates: Sequence[Rate], province: Rate | None) -> Chart:
    """One rate by group, with the province as a line across."""
    title = rates[0].indicator_name
    rows = [
        {"group": r.org_name, "rate": float(r.value), "label": words.percent(r.value), "edge": 1.16}
        for r in rates
        if r.value is not None
    ]
    scale = alt.Scale(domain=[0, 1.16])
    x = alt.X("rate:Q", scale=scale, title=None, axis=alt.Axis(values=[0, 0.5, 1], format=".0%", labelColor=MUTED))
    base = alt.Chart(_data(rows)).encode(y=alt.Y("group:N", sort=None, title=None))
    bars = base.mark_bar(color=SOFT, height=14).encode(x=x)
    # The labels stand in a column of their own, where the line of the province cannot cross them.
    layers = bars + base.mark_text(align="right").encode(x=alt.X("edge:Q", scale=scale), text="label:N")
    told = "；".join(f"{r.org_name} {words.measure(r.value, 'share')}" for r in rates)
    if province and province.value is not None:
        line = alt.Chart(_data([{"rate": float(province.value)}])).mark_rule(color=ACCENT, strokeWidth=2).encode(x=x)
        layers = layers + line
        told += f"；全省 {words.percent(province.value)}（竖线）"
    return Chart(name, f"{title}（按行业组）", f"横向条形图，自 0 起。{told}。", layers.properties(width=WIDE, height=alt.Step(25)))


def target_course(points: Sequence[TargetPoint]) -> Chart:
    """One target over its plan: the straight path, what was reached, and the forecast of the end."""
    last = points[-1]
    is_share = words.UNITS.get(last.unit, last.unit) == "%"
    start, end = last.plan_first_day, last.plan_last_day
    path = [{"day": _day(start), "value": 0.0}, {"day": _day(end), "value": float(last.target)}]
    if first := next((p for p in points if p.path_value is not None), None):
        path[0] = {"day": _day(first.last_day), "value": float(first.path_value or 0)}
    reached = [{"day": _day(p.last_day), "value": float(p.actual)} for p in points if p.actual is not None]
    ahead = [] if last.forecast is None else [{"day": _day(end), "value": float(last.forecast)}]
    years, width = range(start.year, end.year + 1), WIDE + 40
    highest = max([r["value"] for r in (*path, *reached, *ahead)], default=1.0)
    x = alt.X(
        "day:T",
        title=None,
        scale=alt.Scale(domain=[_day(start), _day(date(end.year + 1, 1, 1))]),
        axis=alt.Axis(
            values=[_day(date(year, 1, 1)) for year in years],
            format="%Y",
            labelOffset=width / len(years) / 2,
            domain=True,
            domainColor="#aab3bd",
        ),
    )
    y = alt.Y(
        "value:Q",
        title=None,
        scale=alt.Scale(domain=[0, max(highest * 1.15, 1.0 if is_share else 0.0)], nice=not is_share),
        axis=alt.Axis(format=".0%" if is_share else ",", tickCount=5),
    )

    def layer(rows: list[dict[str, Any]]) -> alt.Chart:
        return alt.Chart(_data(rows)).encode(x=x, y=y)

    course = layer(path).mark_line(color=MUTED, strokeDash=[5, 4], strokeWidth=1.5)
    goal = layer([{**path[-1], "label": f"目标 {words.measure(last.target, last.unit)}"}])
    is_above = last.forecast is not None and last.forecast >= last.target
    chart = course + goal.mark_text(align="right", dy=16 if is_above else -10, color=MUTED).encode(text="label:N")
    if reached:
        if ahead:
            chart = chart + layer([reached[-1], *ahead]).mark_line(color=ACCENT, strokeDash=[1, 4], strokeWidth=1.5)
        now = [{**reached[-1], "label": f"实际 {words.measure(last.actual, last.unit)}"}]
        chart = chart + layer(reached).mark_line(color=ACCENT, strokeWidth=2.5, point=alt.OverlayMarkDef(color=ACCENT, size=36))
        chart = chart + layer(now).mark_text(align="left", dx=8, dy=14, color=ACCENT, fontWeight="bold").encode(text="label:N")
    if ahead:
        mark = [{**ahead[0], "label": f"预测 {words.measure(last.forecast, last.unit)}"}]
        chart = chart + layer(mark).mark_point(shape="diamond", size=70, color=ACCENT, fill="white", strokeWidth=2)
        chart = chart + layer(mark).mark_text(align="right", dy=-12 if is_above else 18, color=ACCENT).encode(text="label:N")
    told = f"虚线为直线路径，实线为实际，菱形为期末预测。截至 {last.period}：{target_words(last)}。"
    return Chart(f"chart-target-{last.target_id.lower()}", last.name_zh, told, chart.properties(width=width, height=200))


def target_words(point: TargetPoint) -> str:
    """Where a target stands, as one phrase."""
    facts = (("实际", point.actual), ("路径应达", point.path_value), ("期末预测", point.forecast), ("目标", point.target))
    return "，".join(f"{name} {words.measure(value, point.unit)}" for name, value in facts) + f"，{words.PACE[point.verdict]}"


def _data(rows: list[dict[str, Any]]) -> alt.Data:
    return alt.Data(values=rows)


def _day(value: date) -> str:
    return value.isoformat()


def _label_side(month: str, months: list[str]) -> tuple[str, int]:
    """Where the label of the highest bar goes, so that it stays within the plot at either end."""
    place = months.index(month)
    if place <= 1:
        return "left", -6
    return ("right", 6) if place >= len(months) - 2 else ("center", 0)
