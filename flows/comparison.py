"""The union's published figures against ours, for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from flows.speech import Speaker
from flows.tables import Draw, draw_table

VERDICTS = {
    "equal": ("相等", "equal"),
    "within": ("在公布口径内", "within its qualifier"),
    "differs": ("不符", "differs"),
    "no_data": ("无数据", "no data"),
}


def draw_comparison(comparison: Sequence[Mapping[str, Any]], speaker: Speaker, draw: Draw = draw_table) -> str:
    """Published figures against ours, one line each."""
    verdict = {key: speaker.words(*words) for key, words in VERDICTS.items()}
    rows: list[list[object]] = [
        [
            row["figure_id"],
            row.get(speaker.words("name_zh", "name_en")) or row["indicator_id"],
            row["period"],
            plain_number(row["published_value"]),
            plain_number(row["computed_value"]),
            verdict.get(row["verdict"], row["verdict"]),
        ]
        for row in comparison
    ]
    headings = speaker.words("编号 指标 期间 公布 计算 结论", "id indicator period published computed verdict").split()
    return draw(headings, rows, (3, 4))


def count_verdicts(comparison: Sequence[Mapping[str, Any]], speaker: Speaker) -> str:
    """How many published figures got each verdict, as one sentence."""
    found = [row["verdict"] for row in comparison]
    counts = [(speaker.words(*said), found.count(key)) for key, said in VERDICTS.items() if key in found]
    return speaker.words(
        f"{len(found)} 项公布数字：" + "，".join(f"{count} 项{said}" for said, count in counts) + "。",
        f"{len(found)} published figures: " + ", ".join(f"{count} {said}" for said, count in counts) + ".",
    )


def plain_number(value: Decimal | None) -> str:
    """A figure with thousands separators and no needless zeros; a dash where there is none."""
    if value is None:
        return "—"
    text = f"{value:,.4f}".rstrip("0").rstrip(".")
    return text
