"""The account of a year as a whole, before it is drawn as a page or a document."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.report import words
from connectors.report.figures import Figures
from connectors.report.year_account.appendix import Absence, SourceRow, absent_rows, source_rows
from connectors.report.year_account.prose import Chapter, compose


@dataclass(frozen=True, slots=True)
class Account:
    """Everything that both files show. `notices` stand at the head: that the data are a sample, that the year goes on."""

    union: str
    title: str
    facts: tuple[str, ...]
    notices: tuple[str, ...]
    opening: Chapter
    chapters: tuple[Chapter, ...]
    sources: tuple[SourceRow, ...]
    absences: tuple[Absence, ...]


def make_account(figures: Figures) -> Account:
    """The account of the year that the figures are about."""
    from expectations.contract import forms

    titles = {form.form_id: form.title_zh for form in forms().values()}
    opening, chapters, citations = compose(figures)
    notices = []
    if figures.organisation.is_sample:
        notices.append(f"样例数据。{words.SAMPLE_NOTICE}")
    if figures.span.last_day < figures.period.last_day:
        notices.append(f"本年尚未结束，以下为截至 {words.day(figures.span.last_day)}的数字。")
    release = figures.release
    return Account(
        union=figures.organisation.name,
        title=f"{figures.period.id} 年度工作报告",
        facts=(
            f"数据截至 {words.day(release.night)}夜间处理",
            f"第 {release.release_id} 次发布",
            f"发布于 {release.published_at:%Y-%m-%d %H:%M}（北京时间）",
        ),
        notices=tuple(notices),
        opening=opening,
        chapters=chapters,
        sources=source_rows(figures, citations, titles),
        absences=absent_rows(figures),
    )
