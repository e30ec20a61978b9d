"""The flow `retention`: personal data that were kept for as long as somebody has set are destroyed, with a signed proof."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed

from connectors.settings import Settings, load_settings
from flows.desk import reading
from flows.failures import NothingYet
from flows.night import today
from flows.night_steps import LEASE
from flows.schedule import SHANGHAI
from flows.spoken_state import spoken

AUTHOR = "retention"


def _run_name() -> str:
    return f"保存期 {flow_run.scheduled_start_time.astimezone(SHANGHAI):%Y-%m-%d}"


@flow(name="retention", flow_run_name=_run_name)
@spoken
def retention() -> State[Any]:
    """销毁保存期满的个人信息：密室中的行、原件、批注文件；数字和代号保留。每次写一份签名的证明。没有设置年限时什么也不做。"""
    return Completed(message=destroy_due(load_settings()))


def destroy_due(settings: Settings) -> str:
    """Destroy what is due today by the years that are set; gives what to say. Raises: ErasureRefused and what `expire` raises."""
    from connectors.warehouse.erasing.erasure import alone
    from connectors.warehouse.retention import expire, kept_since

    if settings.retention_years is None:
        return "没有设置保存年限（WAREHOUSE_RETENTION_YEARS），不销毁。"
    before = kept_since(today(), settings.retention_years)
    try:
        with reading(settings) as conn, alone(settings, conn, LEASE, today(), "expire"):
            reason = f"保存 {settings.retention_years} 年期满"
            proofs = expire(settings, conn, before, AUTHOR, reason, lambda _done, _total: None)
    except NothingYet:
        return "还没有运行过夜间流程，没有要销毁的。"
    return f"{before} 以前结束的期间：" + ("、".join(f"已销毁，证明 {path}" for path in proofs) or "没有到期的。")
