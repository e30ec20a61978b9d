"""`warehouse dask`: the processes of other machines that read and judge for the night."""

from __future__ import annotations

import click

from connectors.settings import Settings, load_settings
from flows.speech import Speaker, SpokenGroup, command, option, pass_speaker
from flows.usage import WrongUsage


@click.group(
    "dask",
    cls=SpokenGroup,
    zh="多台机器：启动 Dask 调度器、执行进程（WAREHOUSE_DASK_SCHEDULER）。",
    en="Many machines: start the Dask scheduler, or workers (WAREHOUSE_DASK_SCHEDULER).",
)
def command_line() -> None:
    """Many machines."""


@command("scheduler", "启动调度器；Ctrl-C 停止。", "Be the scheduler; Ctrl-C stops it.")
@pass_speaker
def start_scheduler(speaker: Speaker) -> int:
    """Be the scheduler, at the address that everybody is told."""
    from connectors.dask.service import run_scheduler

    settings, address = _asked()
    speaker.note(f"Dask 调度器：{address}（Ctrl-C 停止）", f"Dask scheduler: {address} (Ctrl-C stops)")
    run_scheduler(settings, address)
    return 0


@command(
    "worker",
    "启动执行进程，读取并校验调度器交来的报表；Ctrl-C 停止。",
    "Be workers that read and judge what the scheduler hands them; Ctrl-C stops them.",
)
@option(
    "--processes",
    type=click.IntRange(1, 256),
    default=1,
    zh="进程数，一般为处理器核数",
    en="How many processes, as a rule one for each core",
)
@pass_speaker
def start_workers(speaker: Speaker, processes: int) -> int:
    """Be workers."""
    from connectors.dask.service import run_workers

    settings, address = _asked()
    speaker.note(
        f"{processes} 个执行进程，调度器 {address}（Ctrl-C 停止）",
        f"{processes} workers of the scheduler {address} (Ctrl-C stops)",
    )
    run_workers(settings, address, processes)
    return 0


def _asked() -> tuple[Settings, str]:
    settings = load_settings()
    if settings.dask_scheduler is None:
        raise WrongUsage(
            "请先设置 WAREHOUSE_DASK_SCHEDULER，例如 tls://10.0.0.5:8786。",
            "Set WAREHOUSE_DASK_SCHEDULER first, for example tls://10.0.0.5:8786.",
        )
    return settings, settings.dask_scheduler


for each in (start_scheduler, start_workers):
    command_line.add_command(each)
