"""`warehouse status`: the last run, its account, the release, and whether anything runs now."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from connectors.settings import Settings, load_settings
from flows.account import Summary, draw_summary, read_summary
from flows.speech import Speaker, command, json_option, pass_speaker, say_json

if TYPE_CHECKING:
    from connectors.warehouse.audit import Head


@command(
    "status",
    "最近一次运行的账目、当前发布、正在运行的内容；不启动任何服务。",
    "The last run with its account, the release, and what runs now; starts nothing.",
)
@json_option
@pass_speaker
def command_line(speaker: Speaker, as_json: bool) -> int:
    """Tell how things stand."""
    from connectors.postgres import status
    from flows.prefect_home import serving_address

    settings = load_settings()
    database = status(settings)
    summary, chain, closings, waiting = (
        _standing(settings, speaker.lang) if database.is_running else (None, None, [], 0)
    )
    serving = serving_address(settings)
    if as_json:
        say_json(
            {
                "database": asdict(database),
                "serving": serving,
                "last_run": summary.to_dict() if summary else None,
                "chain": asdict(chain) if chain else None,
                "closed": closings,
                "figures_waiting": waiting,
            }
        )
        return 0
    is_running = speaker.words("运行中", "running") if database.is_running else speaker.words("未运行", "not running")
    speaker.say(f"数据库：{database.target}（{is_running}）", f"Database: {database.target} ({is_running})")
    speaker.say(f"界面与定时任务：{serving or '未启动'}", f"UI and schedule: {serving or 'not started'}")
    if chain:
        speaker.say(
            f"事件链：{chain.event_id} 个事件，末端哈希 {chain.short_hash or '—'}",
            f"Chain of events: {chain.event_id} events, ends with hash {chain.short_hash or '—'}",
        )
    if summary is None:
        speaker.say("没有可以读取的运行记录。开始：warehouse run", "No run to be read. Begin with: warehouse run")
        return 0
    speaker.say("", "")
    if summary.run["status"] == "running":
        _tell_unfinished(summary, speaker)
    text = draw_summary(summary, speaker)
    speaker.say(text, text)
    if closings:
        _tell_closed(closings, waiting, speaker)
    return 0


def _standing(settings: Settings, lang: str) -> tuple[Summary | None, Head | None, list[dict[str, Any]], int]:
    """The last run, the end of the chain of events, the closings in effect, and how many of their figures would be another today."""
    from connectors.warehouse.audit import read_head
    from connectors.warehouse.closing_ledger import count_waiting_changes, read_closings
    from connectors.warehouse.engine import connect
    from connectors.warehouse.ledger import is_prepared

    with connect(settings) as conn:
        if not is_prepared(conn):
            return None, None, [], 0
        closings = [row for row in read_closings(conn) if row["reopened_at"] is None]
        return read_summary(conn, lang=lang), read_head(conn), closings, count_waiting_changes(conn)


def _tell_closed(closings: list[dict[str, Any]], waiting: int, speaker: Speaker) -> None:
    periods = ", ".join(sorted({row["period"] for row in closings}))
    held = sum(row["held"] for row in closings)
    speaker.say(
        f"\n已结账：{periods}；等待重述的报送 {held} 份，数字 {waiting} 个（warehouse closings）。"
        if held or waiting
        else f"\n已结账：{periods}；没有等待重述的。",
        f"\nClosed: {periods}; {held} answers and {waiting} figures wait (warehouse closings).",
    )


def _tell_unfinished(summary: Summary, speaker: Speaker) -> None:
    if summary.run["is_alive"]:
        step = summary.steps[-1]["step"] if summary.steps else "prepare"
        speaker.say(f"正在运行，当前步骤：{step}", f"Running now, at the step: {step}")
    else:
        speaker.say(
            "该运行中途停止。再次执行 warehouse run 会接着完成。",
            "That run stopped half-way. Run `warehouse run` to go on with it.",
        )
