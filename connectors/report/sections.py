"""What each section of the page is given: tables, charts and sentences."""

from __future__ import annotations

from typing import Any

from connectors.report import charts, grid, words
from connectors.report.complaints import plain_words
from connectors.report.figures import Figures
from connectors.report.points import HEADLINES, key_points
from connectors.report.tables import campaign_totals, difference, month_series, rate_table
from connectors.report.target_chart import target_course


def sections(figures: Figures) -> dict[str, Any]:
    """Everything that the template `page.html.j2` names."""
    missing = grid.still_missing(figures)
    return {
        "figures": figures,
        "titles": {form.form_id: form.title_zh for form in _forms()},
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
        "target_charts": [target_course(course) for course in figures.targets if course.quarters],
    }


def _coverage(figures: Figures) -> dict[str, Any]:
    table = rate_table(figures.group_rates, figures.organisation)
    drawn = []
    for place in range(len(table.names)):
        groups, province = table.column(place)
        if groups:
            drawn.append(charts.rate_bars(f"chart-rate-{place + 1}", groups, province))
    return {"rates": table, "rate_charts": drawn}


def _forms() -> Any:
    from expectations.contract import forms

    return forms().values()
