"""`warehouse run`: the night, now."""

from __future__ import annotations

import time
from datetime import date
from typing import TYPE_CHECKING

from connectors.settings import Settings, load_settings
from flows.moments import Moment, Observe, observer
from flows.speech import Speaker, command, json_option, option, pass_speaker, say_json
from flows.stopping import stopping_in_order
from flows.usage import DayType

if TYPE_CHECKING:
    from flows.night_steps import NightResult


@command(
    "run",
    "现在执行夜间流程：收取、读取、校验、建库、发布、回复。\n\n再次运行不会重复装载；中断后再次运行会接着完成。",
    "Run the night now: collect, take in, build, publish, reply.\n\nA second run loads nothing twice; a killed one is continued by the next.",
)
@option(
    "--date",
    "night",
    type=DayType(),
    zh="业务日期，默认今天（北京时间）",
    en="Business date; today in Shanghai by default",
)
@json_option
@pass_speaker
def command_line(speaker: Speaker, night: date | None, as_json: bool) -> int:
    """Run the night in this process, told to Prefect."""
    from flows.night import today

    settings = load_settings()
    if settings.sources_file is not None:
        from connectors.sources.declaration_file import read_sources

        # What is wrong in it is said at once, before anything is started.
        read_sources(settings)
    began = time.monotonic()
    draw, seen = observer(speaker), [0]

    try:
        with stopping_in_order() as go_on:

            def observe(moment: Moment) -> None:
                seen.append(moment.run_id)
                draw(moment)
                go_on()

            result = _run(settings, night or today(), observe)
    except (Exception, KeyboardInterrupt):
        # One that stopped before it had a number in the ledger has no account; that of an earlier run would mislead.
        if seen[-1]:
            _tell(settings, speaker, seen[-1], None, as_json, time.monotonic() - began)
        raise
    _tell(settings, speaker, result.run_id, result, as_json, time.monotonic() - began)
    return result.exit_code


def _run(settings: Settings, night: date, observe: Observe) -> NightResult:
    from flows.prefect_home import enter, scheduler

    with scheduler(settings) as api:
        enter(settings, api.api_url)
        # What every night needs takes seconds to import; Prefect's server starts meanwhile on the other core.
        from connectors.dbt import warm_up
        from flows.nightly import run_watched

        warm_up()
        api.wait_until_ready()
        return run_watched(night, observe)


def _tell(
    settings: Settings, speaker: Speaker, run_id: int, result: NightResult | None, as_json: bool, seconds: float
) -> None:
    """The night's account; a failed night's as far as it came, if it can still be read."""
    from connectors.errors import DatabaseError
    from connectors.warehouse.engine import connect
    from connectors.warehouse.ledger import is_prepared
    from flows.account import draw_summary, read_summary

    try:
        with connect(settings) as conn:
            summary = read_summary(conn, run_id, speaker.lang) if is_prepared(conn) else None
    except DatabaseError:
        return
    if summary is None:
        return
    report = str(result.report) if result else None
    account = [str(path) for path in result.year_account] if result else []
    if as_json:
        say_json({**summary.to_dict(), "report": report, "year_account": account, "seconds": round(seconds, 1)})
        return
    text = draw_summary(summary, speaker)
    speaker.say(text, text)
    if report:
        speaker.say(f"年度报告：{report}", f"Report: {report}")
    for path in account:
        speaker.say(f"年度工作报告：{path}", f"The year's account: {path}")
    speaker.say(f"总用时 {seconds:.1f} 秒", f"{seconds:.1f} s in all")
