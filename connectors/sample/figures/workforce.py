"""The workforce programmes of the sample year: contests, studios, model workers, the corps, masters and apprentices."""

from __future__ import annotations

from fractions import Fraction

from connectors.sample.days import YEAR
from connectors.sample.figures.rows import count, distinct, is_in_year, last_rows, rows, total
from connectors.sample.programmes import reported
from connectors.sample.programmes.skills_contest import BASE_YEAR


def workforce_figures() -> dict[str, Fraction]:
    """The indicators of the workforce for the province."""
    return {**_contests(), **_studios(), **_model_workers(), **_corps(), **_apprenticeship(), **_education()}


def _contests() -> dict[str, Fraction]:
    projects = rows("labour_contest")
    signed = {
        (row.unit_id, row.values["category"], row.values["project"])
        for row in projects
        if is_in_year(row.values["task_book_signed_on"])
    }
    own, base = (
        {row.values["trade"] for row in reported("skills_contest", year) if _is_own(row.values["contest_level"])}
        for year in (YEAR, BASE_YEAR)
    )
    passed = rows("training", training_kind="team_leader", passed="yes")
    return {
        "team_leaders_trained": distinct(passed, "trainee_citizen_id"),
        "labour_contest_categories": distinct(projects, "category"),
        "task_books_signed": count(signed),
        "contest_participation": total(projects, "participants") / total(last_rows("unit_profile"), "employees"),
        "skills_contest_trades": count(own),
        "skills_contest_new_trades": count(own) - count(base),
    }


def _is_own(level: str) -> bool:
    return level == "own_second_class"


def _studios() -> dict[str, Fraction]:
    founded = [row for row in rows("innovation_studio") if is_in_year(row.values["alliance_founded_on"])]
    return {
        "studio_alliances": distinct(founded, "alliance"),
        # The sample year is the first of the plan, so what was founded in the plan was founded in it.
        "studio_alliance_trades": distinct(founded, "alliance_trade"),
    }


def _model_workers() -> dict[str, Fraction]:
    named = [
        row
        for row in rows("model_worker", honour_level="defence_industry")
        if 2018 <= row.values["honour_year"] <= YEAR
    ]
    families = rows("recuperation", batch_kind="family")
    return {
        "model_workers_named": distinct(named, "person_citizen_id"),
        "recuperation_batches": distinct(rows("recuperation"), "batch"),
        "recuperation_family_batches": distinct(families, "batch"),
        "recuperation_families": distinct(families, "participant_citizen_id"),
    }


def _corps() -> dict[str, Fraction]:
    activities = rows("corps_activity")
    return {
        "corps_units_visited": distinct(activities, "host_name"),
        "corps_stations": count(rows("corps_activity", activity_kind="station_opened")),
        "corps_problems_solved_rate": total(activities, "problems_solved") / total(activities, "problems_collected"),
    }


def _apprenticeship() -> dict[str, Fraction]:
    signed = [row for row in rows("apprenticeship") if is_in_year(row.values["signed_on"])]
    return {
        "apprenticeship_batches": distinct(signed, "batch"),
        "apprenticeship_mentors": distinct(signed, "mentor_citizen_id"),
        "apprenticeship_apprentices": distinct(signed, "apprentice_citizen_id"),
    }


def _education() -> dict[str, Fraction]:
    granted = rows("education_uplift")
    money, workers = total(granted, "subsidy_cny"), distinct(granted, "worker_citizen_id")
    return {
        "education_uplift_workers": workers,
        "education_uplift_money": money,
        "education_uplift_standard": money / workers,
    }
