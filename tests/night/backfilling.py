"""Backfills in processes of their own: what a test asks for, what becomes of it, and ways to die in the middle."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from connectors.settings import Settings
from connectors.warehouse.backfill.parameters import Parameters
from tests.night import inbox

Kill = tuple[str, str, bool]
"""A step, its detail and whether it is over: where a backfill is killed."""

ALL = Parameters("2021-01", "2021-12")
"""Everything that the small province has answered."""


def run(
    settings: Settings,
    action: str,
    parameters: Parameters = ALL,
    *,
    kill_at: Kill | None = None,
    at: tuple[Kill, Callable[[Settings], None]] | None = None,
    prepare: Callable[[], None] | None = None,
    night: date = inbox.NIGHT,
) -> dict[str, Any]:
    """Preview or apply in a child process; gives its exit code, and what it said (`result`, `plan_id` …, or `error`)."""
    told = settings.home / f"told-{action}.json"
    told.unlink(missing_ok=True)
    process = multiprocessing.get_context("forkserver").Process(
        target=_run, args=(settings, action, parameters, told, kill_at, at, prepare, night)
    )
    process.start()
    process.join()
    said: dict[str, Any] = json.loads(told.read_text()) if told.exists() else {}
    return {**said, "exit_code": process.exitcode}


def _run(
    settings: Settings,
    action: str,
    parameters: Parameters,
    told: Path,
    kill_at: Kill | None,
    at: tuple[Kill, Callable[[Settings], None]] | None,
    prepare: Callable[[], None] | None,
    night: date,
) -> None:
    from connectors.errors import WarehouseError
    from flows.backfill_run import apply, plan_to_apply, preview
    from flows.moments import Moment

    def observe(moment: Moment) -> None:
        place = (moment.step, moment.detail, moment.is_over)
        if kill_at == place:
            os.kill(os.getpid(), signal.SIGKILL)
        if at and at[0] == place:
            at[1](settings)

    if prepare is not None:
        prepare()
    try:
        if action == "preview":
            previewed = preview(settings, parameters, night, observe)
            said = previewed.plan.to_json() | {"page": str(previewed.page)}
        else:
            plan = plan_to_apply(settings, parameters, None, "…")
            applied = apply(settings, plan, reason="测试", author="王处", business_date=night, observe=observe)
            said = {"backfill_id": applied.backfill_id, "release_id": applied.release_id, "result": applied.result}
    except WarehouseError as error:
        told.write_text(json.dumps({"error": type(error).__name__, "sentence": error.sentence("zh")}))
        sys.exit(error.exit_code)
    told.write_text(json.dumps(said, ensure_ascii=False))


def with_rule(severity: str, least: int) -> None:
    """Today's contract of relief: a line of less than that many yuan breaks its rule about amounts, which is of that severity."""
    from expectations import contract, contract_document
    from expectations.finding import Severity

    as_written = contract_document.form_from_contract

    def as_today(text: str) -> contract.Form:
        form = as_written(text)
        changed = {"severity": Severity(severity), "expression": f"cash_cny + goods_cny >= {least}"}
        rules = (replace(r, **changed) if r.code == "relief.amount_positive" else r for r in form.rules)
        return replace(form, rules=tuple(rules))

    contract_document.form_from_contract = as_today
    contract.forms.cache_clear()
