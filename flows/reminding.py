"""The flow `reminder`: who owes an answer, or will within days, is asked for it, on working days and by day."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from connectors.alerts.owners_file import OwnersInvalid
from connectors.settings import load_settings
from expectations.workdays import is_probably_workday
from flows import staff
from flows.desk import reading
from flows.failures import NothingYet
from flows.schedule import SHANGHAI, now
from flows.spoken_state import spoken
from flows.staff_words import NO_OWNERS, words_of_reminding, words_of_sending

BEGINS, ENDS = time(9), time(18)
"""Between these people are at work: a run that was missed in the morning asks nobody in the night."""


def _run_name() -> str:
    return f"催报 {flow_run.scheduled_start_time.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


@flow(name="reminder", flow_run_name=_run_name)
@spoken
def reminder(anyway: bool = False) -> State[Any]:
    """催报：到期之前提醒，逾期之后催报，随即发送。每人每天最多一条，重复运行无害；不等夜间流程，也不影响它。

    Args:
        anyway: 不论是否工作日、是否上班时间都催；定时运行时不选。
    """
    from connectors.alerts.claims import counts

    moment, settings = now(), load_settings()
    if not anyway and not is_time(moment):
        return Completed(message="现在不是工作日的 09:00 至 18:00，不催报；错过的步骤由下一个工作日补上。")
    try:
        with reading(settings) as conn:
            # The day is that on which people are asked, not that for which the run was planned: one that comes late is of today.
            reminded = staff.remind(conn, settings, moment.date())
            words = words_of_reminding(reminded)[0]
            if reminded.people:
                sent = staff.send(conn, settings)
                words += words_of_sending(sent, counts(conn))[0] if sent else ""
    except NothingYet:
        return Completed(message="还没有运行过夜间流程，没有要催的。")
    except OwnersInvalid:
        # What is wrong with it may quote the file.
        return Failed(message=NO_OWNERS[0])
    return Completed(message=words)


def is_time(moment: datetime) -> bool:
    """Whether people in Shanghai are at work at this moment: on a working day, those after a moved holiday among them, by day."""
    there = moment.astimezone(SHANGHAI)
    return is_probably_workday(there.date()) and BEGINS <= there.time() < ENDS
