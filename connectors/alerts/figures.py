"""Which indicators a form feeds: what a missing or refused answer means for the figures that people read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path

from connectors.dbt_models import ProjectModels
from expectations.contract import forms

ALL = "all"
"""A measure that every form feeds, such as the completeness itself."""

SHOWN = 3
"""Indicators that a line names before it only counts."""


@cache
def indicators_by_form(project: Path) -> Mapping[str, tuple[str, ...]]:
    """The Chinese names of the indicators that each form feeds, in the order of the catalogue (the seeds of the dbt project).

    A register feeds them all.
    """
    models = ProjectModels(project)
    feeding = {row["measure_id"]: row["forms"].split(";") for row in models.seed("measures")}
    found: dict[str, list[str]] = defaultdict(list)
    for row in models.seed("indicators"):
        measures = (row["numerator_measure"], row["subtracted_measure"], row["denominator_measure"])
        fed_by = {form for measure in measures if measure for form in feeding.get(measure, ())}
        for form in forms().values():
            if form.form_id in fed_by or form.is_register or ALL in fed_by:
                found[form.form_id].append(row["name_zh"])
    return {form_id: tuple(names) for form_id, names in found.items()}


def meaning(form_ids: Collection[str], project: Path) -> str:
    """What an answer that does not count means, in a few words; empty where no figure is touched."""
    by_form = indicators_by_form(project)
    names = list(dict.fromkeys(name for form_id in form_ids for name in by_form.get(form_id, ())))
    if not names:
        return ""
    more = f"等 {len(names)} 项指标" if len(names) > SHOWN else ""
    return f"影响“{'”“'.join(names[:SHOWN])}”{more}"
