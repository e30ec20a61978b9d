"""When a form is due, by the Chinese calendar of holidays and make-up days."""

from __future__ import annotations

from datetime import date, timedelta

import chinese_calendar

from expectations.contract import Form
from expectations.periods import Period


class CalendarEndsError(Exception):
    """The calendar of public holidays does not reach a day; the State Council publishes it year by year.

    Attributes:
        day: the first day that it does not know.
    """

    def __init__(self, day: date) -> None:
        self.day = day
        super().__init__(
            f"The holidays of {day.year} are not known to chinesecalendar; install its newer release to work out due dates."
        )


class NoDueDateError(Exception):
    """A form that is never due, such as a register, was asked when it is due.

    Attributes:
        form_id: the form.
    """

    def __init__(self, form_id: str) -> None:
        self.form_id = form_id
        super().__init__(f"Form {form_id} has no due date in its contract.")


def due_date(form: Form, period: Period) -> date:
    """The last day on which a submission of the form for the period is on time.

    Days and working days are counted from the day after the period; a month and day, such as 10-15, lies in the period's own
    first year. Raises: CalendarEndsError beyond the known holidays; NoDueDateError if the form is never due.
    Source: the column `due` of the register of forms; holidays of the State Council.
    """
    if form.due is None:
        raise NoDueDateError(form.form_id)
    match form.due.unit:
        case "days":
            return period.last_day + timedelta(days=int(form.due.value))
        case "working_days":
            return workday_after(period.last_day, int(form.due.value))
        case "month_day":
            month, day = str(form.due.value).split("-")
            return date(period.first_day.year, int(month), int(day))


def workday_after(day: date, count: int) -> date:
    """The working day that comes `count` working days after the day; make-up Saturdays and Sundays are working days.

    Raises: CalendarEndsError.
    """
    while count > 0:
        day += timedelta(days=1)
        count -= is_workday(day)
    return day


def is_workday(day: date) -> bool:
    """Whether the day is worked in China. Raises: CalendarEndsError."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError as error:
        raise CalendarEndsError(day) from error


def is_probably_workday(day: date) -> bool:
    """Whether the day is worked in China; beyond the known holidays, Monday to Friday: for what may come a day early or late."""
    try:
        return is_workday(day)
    except CalendarEndsError:
        return day.weekday() < 5
