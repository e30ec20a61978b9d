"""The appendix: what stands behind each figure of the text, numbered as the text cites it, and what has no figure and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connectors.report import words
from connectors.report.figures import Figures
from connectors.report.figures.indicators import IndicatorValue
from connectors.report.figures.sources import Source
from connectors.report.year_account.citations import Citation, Citations

HEADINGS = ("序号", "数据项", "期间", "数值", "分子 / 分母", "发布", "完整率", "来源报表", "源数据行", "追溯命令")
"""The columns of the table of sources."""

UNKNOWN = "—"


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One row of the appendix, ready to print: `cells` stand under `HEADINGS` but the first; `number` is what the text cites."""

    number: int
    name: str
    key: str
    period: str
    value: str
    fraction: str
    release: str
    completeness: str
    forms: str
    rows: str
    command: str

    @property
    def cells(self) -> tuple[str, ...]:
        """The row as the text of its cells, the number left out."""
        return (
            *(f"{self.name}\n{self.key}", self.period, self.value, self.fraction, self.release, self.completeness),
            *(self.forms, self.rows, self.command),
        )


@dataclass(frozen=True, slots=True)
class Absence:
    """An indicator without a value, and why."""

    name: str
    indicator_id: str
    reason: str


def source_rows(figures: Figures, citations: Citations, titles: Mapping[str, str]) -> tuple[SourceRow, ...]:
    """A row for each citation, by its number; `titles` are the names of the forms by id."""
    return tuple(
        _target_row(figures, number, citation.key, titles)
        if citation.kind == "target"
        else _indicator_row(figures, number, citation, titles)
        for citation, number in citations.numbers.items()
    )


def absent_rows(figures: Figures) -> tuple[Absence, ...]:
    """The indicators of the year without a value, in the order of the catalogue."""
    reasons = figures.absences()
    return tuple(
        Absence(v.name_zh, v.indicator_id, reasons[v.indicator_id]) for v in figures.values if v.indicator_id in reasons
    )


def _indicator_row(figures: Figures, number: int, citation: Citation, titles: Mapping[str, str]) -> SourceRow:
    is_now = citation.period == figures.period.id
    values = figures.values if is_now else figures.year_before.values
    sources = figures.sources if is_now else figures.year_before.sources
    value = next(v for v in values if v.indicator_id == citation.key)
    status = words.STATUSES.get(value.status or "", value.status or "")
    return SourceRow(
        number=number,
        name=value.name_zh,
        key=value.indicator_id,
        period=citation.period,
        value=words.measure(value.value, value.unit),
        fraction=_fraction(value),
        release=f"第 {value.release_id or figures.release.release_id} 次（{status}）",
        completeness=UNKNOWN if value.completeness is None else words.percent(value.completeness),
        forms=_forms(value, sources, titles),
        rows=_rows(value, sources),
        command=f"warehouse explain {value.indicator_id} --period {citation.period}",
    )


def _target_row(figures: Figures, number: int, target_id: str, titles: Mapping[str, str]) -> SourceRow:
    target = next(course.now for course in figures.targets if course.now.target_id == target_id)
    indicators = [v for v in map(figures.value, target.indicator_id.split(";")) if v is not None]
    facts = (
        f"实际 {words.measure(target.actual, target.unit)}",
        f"路径应达 {words.estimate(target.path_value, target.unit)}",
        f"目标 {words.measure(target.target, target.unit)}",
    )
    known = [v.completeness for v in indicators if v.completeness is not None]
    # What is gathered over the plan is explained by the plan to date; what is counted anew, or measured at a day, by the year.
    is_gathered = not target.is_of_one_year and target.unit not in ("share", "rounds")
    plan = f"{target.plan_first_day.year}-{target.plan_last_day.year}"
    # A later year's figure ends with that year, and the plan to date goes on to the night of the release.
    is_past = is_gathered and target.period != str(target.plan_first_day.year)
    until = f"（累计至发布之日；本数截至 {target.period} 年末）" if is_past else ""
    commands = [
        f"warehouse explain {v.indicator_id} --period {plan if is_gathered else target.period}{until}"
        for v in indicators
    ]
    return SourceRow(
        number=number,
        name=f"目标：{target.name_zh}",
        key=target.target_id,
        period=target.period,
        value="；".join(facts),
        fraction="；".join(f for f in map(_fraction, indicators) if f != UNKNOWN) or UNKNOWN,
        release=f"第 {figures.release.release_id} 次",
        completeness=words.percent(min(known)) if known else UNKNOWN,
        forms="、".join(dict.fromkeys(_forms(v, figures.sources, titles) for v in indicators)),
        rows=UNKNOWN if is_past else "；".join(dict.fromkeys(_rows(v, figures.sources) for v in indicators)),
        command="；".join(commands),
    )


def _fraction(value: IndicatorValue) -> str:
    """Both sides of a rate or a difference; a dash where the value is a count or an amount itself."""
    if value.numerator is None or value.denominator is None:
        return UNKNOWN
    return f"{words.number(value.numerator)} / {words.number(value.denominator)}"


def _forms(value: IndicatorValue, sources: Mapping[str, Source], titles: Mapping[str, str]) -> str:
    forms = dict.fromkeys(form for m in value.measures if m in sources for form in sources[m].forms)
    return "、".join("全部报表" if form == "all" else titles.get(form, form) for form in forms) or UNKNOWN


def _rows(value: IndicatorValue, sources: Mapping[str, Source]) -> str:
    """The rows behind the numerator, and behind what it is compared with or divided by."""
    counted = [words.number(sources[measure].rows_count) for measure in value.measures if measure in sources]
    return " / ".join(counted) or UNKNOWN
