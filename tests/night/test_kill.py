"""Kill it anywhere, run it again: the same result as a night that nothing disturbed, and no hand work."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable

import pytest

from flows.moments import STEPS
from tests.canonical import canonical_dump
from tests.night.conftest import Point, Province


def archived(province: Province) -> set[str]:
    """The names of the archived files."""
    return {path.name for path in province.settings.archive_dir.rglob("*") if path.is_file() and len(path.name) == 64}


def assert_same(province: Province, undisturbed: Province) -> None:
    """Both provinces know the same."""
    with province.connect() as left, undisturbed.connect() as right:
        mine, theirs = canonical_dump(left), canonical_dump(right)
    assert mine.keys() == theirs.keys()
    for table, rows in theirs.items():
        assert mine[table] == rows, table
    assert archived(province) == archived(undisturbed)


def _named(point: Point) -> str:
    return f"{'after' if point[1] else 'in'}-{point[0]}"


EVERYWHERE: list[Point] = [*((step, False) for step in STEPS), (list(STEPS)[-1], True)]
"""As each step begins, which is where the one before has ended, and after the last."""

POINTS = EVERYWHERE if os.environ.get("WAREHOUSE_KILL_POINTS") == "all" else EVERYWHERE[-2:-1]
"""Of two nights each: all in `make soak`; in `make test` that with most behind it, and below the middles of the steps that write."""


@pytest.mark.parametrize("point", POINTS, ids=_named)
def test_a_night_killed_at_a_named_step_and_run_again_is_as_if_nothing_happened(
    point: Point, make_province: Callable[[], Province], undisturbed: Province
) -> None:
    province = make_province()
    assert province.run(kill_at=point) == -signal.SIGKILL
    assert province.run() in (0, 1)
    assert_same(province, undisturbed)


def die_in_third_copy() -> None:
    """Make this process die between archiving a file and recording it."""
    from connectors.archive import Archive

    put, copies = Archive.put, []

    def put_and_die(self: Archive, data: bytes) -> str:
        copies.append(put(self, data))
        if len(copies) == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return copies[-1]

    Archive.put = put_and_die  # type: ignore[method-assign]


def die_while_loading() -> None:
    """Make this process die inside the load transaction of its second chunk, with half of it written."""
    from connectors.warehouse import loading

    write, calls = loading._write_outcomes, []

    def write_and_die(*args: object) -> object:
        calls.append(1)
        if len(calls) == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return write(*args)  # type: ignore[arg-type]

    loading._write_outcomes = write_and_die  # type: ignore[assignment]


def die_while_building() -> None:
    """Make this process die while dbt is at work."""
    from connectors import dbt

    build = dbt.build

    def build_and_die(*args: object) -> object:
        threading.Timer(2, os.kill, (os.getpid(), signal.SIGKILL)).start()
        return build(*args)  # type: ignore[arg-type]

    dbt.build = build_and_die  # type: ignore[assignment]


def die_while_publishing() -> None:
    """Make this process die inside the publishing transaction, with the tables moved and the figures not yet."""
    from connectors.warehouse import publish

    def die(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    publish._move_figures = die


@pytest.mark.parametrize("way", [die_in_third_copy, die_while_loading, die_while_building, die_while_publishing])
def test_a_night_killed_in_the_middle_of_its_work_and_run_again_is_as_if_nothing_happened(
    way: Callable[[], None], make_province: Callable[[], Province], undisturbed: Province
) -> None:
    province = make_province()
    assert province.run(prepare=way) == -signal.SIGKILL
    assert province.run() in (0, 1)
    assert_same(province, undisturbed)
