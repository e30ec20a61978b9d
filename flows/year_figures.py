"""Where the year stands, for people: its targets as a table, and which indicators have no value and why."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from flows.speech import Speaker
from flows.tables import Draw

if TYPE_CHECKING:
    from connectors.report.standing import Standing

PACE_EN = {"met": "met", "ahead": "ahead", "on_path": "on path", "behind": "behind", "no_data": "no data"}


def draw_targets(standing: Standing, speaker: Speaker, draw: Draw) -> str:
    """Every target of the province: what was reached, what a straight path asks for by now, the goal and the verdict."""
    from connectors.report import words

    rows: list[list[object]] = [
        [
            target.target_id,
            speaker.words(target.name_zh, target.name_en),
            _value(target.actual, target.unit, speaker),
            _value(target.path_value, target.unit, speaker),
            _value(target.forecast, target.unit, speaker),
            _value(target.target, target.unit, speaker),
            speaker.words(words.PACE[target.verdict], PACE_EN[target.verdict]),
        ]
        for target in standing.targets
    ]
    headings = speaker.words("编号 目标 实际 路径应达 期末预测 目标值 进度", "id target actual path forecast goal pace")
    return draw(headings.split(), rows, (2, 3, 4, 5))


def draw_indicators(standing: Standing, speaker: Speaker, draw: Draw) -> str:
    """How many indicators have a value, and each that has none with the reason."""
    known = standing.indicators - len(standing.missing)
    said = speaker.words(
        f"{standing.year} 年 {standing.indicators} 项指标：{known} 项有数值，{len(standing.missing)} 项暂无数据。",
        f"{standing.indicators} indicators of {standing.year}: {known} with a value, {len(standing.missing)} without.",
    )
    if not standing.missing:
        return said
    rows: list[list[object]] = [
        [gap.indicator_id, speaker.words(gap.name_zh, gap.name_en), gap.reason] for gap in standing.missing
    ]
    headings = speaker.words("代号 指标 原因", "id indicator reason").split()
    return f"{said}\n\n{draw(headings, rows, ())}"


def _value(value: Decimal | None, unit: str, speaker: Speaker) -> str:
    from connectors.report import words

    if value is None:
        return "—"
    if speaker.lang == "zh":
        return words.estimate(value, unit)
    rounded = words.estimate(value, unit).split(" ")[0]
    return rounded if rounded.endswith("%") else f"{rounded} {unit}"
