"""What can be started, by the schedule or from Prefect's UI: the deployments as code, their work pool and its queues.

Another one is another line in `DEPLOYMENTS`. What builds or publishes belongs in the queue `publishing`, of which
one run works at a time; the lease in Postgres keeps them apart anyway, the queue keeps them from waiting for it inside a run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flows.schedule import CRON, ZONE

if TYPE_CHECKING:
    from prefect import Flow
    from prefect.client.orchestration import PrefectClient

POOL = "warehouse"
"""The work pool: processes on this machine."""

PUBLISHING, READING = "publishing", "reading"
QUEUES: dict[str, int | None] = {PUBLISHING: 1, READING: None}
"""The queues of the pool, and how many runs of each may work at once (None: any number)."""

NIGHTLY, CATCH_UP = "nightly", "catch-up"

RETENTION_CRON = "0 4 1 * *"
"""04:00 on the first of each month, when the night is mostly over."""

REMINDER_CRON = "0 9,14 * * *"
"""09:00, when people begin to work and the night is long over; 14:00 for the day on which it was not, since nobody is asked twice a day.
Every day, because a cron line does not know the holidays: the flow does."""

SEND_CRON = "5 * * * *"
"""Each hour, soon after it: quiet hours mostly end on the hour, and a message that a channel did not take is tried again after one."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """One thing that can be started: its name, the flow as `module:name`, its queue, its words, and when the schedule starts it, if it does.

    `makes_up` is how many of the runs that came due while nothing ran are begun late, the newest ones; the others are marked as missed.
    """

    name: str
    flow: str
    queue: str
    zh: str
    cron: str | None = None
    makes_up: int = 0


DEPLOYMENTS = (
    Deployment(
        NIGHTLY,
        "flows.nightly:nightly",
        PUBLISHING,
        "每天 02:00（北京时间）收取、读取、校验、建库、发布并生成报告。",
        cron=CRON,
    ),
    Deployment(
        CATCH_UP,
        "flows.nightly:nightly",
        PUBLISHING,
        "补跑：错过的、中途被终止的夜间流程由系统自动从这里接着运行；也可以手工启动，写明业务日期。",
    ),
    Deployment(
        "backfill",
        "flows.backfill:backfill",
        PUBLISHING,
        "补录与重算：先预览（mode=preview），看过预览之后再执行（mode=apply）。",
    ),
    Deployment(
        "retention",
        "flows.retention:retention",
        PUBLISHING,
        "每月 1 日 04:00（北京时间）销毁保存期满的个人信息；没有设置保存年限（WAREHOUSE_RETENTION_YEARS）时什么也不做。",
        cron=RETENTION_CRON,
        makes_up=1,
    ),
    Deployment(
        "report",
        "flows.reporting:report",
        READING,
        "重新生成某一期间的报告；不改动任何数据。",
    ),
    Deployment(
        "reminder",
        "flows.reminding:reminder",
        READING,
        "工作日 09:00（北京时间）催报，每人每天最多一条；当天的夜间流程那时还没有完成的，14:00 催。",
        cron=REMINDER_CRON,
        makes_up=1,
    ),
    Deployment(
        "send",
        "flows.sending:send",
        READING,
        "每小时发送发件箱中到期未发的消息（免打扰时段已过，或对方恢复）。",
        cron=SEND_CRON,
        makes_up=1,
    ),
)


async def register_deployments(client: PrefectClient) -> None:
    """Make the pool, its queues and the deployments, or bring them up to date. Harmless when repeated."""
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.exceptions import ObjectAlreadyExists
    from prefect.schedules import Cron
    from prefect.types.entrypoint import EntrypointType

    await client.create_work_pool(WorkPoolCreate(name=POOL, type="process"), overwrite=True)
    for queue, limit in QUEUES.items():
        try:
            await client.create_work_queue(queue, concurrency_limit=limit, work_pool_name=POOL)
        except ObjectAlreadyExists:
            found = await client.read_work_queue_by_name(queue, work_pool_name=POOL)
            await client.update_work_queue(found.id, concurrency_limit=limit)
    for each in DEPLOYMENTS:
        made = await _flow(each.flow).ato_deployment(
            each.name,
            schedule=Cron(each.cron, timezone=ZONE) if each.cron else None,
            work_pool_name=POOL,
            work_queue_name=each.queue,
            entrypoint_type=EntrypointType.MODULE_PATH,
            description=each.zh,
            tags=["warehouse"],
        )
        await made.aapply()


def _flow(entry: str) -> Flow[Any, Any]:
    from importlib import import_module

    module, _, name = entry.partition(":")
    found: Flow[Any, Any] = getattr(import_module(module), name)
    return found
