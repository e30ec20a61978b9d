"""Why an indicator has no value: which form is missing, or what cannot be divided or compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import class_row

from connectors.report.figures.indicators import IndicatorValue
from connectors.report.figures.release import Span
from connectors.report.figures.sources import Source
from expectations.contract import forms

WORDS = {
    "zh": {
        "not_expected": "《{title}》本期无应报",
        "awaited": "《{title}》应报 {expected} 份，尚未到期",
        "missing": "《{title}》应报 {expected} 份，均未报送或未被采用",
        "zero": "{measure}为 0，比率无法计算",
        "no_year_before": "上年没有可比数据",
        "no_rows": "已采用的报表中没有可用于计算的数据",
        "and": "；",
    },
    "en": {
        "not_expected": "{title}: none expected",
        "awaited": "{title}: {expected} expected, not due yet",
        "missing": "{title}: {expected} expected, none accepted",
        "zero": "nothing to divide by: {measure} is 0",
        "no_year_before": "nothing to compare with in the year before",
        "no_rows": "nothing in the accepted submissions to compute it from",
        "and": "; ",
    },
}
"""Why there is no value, by language."""


@dataclass(frozen=True, slots=True)
class FormAnswers:
    """The answers of one form whose periods end in the span: how many were expected, accepted, and not due yet."""

    form_id: str
    title: str
    expected: int
    accepted: int
    awaited: int


def read_form_answers(conn: psycopg.Connection[Any], span: Span) -> dict[str, FormAnswers]:
    """Each form with a period that ends in the span."""
    with conn.cursor(row_factory=class_row(FormAnswers)) as cursor:
        found = cursor.execute(
            "select c.form_id, c.form_title as title, count(*) filter (where c.expected) as expected,"
            " count(*) filter (where c.accepted) as accepted, count(*) filter (where c.state = 'awaited') as awaited"
            " from bi.completeness c join bi.period p using (period)"
            " where p.last_day between %s and %s group by c.form_id, c.form_title",
            (span.first_day, span.last_day),
        )
        return {answers.form_id: answers for answers in found}


def why_absent(
    value: IndicatorValue,
    sources: Mapping[str, Source],
    answers: Mapping[str, FormAnswers],
    lang: str = "zh",
) -> str:
    """One clause on why `value` is None."""
    words = WORDS[lang]
    # A register is handed in when it changes, and expected in no period.
    titles = {f.form_id: f.title_en if lang == "en" else f.title_zh for f in forms().values() if not f.is_register}
    feeding = dict.fromkeys(form for m in value.measures if m in sources for form in sources[m].forms)
    unanswered = [_unanswered(titles[form], answers.get(form), words) for form in feeding if form in titles]
    if said := words["and"].join(clause for clause in unanswered if clause):
        return said
    if value.denominator_measure and not value.denominator:
        return words["zero"].format(measure=_measure_name(sources.get(value.denominator_measure), value, lang))
    return words["no_year_before" if value.subtracted_measure else "no_rows"]


def absences(
    values: Iterable[IndicatorValue],
    sources: Mapping[str, Source],
    answers: Mapping[str, FormAnswers],
    lang: str = "zh",
) -> dict[str, str]:
    """The reason for each indicator without a value, by its id."""
    return {v.indicator_id: why_absent(v, sources, answers, lang) for v in values if v.value is None}


def _measure_name(source: Source | None, value: IndicatorValue, lang: str) -> str:
    return source.name_zh if source and lang == "zh" else str(value.denominator_measure)


def _unanswered(title: str, found: FormAnswers | None, words: Mapping[str, str]) -> str:
    if found is None or not found.expected + found.accepted:
        return words["not_expected"].format(title=title)
    if found.accepted:
        return ""
    state = "awaited" if found.awaited == found.expected else "missing"
    return words[state].format(title=title, expected=found.expected)
