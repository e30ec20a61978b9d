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
from flows.night import run_night
from flows.night_artifacts import create_night_artifacts
from flows.night_steps import NightResult
from flows.spoken_state import business_date as business_date_asked
from flows.spoken_state import spoken
from flows.usage import WrongUsage
from flows.watching.records import record_night

watcher: ContextVar[Observe | None] = ContextVar("watcher", default=None)
"""Who watches a night that is run in this process, beside Prefect; a flow's parameters hold plain values only."""

RETRY_SECONDS = [2.0, 10.0, 60.0]
"""Pauses before a step is tried again: a database that restarts is back within seconds, a machine within a minute."""

LAST_WORDS_SECONDS = 10
"""Sending them takes some tens of milliseconds; a server that takes longer is not waited for."""


def _run_name() -> str:
    asked = flow_run.parameters
    try:
        return f"{'catch-up' if asked.get('because') else 'night'} {business_date_asked(asked.get('business_date'))}"
    except WrongUsage:
        # The flow itself says what is wrong with it.
        return "night ?"


@flow(name="nightly", flow_run_name=_run_name, validate_parameters=False)
@spoken
def nightly(business_date: str | None = None, because: str = "") -> State[NightResult]:
    """收取、读取、校验、建库、发布、答复。重复运行无害：每次送达只处理一次，没有变动就不发布。

    Args:
        business_date: 业务日期，如 2021-03-05；空为应当运行的那一天（北京时间）。
        because: 补跑的缘由，由系统填写；会写在账目之前。
    """
    settings = load_settings()
    night = business_date_asked(business_date)
    try:
        result = run_night(settings, night, observer_of_run(), as_task)
    except Exception:
        record_night(settings, 0, night, "failed", None)
        raise
    record_night(settings, result.run_id, night, result.status, result.published.release_id)
    create_night_artifacts(settings, result, because)
    words = "完成，有数据问题待处理" if result.needs_people else "完成"
    begun = "补跑" if because else ""
    return Completed(
        message=f"{begun}{words}：收到 {result.account.received} 个文件，发布第 {result.published.release_id} 期",
        data=result,
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
