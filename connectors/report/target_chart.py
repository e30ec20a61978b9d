"""The chart of a target: where a straight path leads, where the actual values went, and where they are heading."""

from __future__ import annotations

from datetime import date
from typing import Any

import altair as alt

from connectors.report import words
from connectors.report.drawing import ACCENT, MUTED, WIDE, Chart, layer, moment
from connectors.report.figures.targets import Course, TargetPoint

_ROOM_FOR_LABEL = 0.13
"""Share of the plot's height that the label of the actual value takes up."""


def target_course(course: Course) -> Chart:
    """One target over its plan: the straight path, what was reached, and the forecast of the end."""
    last, points = course.now, course.steps
    is_share = words.UNITS.get(last.unit, last.unit) == "%"
    start, end = last.plan_first_day, last.plan_last_day
    path: list[dict[str, Any]] = [
        {"day": moment(start), "value": 0.0},
        {"day": moment(end), "value": float(last.target)},
    ]
    if first := next((p for p in points if p.path_value is not None), None):
        path[0] = {"day": moment(first.as_of_day), "value": float(first.path_value or 0)}
    reached: list[dict[str, Any]] = [
        {"day": moment(p.as_of_day), "value": float(p.actual)} for p in points if p.actual is not None
    ]
    ahead: list[dict[str, Any]] = [] if last.forecast is None else [{"day": moment(end), "value": float(last.forecast)}]
    years, width = range(start.year, end.year + 1), WIDE + 40
    highest = max([r["value"] for r in (*path, *reached, *ahead)], default=1.0)
    x = alt.X(
        "day:T",
        title=None,
        scale=alt.Scale(domain=[moment(start), moment(date(end.year + 1, 1, 1))]),
        axis=alt.Axis(
            values=[moment(date(year, 1, 1)) for year in years],
            format="%Y",
            labelOffset=width / len(years) / 2,
            labelBound=False,
            labelFlush=False,
            domain=True,
            domainColor="#aab3bd",
        ),
    )
    y = alt.Y(
        "value:Q",
        title=None,
        scale=alt.Scale(domain=[0, max(highest * 1.15, 1.0 if is_share else 0.0)], nice=not is_share),
        axis=alt.Axis(format=".0%" if is_share else ",f", tickCount=5),
    )

    def along(rows: list[dict[str, Any]]) -> alt.Chart:
        return layer(rows).encode(x=x, y=y)

    straight = along(path).mark_line(color=MUTED, strokeDash=[5, 4], strokeWidth=1.5)
    goal = along([{**path[-1], "label": f"目标 {words.measure(last.target, last.unit)}"}])
    is_above = last.forecast is not None and last.forecast >= last.target
    chart = straight + goal.mark_text(align="right", dy=30 if is_above else -10, color=MUTED).encode(text="label:N")
    if reached:
        if ahead:
            chart = chart + along([reached[-1], *ahead]).mark_line(color=ACCENT, strokeDash=[1, 4], strokeWidth=1.5)
        chart = chart + along(reached).mark_line(
            color=ACCENT, strokeWidth=2.5, point=alt.OverlayMarkDef(color=ACCENT, size=36)
        )
        # Below the end of both lines, which rise from there; where that is too near the axis, the table beside says it.
        lowest = min(reached[-1]["value"], float(last.path_value or 0))
        if lowest > highest * _ROOM_FOR_LABEL:
            now = [{**reached[-1], "value": lowest, "label": f"实际 {words.measure(last.actual, last.unit)}"}]
            label = along(now).mark_text(align="left", dx=4, dy=14, color=ACCENT, fontWeight="bold")
            chart = chart + label.encode(text="label:N")
    if ahead:
        mark = [{**ahead[0], "label": f"预测 {words.estimate(last.forecast, last.unit)}"}]
        chart = chart + along(mark).mark_point(shape="diamond", size=70, color=ACCENT, fill="white", strokeWidth=2)
        chart = chart + along(mark).mark_text(align="right", dy=-12 if is_above else 18, color=ACCENT).encode(
            text="label:N"
        )
    told = f"虚线为直线路径，实线为实际，菱形为期末预测。截至 {words.day(last.as_of_day)}：{target_words(last)}。"
    return Chart(
        f"chart-target-{last.target_id.lower()}", last.name_zh, told, chart.properties(width=width, height=200)
    )


def target_words(point: TargetPoint) -> str:
    """Where a target stands, as one phrase."""
    facts = (
        ("实际", words.measure(point.actual, point.unit)),
        ("路径应达", words.estimate(point.path_value, point.unit)),
        ("期末预测", words.estimate(point.forecast, point.unit)),
        ("目标", words.measure(point.target, point.unit)),
    )
    return "，".join(f"{name} {value}" for name, value in facts) + f"，{words.PACE[point.verdict]}"
