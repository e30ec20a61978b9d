"""Charts: one specification each, honest axes, and pictures that may stand beside each other."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connectors.report import charts
from connectors.report.bullet_chart import target_bullets
from connectors.report.drawing import Chart
from connectors.report.figures.targets import Course, TargetPoint
from connectors.report.svg import inline
from connectors.report.tables import CampaignTotal, Rate
from connectors.report.target_chart import target_course


def point(last_day: date, actual: str | None, verdict: str = "ahead") -> TargetPoint:
    return TargetPoint(
        target_id="T10",
        indicator_id="smart_union_rate",
        name_zh="智慧工会建设率",
        unit="share",
        period="2021",
        period_type="quarter",
        as_of_day=last_day,
        actual=None if actual is None else Decimal(actual),
        target=Decimal("0.8"),
        path_value=Decimal("0.16"),
        forecast=None if actual is None else Decimal(1),
        verdict=verdict,
        plan_first_day=date(2021, 1, 1),
        plan_last_day=date(2025, 12, 31),
    )


def every_chart() -> list[Chart]:
    quarters = tuple(point(day, "0.24") for day in (date(2021, 3, 31), date(2021, 12, 31)))
    rate = Rate("smart_union_rate", "智慧工会建设率", "航天组", Decimal("0.5"), Decimal(1), Decimal(2))
    return [
        charts.campaign_bars([CampaignTotal("a", "送清凉", Decimal("35598540"), Decimal(1), 3)], "金额"),
        charts.campaign_months(
            "m", "送清凉", [("2021-01", Decimal(0)), ("2021-02", Decimal(5))], frozenset(["2021-02"])
        ),
        charts.campaign_months("z", "送清凉", [("2021-01", Decimal(0))], frozenset()),
        charts.rate_bars("r", [rate], rate),
        charts.rate_bars("q", [rate], None),
        target_bullets([quarters[-1]]),
        target_course(Course(quarters[-1], quarters)),
        target_course(Course(point(date(2021, 3, 31), "0.01"), quarters[:1])),
        target_course(Course(point(date(2021, 3, 31), None, "no_data"), (point(date(2021, 3, 31), None, "no_data"),))),
    ]


def scales(specification: Any) -> list[Any]:
    if isinstance(specification, dict):
        found = [specification["scale"]["domain"]] if "domain" in (specification.get("scale") or {}) else []
        return found + [domain for part in specification.values() for domain in scales(part)]
    return [domain for part in specification for domain in scales(part)] if isinstance(specification, list) else []


@pytest.mark.parametrize("chart", every_chart(), ids=lambda chart: chart.name)
def test_a_chart_is_one_specification(chart: Chart) -> None:
    assert not {"hconcat", "vconcat", "concat", "facet", "repeat"} & set(chart.specification.to_dict())


@pytest.mark.parametrize("chart", every_chart(), ids=lambda chart: chart.name)
def test_axes_of_amounts_and_rates_start_at_0(chart: Chart) -> None:
    numeric = [domain for domain in scales(chart.specification.to_dict()) if not isinstance(domain[0], str)]
    assert numeric
    assert {domain[0] for domain in numeric} == {0}
    assert "自 0 起" in chart.description or "路径" in chart.description


@pytest.mark.parametrize("chart", every_chart(), ids=lambda chart: chart.name)
def test_a_picture_is_drawn_with_its_title_and_description(chart: Chart) -> None:
    drawn = str(chart.svg())
    assert f'<title id="{chart.name}-title">{chart.title}</title>' in drawn
    assert f'<desc id="{chart.name}-desc">' in drawn
    assert 'font-family="Noto Sans CJK SC, PingFang SC, Microsoft YaHei, sans-serif"' in drawn


def test_the_axis_of_a_large_target_is_written_out() -> None:
    goal = replace(point(date(2021, 12, 31), "1900"), unit="persons", target=Decimal(10000), path_value=Decimal(1999))
    drawn = str(target_course(Course(goal, (goal,))).svg())
    assert ">10,000<" in drawn
    assert "e+" not in drawn


def test_all_targets_stand_in_one_picture_and_the_farthest_is_cut_but_told() -> None:
    far = replace(point(date(2021, 12, 31), "24"), target_id="T07", unit="units", target=Decimal(10), path_value=None)
    chart = target_bullets([point(date(2021, 12, 31), "0.4"), far, point(date(2021, 12, 31), None, "no_data")])
    lists = list(chart.specification.to_dict()["datasets"].values())
    bars = next(rows for rows in lists if len(rows) == 3)
    assert [bar["share"] for bar in bars] == [0.5, 1.5, 0.0]
    assert [bar["label"] for bar in bars] == ["40.0% / 80.0%", "24 家 / 10 家", "暂无数据"]
    ticks = next(rows for rows in lists if len(rows) == 2)
    assert [tick["path"] for tick in ticks] == [0.2, 0.2]


def test_ids_of_two_pictures_do_not_collide() -> None:
    drawn = (
        '<svg class="marks" width="10" height="10" viewBox="0 0 10 10"><defs><clipPath id="clip0"></clipPath></defs>'
        '<g clip-path="url(#clip0)" role="graphics-symbol" aria-label="x"><use href="#clip0"/></g></svg>'
    )
    first, second = inline(drawn, "a", "一", "甲"), inline(drawn, "b", "二", "乙")
    assert 'id="a-clip0"' in first
    assert 'clip-path="url(#a-clip0)"' in first
    assert 'href="#a-clip0"' in first
    assert "clip0" not in second.replace("b-clip0", "")
    assert "graphics-symbol" not in first


def test_only_coordinates_lose_digits() -> None:
    drawn = '<svg viewBox="0 0 1 1"><text x="1.23456">3,559.854</text></svg>'
    assert '<text x="1.23">3,559.854</text>' in inline(drawn, "a", "一", "甲 <乙>")
    assert "甲 &lt;乙&gt;" in inline(drawn, "a", "一", "甲 <乙>")


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="viewBox"):
        inline("<p></p>", "a", "", "")


@pytest.mark.parametrize("name", ["爱心大礼包及慰问金", "T12 基层工会干部培训覆盖(两轮)"])
def test_a_long_name_has_room_whatever_fonts_this_machine_has(name: str) -> None:
    drawn = str(charts.campaign_bars([CampaignTotal("a", name, Decimal(5), Decimal(1), 3)], "金额").svg())
    left = -float(re.search(r'viewBox="([-\d.]+) ', drawn)[1])  # type: ignore[index] - every picture has one
    shift = float(re.search(r"translate\(([\d.]+),", drawn)[1])  # type: ignore[index] - the plot stands right of its names
    assert left + shift > sum(12 if ord(c) > 255 else 6 for c in name)
