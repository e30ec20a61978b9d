"""What somebody asks of a backfill, on the command line or in Prefect's UI, checked."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.warehouse.backfill.parameters import Parameters
from flows.desk import known_form, known_period
from flows.usage import WrongUsage


def parameters_of(
    first_period: str | None,
    last_period: str | None,
    forms: Sequence[str],
    units: Sequence[str],
    folder: str | None,
    *,
    only_missing: bool,
    restates: bool,
    sends_answers: bool,
) -> Parameters:
    """The parameters that somebody asks for in words. Raises: WrongUsage."""
    first, last = known_period(first_period or None), known_period(last_period or None)
    if first is None or last is None or first.first_day > last.last_day:
        raise WrongUsage("请写明起止期间（--from、--to），先后为序。", "Give the range (--from, --to), in this order.")
    if sends_answers and not folder:
        raise WrongUsage(
            "答复（--reply）只用于从文件夹补录（--source）：重新判定的报送已经答复过。",
            "--reply goes with --source only.",
        )
    for form_id in forms:
        known_form(form_id)
    return Parameters(
        *(first.id, last.id, tuple(sorted(forms)), tuple(sorted(units)), folder, only_missing, restates, sends_answers)
    )
