"""The flow `backfill`: the steps of `flows.backfill_run`, seen and retried by Prefect, and started from its UI with parameters.

Prefect is told parameters, ids and counts, no row data; a reason is a person's sentence without citizen IDs, as at the desk.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker
from prefect.runtime import flow_run
from prefect.states import Completed

from connectors.settings import load_settings
from connectors.warehouse.backfill.parameters import Parameters
from connectors.warehouse.backfill.plans import Plan
from flows.backfill_asked import parameters_of
from flows.backfill_run import Applied, Previewed, apply, plan_to_apply, preview
from flows.backfill_words import applied_text, preview_text
from flows.desk import sound_reason
from flows.moments import Observe
from flows.nightly import LAST_WORDS_SECONDS, as_task, observer_of_run, watcher
from flows.speech import Speaker
from flows.spoken_state import spoken
from flows.tables import markdown_table
from flows.usage import WrongUsage


def _run_name() -> str:
    asked = flow_run.parameters
    return f"backfill {asked.get('mode')} {asked.get('first_period') or asked.get('plan')} {asked.get('last_period') or ''}".strip()


@flow(name="backfill", flow_run_name=_run_name)
@spoken
def backfill(  # noqa: PLR0913, PLR0917 - each is a field of the form in which people start it in the UI
    mode: Literal["preview", "apply"] = "preview",
    first_period: str = "",
    last_period: str = "",
    forms: list[str] | None = None,
    units: list[str] | None = None,
    folder: str | None = None,
    only_missing: bool = False,
    restates: bool = False,
    sends_answers: bool = False,
    plan: str | None = None,
    reason: str = "",
    author: str = "",
    business_date: date | None = None,
) -> State[Any]:
    """补录与重算。先预览（mode=preview），看过之后再执行（mode=apply）。

    Args:
        mode: preview 只预览，不改动任何数据；apply 按预览执行。
        first_period: 从这一期起，如 2021-01。
        last_period: 到这一期止，如 2021-06 或 2021。
        forms: 只限这些报表（代号）；空为全部。
        units: 只限这些单位（代码）；空为全部。
        folder: 从服务器上的这个文件夹补录；空为重新判定存档的原件。
        only_missing: 只处理没有生效报送的。
        restates: 可以改动已结账的期间，按重述处理。
        sends_answers: 答复报送单位（只用于从文件夹补录）。
        plan: 预览的编号（12 位）；空为同样范围最近的一次预览。
        reason: 理由，执行时必填；不写身份证号、银行卡号。
        author: 决定人，执行时必填。
        business_date: 业务日期；空为今天。
    """
    settings, observe = load_settings(), observer_of_run()
    parameters = None
    if first_period or last_period or (mode == "apply" and not plan):
        parameters = parameters_of(
            first_period,
            last_period,
            forms or (),
            units or (),
            folder,
            only_missing=only_missing,
            restates=restates,
            sends_answers=sends_answers,
        )
    if mode == "preview":
        if parameters is None:
            raise WrongUsage("预览要写起止期间。", "A preview needs its range of periods.")
        previewed = preview(settings, parameters, business_date, observe, as_task)
        return _told(
            preview_text(previewed.shown, Speaker("zh"), markdown_table), f"预览 {previewed.plan.plan_id}", previewed
        )
    signed = {"reason": sound_reason(reason), "author": sound_reason(author)}
    chosen = plan_to_apply(settings, parameters, plan, "mode=preview")
    applied = apply(settings, chosen, **signed, business_date=business_date, observe=observe, around=as_task)
    return _told(applied_text(applied, Speaker("zh")), f"补录 {applied.backfill_id}", applied)


def preview_watched(parameters: Parameters, business_date: date | None, observe: Observe) -> Previewed:
    """Run a preview as the flow, in this process, for somebody who watches. Raises: WarehouseError."""
    found = _watched(observe, "preview", parameters, business_date=business_date)
    assert isinstance(found, Previewed)  # noqa: S101 - what the flow returns
    return found


def apply_watched(plan: Plan, reason: str, author: str, business_date: date | None, observe: Observe) -> Applied:
    """Run an apply as the flow, in this process, for somebody who watches. Raises: WarehouseError."""
    found = _watched(
        observe, "apply", plan.parameters, plan=plan.plan_id, reason=reason, author=author, business_date=business_date
    )
    assert isinstance(found, Applied)  # noqa: S101 - what the flow returns
    return found


def _watched(observe: Observe, mode: Literal["preview", "apply"], p: Parameters, **more: Any) -> Any:
    watcher.set(observe)
    try:
        return backfill(
            mode=mode,
            first_period=p.first_period,
            last_period=p.last_period,
            forms=list(p.form_ids),
            units=list(p.unit_ids),
            folder=p.folder,
            only_missing=p.only_missing,
            restates=p.restates,
            sends_answers=p.sends_answers,
            **more,
            return_state=True,
        ).result()
    finally:
        APILogWorker.drain_all(timeout=LAST_WORDS_SECONDS)
        EventsWorker.drain_all(timeout=LAST_WORDS_SECONDS)


def _told(text: str, title: str, result: Previewed | Applied) -> State[Any]:
    """An artifact on the run's page, and the state that the run ends in."""
    create_markdown_artifact(f"# {title}\n\n{text}", key="backfill", description=title)
    return Completed(message=title, data=result)
