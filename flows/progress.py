"""How far a long command has come: a bar for people, a line for each tenth for everything else, both on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

Progress = Callable[[int, int], None]
"""Told how many of how many are done."""


@contextmanager
def progress(label: str, name: str) -> Iterator[Progress]:
    """What draws the progress: `label` before the bar, `name` before the figures of each line."""
    if not sys.stderr.isatty():
        yield _in_tenths(name)
        return
    with click.progressbar(length=1, file=sys.stderr, label=label) as bar:

        def draw(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        yield draw


def _in_tenths(name: str) -> Progress:
    told: set[int] = set()

    def tell(done: int, total: int) -> None:
        tenth = done * 10 // total
        if tenth not in told:
            told.add(tenth)
            click.echo(f"{name} {done}/{total}", err=True)

    return tell
