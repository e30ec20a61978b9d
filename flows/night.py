"""The night: collect, take in, cross-check, build, publish, reply, alert, in this order and no other.

The order stands here once. `flows.nightly` runs it with a Prefect task around each step; tests and tools run it plain.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, ParamSpec, TypeVar

from connectors.settings import Settings
from flows.moments import Observe, overlook
from flows.night_steps import Night, NightResult
from flows.schedule import business_date_of, now
from flows.staff import telling_of_failure

P = ParamSpec("P")
R = TypeVar("R")


def today() -> date:
    """The business date of a night that begins now."""
    return business_date_of(now())


def plainly(step: Callable[P, R], _name: str) -> Callable[P, R]:
    """Run a step as it is."""
    return step


def run_night(
    settings: Settings,
    business_date: date,
    observe: Observe = overlook,
    around: Callable[[Callable[..., Any], str], Callable[..., Any]] = plainly,
) -> NightResult:
    """Run one night to its end; `around` wraps each step (its second argument is the name that people see).

    Collects what is new, brings every delivery to a decision, rebuilds the indicators and moves `bi` to the next release.
    A second run is harmless: deliveries are decided once, releases are made only of differences. Killed anywhere, the next
    run goes on where this one stopped.

    Raises: WarehouseError; the run is then closed as failed, the staff are told, and readers keep the last release unless it was published.
    """
    night = Night(settings, business_date, observe)
    with telling_of_failure(night), night:
        if settings.sources_file is None:
            around(night.collect, "collect inbox")("inbox")
        else:
            around(night.collect_all, f"collect {len(night.sources)} sources")()
        chunks = night.chunks()
        for number, chunk in enumerate(chunks, start=1):
            around(night.take_in, f"take in {number} of {len(chunks)}")(f"{number}/{len(chunks)}", chunk)
        with night.turn():
            around(night.bring_calendar, "calendar")()
            around(night.cross_check, "cross check")()
            around(night.build, "build")()
            around(night.publish, "publish")()
        around(night.reply, "reply")()
        around(night.alert, "alert")()
        return night.result()
