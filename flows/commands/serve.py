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
    zh="界面的端口，默认 4200（WAREHOUSE_PREFECT_PORT）；0 为任选，状态页和网上报送的端口随之任选",
    en="The UI's port, by default 4200 (WAREHOUSE_PREFECT_PORT); 0: any, and any for the status page and the intake too",
)
@pass_speaker
def command_line(speaker: Speaker, port: int | None) -> int:
    """Serve until told to stop."""
    from connectors.warehouse.engine import migrate
    from flows.prefect_home import Serving
    from flows.prefect_key import key_file
    from flows.serve import serve

    settings = load_settings()
    migrate(settings)

    def tell(serving: Serving) -> None:
        speaker.say(
            f"界面：{serving.address}（每天 02:00 自动运行；Ctrl-C 停止）",
            f"UI: {serving.address} (runs at 02:00 each day; Ctrl-C stops)",
        )
        speaker.say(
            f"界面的口令在文件 {key_file(settings)} 中（整行，包括 warehouse:）",
            f"The UI asks for what stands in {key_file(settings)} (the whole line, with warehouse:)",
        )
        speaker.say(
            f"状态页：{serving.health}/status　健康检查：{serving.health}/health　指标：{serving.health}/metrics",
            f"Status page: {serving.health}/status  health: {serving.health}/health  metrics: {serving.health}/metrics",
        )

        speaker.say(
            f"网上报送：{serving.intake}（口令用 warehouse intake issue 发给各单位）",
            f"Intake over HTTP: {serving.intake} (tokens for the units: warehouse intake issue)",
        )

    is_any = port == 0
    ports = (
        settings.prefect_port if port is None else port,
        0 if is_any else settings.health_port,
        0 if is_any else settings.intake_port,
    )
    serve(settings, ports, tell, speaker.note)
    return 0
