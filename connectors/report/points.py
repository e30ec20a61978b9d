"""The few sentences at the top of the page: what a reader with one minute should know."""

from __future__ import annotations

from connectors.report import words
from connectors.report.figures import Figures
from connectors.report.grid import Missing
from connectors.report.tables import campaign_totals, verdict_counts

HEADLINES = ("relief_paid", "relief_persons", "relief_units_reached", "submission_completeness")
"""The indicators that stand at the top in large type."""


def key_points(figures: Figures, missing: tuple[Missing, ...]) -> list[str]:
    """Sentences about money, published figures, targets, returns and waiting rows; only about what there is."""
    points = [
        _money(figures),
        _published(figures),
        _targets(figures),
        _returns(figures, missing),
        _waiting(figures),
    ]
    return [point for point in points if point]


def _money(figures: Figures) -> str:
    paid = figures.value("relief_paid")
    if paid is None or paid.value is None:
        return ""
    text = f"{paid.name_zh} {words.money(paid.value)}"
    campaigns = campaign_totals(figures.relief)
    if campaigns:
        first = campaigns[0]
        text += f"，其中最多的是{first.name}，占 {words.percent(first.share)}"
    return text + "。"


def _published(figures: Figures) -> str:
    counts = verdict_counts(figures)
    if not counts:
        return ""
    agreed = counts.get("equal", 0) + counts.get("within", 0)
    text = f"对外公布的 {sum(counts.values())} 项数字，{agreed} 项与报表汇总一致或在限定范围内"
    if counts.get("differs"):
        text += f"，{counts['differs']} 项不符"
    if counts.get("no_data"):
        text += f"，{counts['no_data']} 项尚无数据"
    return text + "。"


def _targets(figures: Figures) -> str:
    verdicts = [course.now.verdict for course in figures.targets]
    if not verdicts:
        return ""
    counted = [f"{verdicts.count(v)} 项{words.PACE[v]}" for v in words.PACE if v in verdicts]
    text = f"{len(verdicts)} 项规划目标：{'，'.join(counted)}"
    behind = [course.now.name_zh for course in figures.targets if course.now.verdict == "behind"]
    return text + (f"；滞后的是{'、'.join(behind)}。" if behind else "。")


def _returns(figures: Figures, missing: tuple[Missing, ...]) -> str:
    completeness = figures.value("submission_completeness")
    if completeness is None or completeness.value is None:
        return ""
    text = f"报送完整率 {words.percent(completeness.value)}"
    timely = figures.value("submission_timeliness")
    if timely and timely.value is not None:
        text += f"，按时报送率 {words.percent(timely.value)}"
    owed = sum(line.count for line in missing)
    return text + (f"；仍有 {len(missing)} 家单位缺报 {owed} 份报表。" if owed else "；应报报表已全部收齐。")


def _waiting(figures: Figures) -> str:
    taken = [w for w in figures.quality.waiting if not w.is_refused]
    refused = len(figures.quality.waiting) - len(taken)
    parts = []
    if taken:
        rows, units = sum(w.rows_quarantined for w in taken), len({w.unit_id for w in taken})
        parts.append(f"{words.number(rows)} 行数据因填写错误未计入，等待 {units} 家单位更正")
    if refused:
        parts.append(f"{words.number(refused)} 份报表已退回，等待重报")
    return "；".join(parts) + "。" if parts else ""
