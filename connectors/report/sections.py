"""What each section of the page is given: tables, charts and sentences."""

from __future__ import annotations

from typing import Any

from connectors.report import charts, grid, words
from connectors.report.bullet_chart import target_bullets
from connectors.report.complaints import plain_words
from connectors.report.figures import Figures
from connectors.report.figures.indicators import IndicatorValue
from connectors.report.heat import heat
from connectors.report.points import HEADLINES, key_points
from connectors.report.tables import campaign_totals, difference, month_series, rate_table
from connectors.report.target_chart import target_course
from connectors.report.trend import trend_table


def sections(figures: Figures) -> dict[str, Any]:
    """Everything that the template `page.html.j2` names."""
    missing = grid.still_missing(figures)
    titles = {form.form_id: form.title_zh for form in _forms()}
    return {
        "figures": figures,
        "titles": titles,
        "pillars": _pillars(figures),
        "absences": figures.absences(),
        "trends": trend_table(figures.values, figures.years),
        "heat": heat(figures.answers, figures.span.months),
        "headlines": [figures.value(indicator) for indicator in HEADLINES],
        "points": key_points(figures, missing),
        "missing": missing,
        "form_counts": grid.form_counts(figures.answers),
        "grid": grid.two_columns(grid.grid(figures)),
        "states": [(grid.MARKS[s], grid.CLASSES[s], grid.STATES[s]) for s in grid.MARKS],
        "difference": difference,
        "complaint": plain_words,
        **_relief(figures),
        **_targets(figures),
        **_coverage(figures),
    }


def _relief(figures: Figures) -> dict[str, Any]:
    totals = campaign_totals(figures.relief)
    months = figures.span.months
    current = frozenset(line.month for line in figures.relief if line.is_in_period)
    small = [
        charts.campaign_months(
            f"chart-month-{place}", t.name, month_series(figures.relief, t.campaign, months), current
        )
        for place, t in enumerate(totals, start=1)
        if len(months) > 1
    ]
    title = f"{words.period_name(figures.period)}各项慰问救助金额（万元）"
    return {
        "campaigns": totals,
        "campaign_chart": charts.campaign_bars(totals, title) if totals else None,
        "month_charts": small,
        "months": months,
        "month_rows": [(t, month_series(figures.relief, t.campaign, months)) for t in totals],
    }


def _targets(figures: Figures) -> dict[str, Any]:
    return {
        "targets": [course.now for course in figures.targets],
        "target_overview": target_bullets([course.now for course in figures.targets]) if figures.targets else None,
        "target_charts": [target_course(course) for course in figures.targets if len(course.steps) > 1],
    }


def _coverage(figures: Figures) -> dict[str, Any]:
    table = rate_table(figures.group_rates, figures.organisation)
    aimed = {indicator for course in figures.targets for indicator in course.now.indicator_id.split(";")}
    drawn = []
    for place in range(len(table.names)):
        groups, province = table.column(place)
        # A picture for each rate that a target asks for; the table has them all.
        if groups and groups[0].indicator_id in aimed:
            drawn.append(charts.rate_bars(f"chart-rate-{place + 1}", groups, province))
    return {"rates": table, "rate_charts": drawn}


def _pillars(figures: Figures) -> list[tuple[str, list[IndicatorValue]]]:
    """The indicators under the part of the work that they belong to; one that belongs to none of them stands last."""
    found: dict[str, list[IndicatorValue]] = {pillar: [] for pillar in words.PILLARS}
    for value in figures.values:
        found.setdefault(value.pillar, []).append(value)
    return [(words.PILLARS.get(pillar, pillar), values) for pillar, values in found.items() if values]


def _forms() -> Any:
    from expectations.contract import forms

    return forms().values()
