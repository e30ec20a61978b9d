"""Prefect's runs brought in step with what is true: what died is marked, what was missed is said, and what is due is started.

The worker calls this: before it takes any work, when every run that Prefect still believes to be at work is dead (a run ends with
its worker, see `flows.orphans`), and every few seconds while it works.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from connectors.settings import Settings
from flows.attempts import Attempt, Due, How, Wanted, nights_to_start
from flows.deployments import CATCH_UP, DEPLOYMENTS, NIGHTLY
from flows.schedule import SHANGHAI, business_date_of, due_between, last_due, now
from flows.watching.records import expect_nights

if TYPE_CHECKING:
    from prefect.client.orchestration import PrefectClient
    from prefect.client.schemas.objects import FlowRun, State, StateType

Say = Callable[[str, str], None]
"""Tells people something, in Chinese and in English."""

LOOK_SECONDS = 15.0
"""How often it is looked for nights that were killed or did not begin."""

BEGINS_WITHIN = timedelta(minutes=10)
"""A night that the schedule brings due has so long to begin by itself while a worker is there."""

LOOK_BACK = timedelta(days=3)
MOST_RUNS = 200
NEAR = timedelta(minutes=1)
"""A night is missed, or is still to come, only if it is that far off: clocks of two processes are read one after the other."""

MISSED = "错过：到点时服务没有运行；夜间流程由 catch-up 补跑，其余由更近的一次补上。"

_HOW: dict[str, How] = {
    "COMPLETED": "completed",
    "FAILED": "failed",
    "CRASHED": "crashed",
    "CANCELLED": "cancelled",
}


async def put_in_order(client: PrefectClient, settings: Settings, say: Say) -> None:
    """What has to be done before a worker takes work: mark the dead, drop what was missed, start what is due."""
    from prefect.client.schemas.objects import StateType
    from prefect.states import Cancelled, Crashed

    started = {StateType.RUNNING, StateType.PENDING, StateType.CANCELLING}
    for run in await _runs(client, [d.name for d in DEPLOYMENTS], started, since=now() - LOOK_BACK):
        message = "运行中途被终止（执行器或机器停止）；已完成的部分已保存。"
        await client.set_flow_run_state(run.id, Crashed(message=message), force=True)
    for deployment in DEPLOYMENTS:
        # Nights make up for none: each would take the files of today for a night of then; one of them does, below.
        for run in (await _late(client, deployment.name))[deployment.makes_up :]:
            missed: State[None] = Cancelled(name="Missed", message=MISSED)
            await client.set_flow_run_state(run.id, missed, force=True)
    await catch_up(client, settings, say, begins_within=timedelta())


async def keep_up(client: PrefectClient, settings: Settings, say: Say) -> None:
    """Look again and again, until cancelled. What cannot be asked now, while Postgres or the server restarts, is asked the next time."""
    import logging

    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            await catch_up(client, settings, say)
        except Exception as error:  # noqa: BLE001 - whatever it was, one look that failed must not be the last
            logging.getLogger(__name__).warning("could not look for nights to start: %s", type(error).__name__)


async def catch_up(
    client: PrefectClient, settings: Settings, say: Say, begins_within: timedelta = BEGINS_WITHIN
) -> list[Wanted]:
    """Start the nights that are due and that nobody has brought to their end; gives those that were started."""
    from prefect.states import Scheduled

    moment = now()
    attempts = [
        _attempt(run)
        for run in await _runs(client, [NIGHTLY, CATCH_UP], None, since=moment - LOOK_BACK)
        if _is_past(run, moment)
    ]
    # In a thread: a database that hangs must not stop the loop, by whose beat it is known that the worker works.
    wanted = await asyncio.to_thread(
        lambda: nights_to_start(
            attempts, _due(settings, moment, begins_within), lambda *of: _is_answered(settings, *of), moment
        )
    )
    for night in wanted:
        deployment = await client.read_deployment_by_name(f"nightly/{CATCH_UP}")
        parameters = {"business_date": night.business_date.isoformat(), "because": night.zh}
        # The key makes a second start of the same attempt, by a worker that was killed here, the same run.
        tries = sum(a.business_date == night.business_date and a.how != "active" for a in attempts)
        await client.create_flow_run_from_deployment(
            deployment.id,
            parameters=parameters,
            state=Scheduled(),
            idempotency_key=f"catch-up {night.business_date} {tries}",
        )
        say(night.zh, night.en)
    return wanted


def _due(settings: Settings, moment: datetime, begins_within: timedelta) -> Due | None:
    since, due_at = expect_nights(settings), last_due(moment)
    if due_at <= since or moment < due_at + begins_within:
        return None
    return Due(due_at, _missed_before(settings, since, due_at))


def _missed_before(settings: Settings, since: datetime, due_at: datetime) -> Sequence[date]:
    """The nights before the newest due one that did not come to their end either."""
    from connectors.warehouse.engine import connect
    from connectors.warehouse.pulse import newest_good_night

    with connect(settings) as conn:
        good = newest_good_night(conn)
    days = due_between(since, due_at)[:-1]
    return [day for day in days if good is None or day > good["business_date"]]


def _is_answered(settings: Settings, business_date: date, since: datetime) -> bool:
    from connectors.warehouse.engine import connect
    from connectors.warehouse.pulse import is_answered

    with connect(settings) as conn:
        return is_answered(conn, business_date, since)


async def _late(client: PrefectClient, name: str) -> list[FlowRun]:
    """The runs of a deployment that its schedule brought due and that nobody took, the newest first; also those of long ago."""
    from prefect.client.schemas.objects import StateType

    found = await _runs(client, [name], {StateType.SCHEDULED}, until=now() - NEAR)
    return [run for run in found if run.auto_scheduled]


async def _runs(
    client: PrefectClient,
    names: Sequence[str],
    states: set[StateType] | None,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[FlowRun]:
    """The runs of these deployments in these states (none: any) that were to begin between two moments, the newest first."""
    from prefect.client.schemas import filters
    from prefect.client.schemas.sorting import FlowRunSort

    found: list[FlowRun] = await client.read_flow_runs(
        deployment_filter=filters.DeploymentFilter(name=filters.DeploymentFilterName(any_=list(names))),
        flow_run_filter=filters.FlowRunFilter(
            state=filters.FlowRunFilterState(type=filters.FlowRunFilterStateType(any_=list(states)))
            if states
            else None,
            expected_start_time=filters.FlowRunFilterExpectedStartTime.model_validate(
                {"after_": since, "before_": until or now() + NEAR}
            ),
        ),
        sort=FlowRunSort.EXPECTED_START_TIME_DESC,
        limit=MOST_RUNS,
    )
    return found


def _is_past(run: FlowRun, moment: datetime) -> bool:
    """Whether a run counts as an attempt: one that was missed, or is not due yet, is none."""
    return run.state_name != "Missed" and (run.expected_start_time or moment) <= moment + timedelta(seconds=1)


def _attempt(run: FlowRun) -> Attempt:
    began = (run.start_time or run.expected_start_time or now()).astimezone(SHANGHAI)
    how = _HOW.get(run.state_type.name if run.state_type else "", "active")
    ended = run.end_time or (run.state.timestamp if run.state and how != "active" else None)
    return Attempt(_date_of(run), how, began, ended)


def _date_of(run: FlowRun) -> date:
    try:
        return date.fromisoformat(str(run.parameters.get("business_date")))
    except ValueError:
        return business_date_of(run.expected_start_time or now())
