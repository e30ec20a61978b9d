"""What the night tells while it runs: moments, and how they are drawn on stderr for people and for logs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import click

from flows.speech import Speaker

STEPS: Mapping[str, tuple[str, str]] = {
    "prepare": ("准备数据库", "prepare the database"),
    "collect": ("收取", "collect"),
    "take_in": ("读取、校验、装载", "read, judge and load"),
    "calendar": ("更新报送日历", "bring the calendar up to date"),
    "cross_check": ("跨报送核对", "compare submissions with each other"),
    "build": ("生成指标并检验（dbt）", "build and test the indicators (dbt)"),
    "publish": ("发布", "publish"),
    "reply": ("答复报送单位，生成报告", "answer the submitters, write the report"),
    "alert": ("预警与通知", "alerts, and messages to the staff"),
}
"""The named steps of the night, in order, in words."""

BACKFILL_STEPS: Mapping[str, tuple[str, str]] = {
    "copy": ("复制一份数据库供预览", "copy the database for the preview"),
    "partition": ("列出要处理的报表和期间", "list the forms and periods"),
    "read": ("读取", "read"),
    "compare": ("核对预览之后有无变化", "see whether anything moved"),
    "bring_in": ("校验、装载、核对", "judge, load and compare"),
}
"""What a backfill has besides steps of the night."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A step of the night begins, or (`is_over`) has ended after `seconds`; `note` is what it has to say then, in counts.

    `run_id` is the run's in the ledger; 0 while it has none yet.
    """

    step: str
    detail: str = ""
    is_over: bool = False
    seconds: float = 0.0
    note: str = ""
    run_id: int = 0


Observe = Callable[[Moment], None]
"""Who watches a night: called at the beginning and at the end of each step, in the night's own thread."""


def overlook(_moment: Moment) -> None:
    """Watch nothing."""


def observer(speaker: Speaker) -> Observe:
    """Draws moments on stderr: one line a step for people at a terminal, plain `step …` lines elsewhere."""
    return _for_terminal(speaker) if sys.stderr.isatty() else _plain


def _plain(moment: Moment) -> None:
    words = ["step", moment.step, moment.detail]
    if moment.is_over:
        words += ["done", f"{moment.seconds:.1f}s", moment.note]
    click.echo(" ".join(word for word in words if word), err=True)


def _for_terminal(speaker: Speaker) -> Observe:
    def draw(moment: Moment) -> None:
        name = speaker.words(*(STEPS.get(moment.step) or BACKFILL_STEPS[moment.step]))
        line = f"{name} {moment.detail}".strip()
        if moment.is_over:
            click.echo(f"\r\033[K✓ {line}  {moment.seconds:.1f} s  {moment.note}".rstrip(), err=True)
        else:
            click.echo(f"\r\033[K… {line}", nl=False, err=True)

    return draw
