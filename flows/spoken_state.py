"""How a flow ends when what was asked cannot be, or something broke: one sentence in Chinese, in place of a traceback."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import wraps
from inspect import get_annotations, signature
from typing import Any, ParamSpec

from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Failed

from connectors.errors import WarehouseError
from flows.orphans import end_with_worker
from flows.schedule import business_date_of, now
from flows.usage import WrongUsage

P = ParamSpec("P")


def spoken(body: Callable[P, State[Any]]) -> Callable[P, State[Any]]:
    """The body of a flow whose own errors end it with their Chinese sentence as the state's message; the error stays its result.

    It also ties the process to the worker that started it.
    """

    @wraps(body)
    def speaking(*args: P.args, **kwargs: P.kwargs) -> State[Any]:
        end_with_worker()
        try:
            return body(*args, **kwargs)
        except WarehouseError as error:
            return Failed(message=error.sentence("zh"), data=error)
        except WrongUsage as error:
            return Failed(message=error.zh, data=error)

    # Prefect reads the parameters of what it is given, and would look their types up in this module.
    speaking.__annotations__ = get_annotations(body, eval_str=True)
    speaking.__signature__ = signature(body, eval_str=True)  # type: ignore[attr-defined]  # functions may have one of their own
    return speaking


def business_date(asked: str | None) -> date:
    """The business date that a run is for: what was asked, else the day in Shanghai that it was scheduled for. Raises: WrongUsage."""
    if not asked:
        scheduled: datetime | None = flow_run.scheduled_start_time
        return business_date_of(scheduled or now())
    try:
        return date.fromisoformat(asked)
    except ValueError:
        raise WrongUsage(
            f"业务日期（business_date）“{asked}”不是日期。写法：2021-03-05；留空为今天。",
            f"The business_date '{asked}' is no date; write 2021-03-05, or leave it empty for today.",
        ) from None
