"""`warehouse serve`: scheduler, worker and UI on this machine."""

from __future__ import annotations

from connectors.settings import load_settings
from flows.speech import Speaker, command, option, pass_speaker


@command(
    "serve",
    "启动界面、执行器和每天 02:00（北京时间）的定时任务；Ctrl-C 全部停止。",
    "Start the UI, the worker and the schedule (02:00 Asia/Shanghai); Ctrl-C stops them all.",
)
@option(
    "--port",
    type=int,
    zh="界面的端口，默认 4200（WAREHOUSE_PREFECT_PORT）；0 为任选",
    en="The UI's port, by default 4200 (WAREHOUSE_PREFECT_PORT); 0: any",
)
@pass_speaker
def command_line(speaker: Speaker, port: int | None) -> int:
    """Serve until told to stop."""
    from connectors.warehouse.engine import migrate
    from flows.serve import serve

    settings = load_settings()
    migrate(settings)

    def tell(address: str) -> None:
        speaker.say(
            f"界面：{address}（每天 02:00 自动运行；Ctrl-C 停止）",
            f"UI: {address} (runs at 02:00 each day; Ctrl-C stops)",
        )

    serve(settings, settings.prefect_port if port is None else port, tell)
    return 0
