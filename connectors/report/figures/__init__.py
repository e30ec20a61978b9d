"""The figures of a report: what schema `bi` says about one period, as plain values that know nothing of pages.

Everything is read in one read-only snapshot, so that a page never mixes two releases. How many rows stand behind a figure
is counted in what dbt built that release from.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import psycopg

from connectors.report.figures.absence import FormAnswers, absences, read_form_answers
from connectors.report.figures.completeness import Answer, read_answers
from connectors.report.figures.indicators import IndicatorValue, read_group_rates, read_province_values, read_years
from connectors.report.figures.organisation import Organisation, read_organisation
from connectors.report.figures.published import PublishedFigure, read_published
from connectors.report.figures.quality import Quality, read_quality
from connectors.report.figures.release import Release, Span, read_release, span_of
from connectors.report.figures.relief import ReliefLine, read_relief
from connectors.report.figures.sources import Source, read_sources
from connectors.report.figures.targets import Course, read_targets
from expectations.periods import Period

TABLES = (
    "completeness",
    "data_quality_summary",
    "finding_summary",
    "indicator",
    "indicator_value",
    "period",
    "published_comparison",
    "release",
    "relief_summary",
    "target_progress",
    "unit",
)
"""The tables of schema `bi` that a report reads; before the first release some of them do not exist."""


@dataclass(frozen=True, slots=True)
class YearBefore:
    """The province's values of the year before, and where they come from."""

    values: tuple[IndicatorValue, ...]
    sources: dict[str, Source]


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that one page shows; `years` and `year_before` hold something only where the period is a year."""

    period: Period
    release: Release
    span: Span
    organisation: Organisation
    values: tuple[IndicatorValue, ...]
    years: dict[str, tuple[tuple[int, Decimal | None], ...]]
    year_before: YearBefore
    sources: dict[str, Source]
    form_answers: dict[str, FormAnswers]
    group_rates: tuple[IndicatorValue, ...]
    relief: tuple[ReliefLine, ...]
    targets: tuple[Course, ...]
    published: tuple[PublishedFigure, ...]
    answers: tuple[Answer, ...]
    quality: Quality

    def value(self, indicator_id: str) -> IndicatorValue | None:
        """The province's value of an indicator in the period, or None where there is none."""
        return next((v for v in self.values if v.indicator_id == indicator_id), None)

    def absences(self) -> dict[str, str]:
        """Why each indicator of the province without a value has none, in Chinese, by its id."""
        return absences(self.values, self.sources, self.form_answers)


def read_figures(conn: psycopg.Connection[Any], period: Period) -> Figures | None:
    """The figures of a period in the current release, or None where nothing was published yet."""
    conn.isolation_level, conn.read_only = psycopg.IsolationLevel.REPEATABLE_READ, True
    with conn.transaction():
        release = _current_release(conn)
        if release is None:
            return None
        span = span_of(period, release.night)
        organisation = read_organisation(conn, span.last_day)
        return Figures(
            period=period,
            release=release,
            span=span,
            organisation=organisation,
            values=read_province_values(conn, period.id),
            years=read_years(conn, period.last_day.year) if period.kind == "year" else {},
            year_before=_read_year_before(conn, period),
            sources=read_sources(conn, period.id),
            form_answers=read_form_answers(conn, span),
            group_rates=read_group_rates(conn, period.id),
            relief=read_relief(conn, span),
            targets=read_targets(conn, period.id, span),
            published=read_published(conn, period.id),
            answers=read_answers(conn, span),
            quality=read_quality(conn, span),
        )


def _read_year_before(conn: psycopg.Connection[Any], period: Period) -> YearBefore:
    before = str(period.first_day.year - 1)
    values = read_province_values(conn, before) if period.kind == "year" else ()
    return YearBefore(values, read_sources(conn, before) if values else {})


def _current_release(conn: psycopg.Connection[Any]) -> Release | None:
    missing = conn.execute(
        "select 1 from unnest(%s::text[]) as name where to_regclass('bi.' || name) is null limit 1", (list(TABLES),)
    ).fetchone()
    return None if missing else read_release(conn)
