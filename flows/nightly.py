"""The nightly flow: the night of `flows.night`, seen and retried by Prefect.

A task is a boundary worth watching or retrying: a source, a chunk of deliveries, the build, the publish; never one per
workbook. Prefect is told ids and counts, no row data, and keeps no result.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from datetime import date
from typing import Any

from prefect import Task, flow, get_run_logger
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker
from prefect.runtime import flow_run
from prefect.states import Completed

from connectors.settings import load_settings
from flows.failures import heals
from flows.moments import Moment, Observe
from flows.night import run_night, today
from flows.night_artifacts import create_night_artifacts
from flows.night_steps import NightResult

watcher: ContextVar[Observe | None] = ContextVar("watcher", default=None)
"""Who watches a night that is run in this process, beside Prefect; a flow's parameters hold plain values only."""

RETRY_SECONDS = [2.0, 10.0, 60.0]
"""Pauses before a step is tried again: a database that restarts is back within seconds, a machine within a minute."""

LAST_WORDS_SECONDS = 10
"""Sending them takes some tens of milliseconds; a server that takes longer is not waited for."""


def _run_name() -> str:
    return f"night {flow_run.parameters.get('business_date') or today()}"


@flow(name="nightly", flow_run_name=_run_name, validate_parameters=False)
def nightly(business_date: str | None = None) -> State[NightResult]:
    """Run the night of a business date (ISO text; none: today in Shanghai): collect, take in, build, publish, reply.

    It writes to the warehouse only: archive, landing, quarantine, ledger, marts and, if all checks pass, the next release.
    A second run is harmless: deliveries are decided once and a release is made only of differences.
    """
    settings = load_settings()
    night = date.fromisoformat(business_date) if business_date else today()
    result = run_night(settings, night, observer_of_run(), as_task)
    create_night_artifacts(settings, result)
    words = "完成，有数据问题待处理" if result.needs_people else "完成"
    return Completed(
        message=f"{words}：收到 {result.account.received} 个文件，发布第 {result.published.release_id} 期", data=result
    )


def run_watched(business_date: date, observe: Observe) -> NightResult:
    """Run the flow in this process for somebody who watches. Raises: WarehouseError, as the night did."""
    watcher.set(observe)
    try:
        # The state that the flow returns is the run's own, so its result is the night's.
        result: Any = nightly(business_date.isoformat(), return_state=True).result()
        assert isinstance(result, NightResult)  # noqa: S101 - what `nightly` returns
        return result
    finally:
        # What Prefect still has to tell its server; once that is gone, the process would wait for it in vain.
        APILogWorker.drain_all(timeout=LAST_WORDS_SECONDS)
        EventsWorker.drain_all(timeout=LAST_WORDS_SECONDS)


def as_task(step: Callable[..., Any], name: str) -> Callable[..., Any]:
    """A step as a Prefect task that is tried again only when a lost connection stopped it."""
    return Task(
        step,
        name=step.__name__,
        task_run_name=name,
        retries=len(RETRY_SECONDS),
        retry_delay_seconds=RETRY_SECONDS,
        retry_condition_fn=_may_heal,
        cache_policy=NO_CACHE,
    )


def _may_heal(_task: object, _run: TaskRun, state: State[Any]) -> bool:
    return heals(state.data if isinstance(state.data, BaseException) else None)


def observer_of_run() -> Observe:
    """Tells the run's log what a person would want to read there, and whoever watches from outside."""
    log = get_run_logger()
    outside = watcher.get()

    def observe(moment: Moment) -> None:
        if outside is not None:
            outside(moment)
        if moment.is_over:
            log.info("%s %s %.1f s %s", moment.step, moment.detail, moment.seconds, moment.note)

    return observe
