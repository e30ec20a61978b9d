"""Where a year stands in a few facts: its targets, and which indicators have a value; for the end of a run."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.rows import class_row

from connectors.report.figures.absence import absences, read_form_answers
from connectors.report.figures.indicators import read_province_values
from connectors.report.figures.release import read_release, span_of
from connectors.report.figures.sources import read_sources
from expectations.periods import parse_period

_TABLES = ("indicator", "indicator_value", "period", "release", "target_progress", "completeness")

_TARGETS = """
    select target_id, name_zh, name_en, unit, actual, path_value, forecast, target, verdict
    from bi.target_progress where org_level = 'province' and period = %s order by target_id
"""

_NAMES = "select indicator_id, name_zh, name_en from bi.indicator"


@dataclass(frozen=True, slots=True)
class TargetStanding:
    """One target of the province at the end of the year, or so far; values in the target's `unit`, None without data."""

    target_id: str
    name_zh: str
    name_en: str
    unit: str
    actual: Decimal | None
    path_value: Decimal | None
    forecast: Decimal | None
    target: Decimal
    verdict: str


@dataclass(frozen=True, slots=True)
class MissingIndicator:
    """An indicator of the province without a value in the year, and why, in the language asked for."""

    indicator_id: str
    name_zh: str
    name_en: str
    reason: str


@dataclass(frozen=True, slots=True)
class Standing:
    """The targets of a year, how many indicators there are, and those without a value."""

    year: str
    targets: tuple[TargetStanding, ...]
    indicators: int
    missing: tuple[MissingIndicator, ...]


def read_standing(conn: psycopg.Connection[Any], year: str, lang: str = "zh") -> Standing | None:
    """Where the province stands in a year in the current release; None before the first."""
    unmade = "select 1 from unnest(%s::text[]) as name where to_regclass('bi.' || name) is null limit 1"
    release = None if conn.execute(unmade, (list(_TABLES),)).fetchone() else read_release(conn)
    if release is None:
        return None
    with conn.cursor(row_factory=class_row(TargetStanding)) as cursor:
        targets = tuple(cursor.execute(_TARGETS, (year,)))
    values = read_province_values(conn, year)
    answers = read_form_answers(conn, span_of(parse_period(year), release.night))
    reasons = absences(values, read_sources(conn, year), answers, lang)
    names = {indicator: (zh, en) for indicator, zh, en in conn.execute(_NAMES)}
    missing = tuple(MissingIndicator(indicator, *names[indicator], reason) for indicator, reason in reasons.items())
    return Standing(year, targets, len(values), missing)
