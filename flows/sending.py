"""The flow `send`: what waits in the outbox goes out without a person, when quiet hours are over or a channel has healed."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from connectors.settings import load_settings
from flows import staff
from flows.desk import reading
from flows.failures import NothingYet
from flows.schedule import SHANGHAI
from flows.spoken_state import spoken
from flows.staff_words import NO_OWNERS, words_of_sending


def _run_name() -> str:
    return f"发送 {flow_run.scheduled_start_time.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


@flow(name="send", flow_run_name=_run_name)
@spoken
def send() -> State[Any]:
    """发送发件箱中到期未发的消息，最多一分钟。重复运行、与夜间流程同时运行都无害：每条消息只由一方领走。"""
    from connectors.alerts.claims import counts

    settings = load_settings()
    try:
        with reading(settings) as conn:
            sent = staff.send(conn, settings)
            standing = counts(conn)
    except NothingYet:
        return Completed(message="还没有运行过夜间流程，没有要发的。")
    if sent is not None:
        # A channel that does not answer is told as an alert, and is no failure of this run.
        return Completed(message=words_of_sending(sent, standing)[0])
    words = f"{NO_OWNERS[0]}发件箱中待发 {standing.get('waiting', 0)} 条。"
    # What is wrong with it may quote the file, so it stands in the alert and not here.
    return Failed(message=words) if settings.owners_file.exists() else Completed(message=words)
