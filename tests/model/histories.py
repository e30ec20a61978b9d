"""Runs random histories: the same ones every time, for each seed others."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from unittest import mock

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import get_state_machine_test

from tests.model.machine import Histories
from tests.model.verdicts import broken_without_expectations
from tests.model.world import World

SHRINKING_SECONDS = 15
"""A history costs seconds; Hypothesis would shrink a failing one for five minutes."""

EVERY = (Phase.explicit, Phase.generate, Phase.shrink)


def run_histories(
    machine: type[Histories], world: World, first: int, histories: int, steps: int, phases: Sequence[Phase] = EVERY
) -> None:
    """Run so many histories of so many steps, drawn from the seed `first`. Raises: Difference, with the shortest history found that shows it."""
    machine.world = world
    test = get_state_machine_test(
        machine,
        settings=settings(
            max_examples=histories,
            stateful_step_count=steps,
            phases=phases,
            database=None,
            deadline=None,
            report_multiple_bugs=False,
            # Histories cost what they cost, and what makes them is bounded by their steps.
            suppress_health_check=list(HealthCheck),
        ),
    )
    with ExitStack() as patches:
        patches.enter_context(
            mock.patch("hypothesis.internal.conjecture.engine.MAX_SHRINKING_SECONDS", SHRINKING_SECONDS)
        )
        if machine.is_light:
            patches.enter_context(mock.patch("expectations.judgement._broken", broken_without_expectations))
        seed(first)(test)()
