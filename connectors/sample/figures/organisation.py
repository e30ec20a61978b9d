"""The organisation's own work in the sample year: who was trained of those in post, tasks, awards, rules."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction

from connectors.sample.days import YEAR
from connectors.sample.figures.rows import YEAR_END, count, last_rows, rows, total


def organisation_figures() -> dict[str, Fraction]:
    """The indicators of the organisation for the province, the operations left out."""
    tasks = last_rows("task_list")
    done = sum((_fraction(t.values["weight"]) * _fraction(t.values["progress_percent"]) for t in tasks), Fraction(0))
    return {
        "supervisor_training_coverage": _coverage("safety_supervisor", 1),
        "cadre_training_round_1": _coverage("union_cadre", 1),
        "cadre_training_round_2": _coverage("union_cadre", 2),
        "task_completion": done / total(tasks, "weight") / 100,
        "award_money": total(rows("innovation_award"), "award_cny"),
        "rules_revised": count(rows("office_management", item_kind="rule_revised")),
    }


def _fraction(value: object) -> Fraction:
    return Fraction(str(value))


def _coverage(role: str, courses: int) -> Fraction:
    """The share of those in post at the year's end who passed so many different courses in the plan, which began in 2021."""
    in_post = {
        row.values["person_citizen_id"]
        for row in last_rows("post_roster", role=role)
        if row.values["post_started_on"] <= YEAR_END
        and (row.values["post_ended_on"] is None or row.values["post_ended_on"] >= YEAR_END)
    }
    passed: dict[str, set[str]] = defaultdict(set)
    for row in rows("training", training_kind=role, passed="yes"):
        if row.values["last_day"].year == YEAR:
            passed[row.values["trainee_citizen_id"]].add(row.values["course"])
    return count(person for person in in_post if len(passed[person]) >= courses) / len(in_post)
