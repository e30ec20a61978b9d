"""The training ledgers: cadres, supervisors, team leaders, lectures and other training.

The enterprise that teaches its own people reports them; those whom the office teaches, it reports.
"""

from __future__ import annotations

from connectors.sample.organisation import unit
from connectors.sample.reported import Reported
from connectors.sample.trainees import attendances


def reported(year: int) -> tuple[Reported, ...]:
    """The training of the year, by organiser, first day, course and person."""
    return tuple(
        Reported(
            "training",
            attendance.session.organiser,
            attendance.session.month,
            {
                "training_kind": attendance.session.kind,
                "course": attendance.session.course,
                "organiser": unit(attendance.session.organiser).unit_name,
                "first_day": attendance.session.first_day,
                "last_day": attendance.session.last_day,
                "hours": attendance.session.hours,
                "trainee_name": attendance.person.name,
                "trainee_citizen_id": attendance.person.citizen_id,
                "passed": "yes" if attendance.is_passed else "no",
            },
        )
        for attendance in attendances(year)
    )
