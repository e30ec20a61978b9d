"""All targets in one picture: how far each has come towards its goal, and where a straight path would be."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import altair as alt

from connectors.report import words
from connectors.report.drawing import ACCENT, INK, MUTED, SOFT, WIDE, Chart, layer, names_axis
from connectors.report.figures.targets import TargetPoint

_MOST = Decimal("1.5")
"""What has gone further beyond its goal is drawn so far; its label says how far it is."""


def target_bullets(targets: Sequence[TargetPoint]) -> Chart:
    """A bar per target from 0 to its actual value, as a share of its goal; a stroke where a straight path would be."""
    rows: list[dict[str, Any]] = []
    for t in targets:
        share = _share(t.actual, t.target)
        path = _share(t.path_value, t.target)
        rows.append(
            {
                "target": f"{t.target_id} {t.name_zh}",
                "share": float(min(share, _MOST)) if share is not None else 0.0,
                "path": float(path) if path is not None else None,
                "goal": 1.0,
                "edge": 2.1,
                "label": words.NO_VALUE
                if t.actual is None
                else f"{words.measure(t.actual, t.unit)} / {words.measure(t.target, t.unit)}",
            }
        )
    scale = alt.Scale(domain=[0, 2.1])
    axis = alt.Axis(values=[0, 0.5, 1, 1.5], format=".0%", labelColor=MUTED)
    y = alt.Y("target:N", sort=None, title=None, axis=names_axis(row["target"] for row in rows))
    base = layer(rows).encode(y=y)

    def across(field: str) -> alt.X:
        return alt.X(f"{field}:Q", scale=scale, title=None, axis=axis)

    chart = base.mark_bar(color="#e8edf2", height=18).encode(x=across("goal"))
    chart = chart + base.mark_bar(color=SOFT, height=10).encode(x=across("share"))
    chart = chart + layer([{"goal": 1.0}]).mark_rule(color=ACCENT, strokeWidth=1.5).encode(x=across("goal"))
    ticks = layer([row for row in rows if row["path"] is not None]).encode(y=y)
    chart = chart + ticks.mark_tick(color=INK, thickness=2, height=18).encode(x=across("path"))
    # The labels stand in a column of their own, where no bar can cross them.
    chart = chart + base.mark_text(align="right", fontSize=11).encode(x=across("edge"), text="label:N")
    told = "；".join(
        f"{t.name_zh}实际 {words.measure(t.actual, t.unit)}，目标 {words.measure(t.target, t.unit)}，{words.PACE[t.verdict]}"
        for t in targets
    )
    return Chart(
        "chart-targets",
        "各项目标的完成程度（实际 ÷ 目标）",
        f"横向子弹图，自 0 起，短竖线为直线路径应达，长竖线为目标。{told}。",
        chart.properties(width=WIDE + 130, height=alt.Step(30)),
    )


def _share(value: Decimal | None, target: Decimal) -> Decimal | None:
    return None if value is None or not target else max(Decimal(0), value / target)
