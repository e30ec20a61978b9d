"""The services of one machine: Prefect's server with its UI, the worker, and the nightly schedule, started and stopped together."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType

from connectors.settings import Settings
from flows.failures import PortTaken, ServiceStopped
from flows.prefect_home import (
    Scheduler,
    Service,
    alone_in_starting,
    enter,
    forget_serving,
    record_serving,
    serving_address,
    start_server,
    start_service,
    stop_service,
)

POOL = "warehouse"
"""The work pool of the nightly deployment: processes on this machine."""

SCHEDULE = "0 2 * * *"
"""02:00 each day: after the last upload of the evening, before anybody comes to work."""

ZONE = "Asia/Shanghai"

WATCH_SECONDS = 1.0
"""How soon a service that ended by itself is noticed."""


def serve(settings: Settings, port: int, on_ready: Callable[[str], None]) -> None:
    """Run the services until SIGTERM or SIGINT; `on_ready` gets the UI's address. Does nothing more where they run already.

    Raises: PortTaken, SchedulerWontStart, ServiceStopped if one of them ends by itself.
    """
    running = serving_address(settings)
    if running is not None:
        on_ready(running)
        return
    with _until_signal() as told_to_stop, ExitStack() as starting:
        starting.enter_context(alone_in_starting(settings))
        try:
            server, bound = start_server(settings, settings.prefect_host, port, is_temporary=False)
        except OSError as error:
            raise PortTaken(settings.prefect_host, port, error.strerror or str(error)) from error
        services = [server]
        try:
            address = f"http://{_in_url(settings.prefect_host)}:{bound}"
            enter(settings, f"{address}/api")
            Scheduler(f"{address}/api", server, starting).wait_until_ready()
            asyncio.run(register_deployments())
            services.append(start_service(settings, "prefect-worker", "worker", POOL))
            record_serving(settings, address)
            on_ready(address)
            _watch(services, told_to_stop)
        finally:
            forget_serving(settings)
            for service in reversed(services):
                stop_service(service)


async def register_deployments() -> None:
    """Make the work pool, the deployment `nightly/nightly` with its schedule and `backfill/backfill` without one, or bring them up to
    date."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.schedules import Cron
    from prefect.types.entrypoint import EntrypointType

    from flows.backfill import backfill
    from flows.nightly import nightly

    async with get_client() as client:
        await client.create_work_pool(WorkPoolCreate(name=POOL, type="process"), overwrite=True)
    deployment = await nightly.ato_deployment(
        "nightly",
        schedule=Cron(SCHEDULE, timezone=ZONE),
        work_pool_name=POOL,
        entrypoint_type=EntrypointType.MODULE_PATH,
        description="每天 02:00（北京时间）收取、读取、校验、建库、发布并生成报告。",
        tags=["warehouse"],
    )
    await deployment.aapply()
    by_hand = await backfill.ato_deployment(
        "backfill",
        work_pool_name=POOL,
        entrypoint_type=EntrypointType.MODULE_PATH,
        description="补录与重算：先预览（mode=preview），看过预览之后再执行（mode=apply）。",
        tags=["warehouse"],
    )
    await by_hand.aapply()


def _watch(services: list[Service], told_to_stop: threading.Event) -> None:
    while not told_to_stop.wait(WATCH_SECONDS):
        for service in services:
            code = service.process.poll()
            if code is not None and not told_to_stop.is_set():
                raise ServiceStopped(service.name, code, str(service.log))


@contextmanager
def _until_signal() -> Iterator[threading.Event]:
    """An event that SIGTERM and SIGINT set, for as long as the block runs."""
    told = threading.Event()

    def tell(_number: int, _frame: FrameType | None) -> None:
        told.set()

    before = {number: signal.signal(number, tell) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _in_url(host: str) -> str:
    """The host as this machine reaches it: who listens everywhere is reached on the loopback."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared with, not listened on
    return f"[{host}]" if ":" in host else host
