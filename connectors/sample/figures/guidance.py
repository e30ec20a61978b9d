"""Publicity and culture of the sample year."""

from __future__ import annotations

from fractions import Fraction

from connectors.sample.figures.rows import count, rows, total

SIX_ONES = ("song", "dance", "play", "book", "contest", "exhibition")


def guidance_figures() -> dict[str, Fraction]:
    """The indicators of guidance for the province."""
    six_ones = (total(rows("culture_activity", activity_kind=kind), "spend_cny") for kind in SIX_ONES)
    return {
        "culture_six_ones_spend": sum(six_ones, Fraction(0)),
        "culture_front_line_events": count(rows("culture_activity", activity_kind="culture_to_front_line")),
        "art_education_places": total(rows("culture_activity", activity_kind="art_education"), "places"),
        "quiz_participations": total(rows("culture_activity", activity_kind="quiz"), "participations"),
        "singles_social_persons": total(rows("culture_activity", activity_kind="singles_social"), "participants"),
        "lectures_held": count(rows("culture_activity", activity_kind="lecture")),
    }
