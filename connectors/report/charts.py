"""The charts of amounts and rates: one Altair specification each.

Labels are made from exact decimals before they come here; floats only place the marks. Every axis starts at 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal

import altair as alt

from connectors.report import words
from connectors.report.drawing import ACCENT, MUTED, SMALL, SOFT, WIDE, Chart, layer, names_axis
from connectors.report.tables import CampaignTotal, Rate


def campaign_bars(totals: Sequence[CampaignTotal], title: str) -> Chart:
    """Money by campaign, the largest first; labels in 万元."""
    rows: list[dict[str, Any]] = [
        {"campaign": t.name, "money": float(t.money_cny / 10_000), "label": words.rounded(t.money_cny / 10_000, 2)}
        for t in totals
    ]
    longest = max((r["money"] for r in rows), default=0.0)
    base = layer(rows).encode(
        y=alt.Y("campaign:N", sort=None, title=None, axis=names_axis(t.name for t in totals)),
        x=alt.X("money:Q", axis=None, scale=alt.Scale(domain=[0, longest * 1.3 or 1])),
    )
    chart = base.mark_bar(color=ACCENT, height=16) + base.mark_text(align="left", dx=6).encode(text="label:N")
    told = "；".join(f"{t.name} {words.ten_thousands(t.money_cny)} 万元" for t in totals)
    return Chart(
        "chart-campaigns",
        title,
        f"横向条形图，单位万元，自 0 起。{told}。",
        chart.properties(width=WIDE, height=alt.Step(30)),
    )


def campaign_months(name: str, campaign: str, months: Sequence[tuple[str, Decimal]], current: frozenset[str]) -> Chart:
    """Money of one campaign month by month, on a scale of its own; months outside the period are pale."""
    rows: list[dict[str, Any]] = [
        {"month": words.month_number(month), "money": float(cny / 10_000), "tone": ACCENT if month in current else SOFT}
        for month, cny in months
    ]
    top = max(months, key=lambda pair: pair[1])
    peak: dict[str, Any] = {
        "month": words.month_number(top[0]),
        "money": float(top[1] / 10_000),
        "label": words.rounded(top[1] / 10_000, 2),
    }
    x = alt.X(
        "month:O",
        sort=None,
        title=None,
        scale=alt.Scale(paddingInner=0.3),
        axis=alt.Axis(
            values=[row["month"] for row in rows[:: 2 if len(rows) > 6 else 1]],
            labelAngle=0,
            labelFontSize=11,
            domain=True,
            domainColor="#aab3bd",
        ),
    )
    y = alt.Y("money:Q", axis=None, scale=alt.Scale(domain=[0, peak["money"] * 1.2 or 1]))
    bars = layer(rows).mark_bar(size=10).encode(x=x, y=y, color=alt.Color("tone:N", scale=None))
    align, dx = _label_side(top[0], [month for month, _ in months])
    label = layer([peak]).mark_text(baseline="bottom", dy=-3, align=align, dx=dx).encode(x=x, y=y, text="label:N")
    told = "；".join(f"{words.month_number(m)} 月 {words.ten_thousands(v)} 万元" for m, v in months if v)
    chart = (bars + label).properties(width=SMALL, height=84)
    return Chart(name, f"{campaign}按月金额", f"柱状图，单位万元，自 0 起。{told or '各月均为 0'}。", chart)


def rate_bars(name: str, rates: Sequence[Rate], province: Rate | None) -> Chart:
    """One rate by group, with the province as a line across."""
    title = rates[0].indicator_name
    rows: list[dict[str, Any]] = [
        {"group": r.org_name, "rate": float(r.value), "label": words.percent(r.value), "edge": 1.16}
        for r in rates
        if r.value is not None
    ]
    scale = alt.Scale(domain=[0, 1.16])
    x = alt.X("rate:Q", scale=scale, title=None, axis=alt.Axis(values=[0, 0.5, 1], format=".0%", labelColor=MUTED))
    y = alt.Y("group:N", sort=None, title=None, axis=names_axis(r.org_name for r in rates))
    base = layer(rows).encode(y=y)
    bars = base.mark_bar(color=SOFT, height=14).encode(x=x)
    # The labels stand in a column of their own, where the line of the province cannot cross them.
    layers = bars + base.mark_text(align="right").encode(x=alt.X("edge:Q", scale=scale), text="label:N")
    told = "；".join(f"{r.org_name} {words.measure(r.value, 'share')}" for r in rates)
    if province and province.value is not None:
        line = layer([{"rate": float(province.value)}]).mark_rule(color=ACCENT, strokeWidth=2).encode(x=x)
        layers = layers + line
        told += f"；全省 {words.percent(province.value)}（竖线）"
    return Chart(
        name,
        f"{title}（按行业组）",
        f"横向条形图，自 0 起。{told}。",
        layers.properties(width=WIDE, height=alt.Step(25)),
    )


def _label_side(month: str, months: list[str]) -> tuple[Literal["left", "center", "right"], int]:
    """Where the label of the highest bar goes, so that it stays within the plot at either end."""
    place = months.index(month)
    if place <= 1:
        return "left", -6
    return ("right", 6) if place >= len(months) - 2 else ("center", 0)
