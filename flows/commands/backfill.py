"""`warehouse backfill`: judge a range again, or bring in history; first shown, then done."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from connectors.settings import Settings, load_settings
from flows.desk import reading, sound_reason
from flows.moments import Moment, Observe, observer
from flows.speech import Speaker, SpokenGroup, command, json_option, option, pass_speaker, say_json
from flows.stopping import stopping_in_order
from flows.tables import draw_table
from flows.usage import DayType, WrongUsage

if TYPE_CHECKING:
    from connectors.warehouse.backfill.parameters import Parameters
    from connectors.warehouse.backfill.records import Record, State
    from flows.backfill_run import Applied, Previewed

T = TypeVar("T")

STATES_ZH = {
    "reading": "读取中（中断的用 resume 继续）",
    "paused": "已暂停",
    "cancelled": "已取消",
    "loaded": "已入库，待发布",
    "done": "已完成",
}


@click.group(
    "backfill",
    cls=SpokenGroup,
    invoke_without_command=True,
    zh="补录与重算：按今天的合同、规则、名册、豁免和更正，把一段期间存档的原件重新判定；或从文件夹补录历史报表。\n\n"
    "先用 --preview 预览（不改动任何数据），看过之后用 --apply 执行；其间有任何变化，执行会被拒绝。",
    en="Judge the archived originals of a range again, under today's contracts, rules, registers, waivers and corrections; or bring "
    "in history from a folder.\n\nLook first (--preview changes nothing), then --apply, which does what the preview showed or refuses.",
)
@option("--from", "first", zh="从这一期起，如 2021-01", en="From this period on, such as 2021-01")
@option("--to", "last", zh="到这一期止，如 2021-06、2021", en="Up to this period, such as 2021-06 or 2021")
@option("--form", "form_ids", multiple=True, zh="只限这张报表，可以写多个", en="This form only; may be repeated")
@option("--unit", "unit_ids", multiple=True, zh="只限这个单位，可以写多个", en="This unit only; may be repeated")
@option(
    "--rules", "by_rules", is_flag=True, zh="重新判定存档的原件（默认）", en="Judge archived originals again (default)"
)
@option(
    "--source",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    zh="从这个文件夹补录历史报表",
    en="Bring in history from this folder",
)
@option("--only-missing", is_flag=True, zh="只处理没有生效报送的", en="Only where no answer is in force")
@option(
    "--preview", "is_preview", is_flag=True, zh="预览，不改动任何数据", en="Show what would happen; changes nothing"
)
@option("--apply", "is_apply", is_flag=True, zh="按预览执行", en="Do what the preview showed")
@option(
    "--plan",
    "plan_id",
    zh="预览的编号，默认同样范围最近的一次",
    en="The preview's id; by default the newest of this range",
)
@option("--reason", zh="理由（执行时必填）", en="Why (needed to apply)")
@option("--author", zh="决定人（执行时必填）", en="Who answers for it (needed to apply)")
@option(
    "--restate",
    "restates",
    is_flag=True,
    zh="可以改动已结账的期间，按重述处理",
    en="Closed periods may change, as a restatement",
)
@option(
    "--reply",
    "sends_answers",
    is_flag=True,
    zh="答复报送单位（默认不答复）",
    en="Answer the submitters (not by default)",
)
@option("--date", "night", type=DayType(), zh="业务日期，默认今天", en="Business date; today by default")
@json_option
@pass_speaker
@click.pass_context
def command_line(context: click.Context, speaker: Speaker, /, **asked: Any) -> int:
    """Preview or apply."""
    if context.invoked_subcommand:
        return 0
    if asked["is_preview"] == asked["is_apply"]:
        raise WrongUsage("请写 --preview（预览）或 --apply（执行），二者选一。", "Say either --preview or --apply.")
    if asked["is_preview"]:
        return _preview(speaker, _parameters(asked), asked["night"], asked["as_json"])
    if not (asked["reason"] and asked["author"]):
        raise WrongUsage("执行要写 --reason 理由 和 --author 决定人。", "To apply, give --reason and --author.")
    parameters = None if asked["plan_id"] and not asked["first"] else _parameters(asked)
    return _apply(speaker, parameters, asked)


def _parameters(asked: dict[str, Any]) -> Parameters:
    from flows.backfill_asked import parameters_of

    if asked["by_rules"] and asked["folder"]:
        raise WrongUsage("--rules 和 --source 只能选一个。", "Say either --rules or --source.")
    return parameters_of(
        asked["first"],
        asked["last"],
        asked["form_ids"],
        asked["unit_ids"],
        str(asked["folder"].absolute()) if asked["folder"] else None,
        only_missing=asked["only_missing"],
        restates=asked["restates"],
        sends_answers=asked["sends_answers"],
    )


def _preview(speaker: Speaker, parameters: Parameters, night: date | None, as_json: bool) -> int:
    from flows.backfill_words import draw_preview

    settings = load_settings()
    with reading(settings):
        pass
    previewed: Previewed = _watched(
        settings, speaker, lambda observe: _flow().preview_watched(parameters, night, observe)
    )
    if as_json:
        say_json({**previewed.plan.to_json(), "page": str(previewed.page)})
    else:
        draw_preview(previewed.shown, speaker)
        speaker.say(f"网页：{previewed.page}", f"Page: {previewed.page}")
    return 0


def _apply(speaker: Speaker, parameters: Parameters | None, asked: dict[str, Any]) -> int:
    from flows.backfill_run import plan_to_apply

    settings = load_settings()
    reason, author = sound_reason(asked["reason"]), sound_reason(asked["author"])
    plan = plan_to_apply(settings, parameters, asked["plan_id"], _preview_command(parameters))
    return _carry_out(
        settings,
        speaker,
        asked["as_json"],
        lambda observe: _flow().apply_watched(plan, reason, author, asked["night"], observe),
    )


def _carry_out(settings: Settings, speaker: Speaker, as_json: bool, run: Callable[[Observe], Applied]) -> int:
    from flows.backfill_words import draw_applied

    began = time.monotonic()
    applied = _watched(settings, speaker, run)
    seconds = round(time.monotonic() - began, 1)
    if as_json:
        facts = {"backfill_id": applied.backfill_id, "plan_id": applied.plan.plan_id, "release_id": applied.release_id}
        say_json({**facts, "already_applied": applied.result is None, "result": applied.result, "seconds": seconds})
    else:
        draw_applied(applied, speaker)
    return 0


def _flow() -> Any:
    from flows import backfill

    return backfill


def _watched(settings: Settings, speaker: Speaker, run: Callable[[Observe], T]) -> T:
    """Run something in Prefect's surroundings, its moments drawn, stopped in order."""
    from flows.prefect_home import enter, scheduler

    draw = observer(speaker)
    with stopping_in_order() as go_on, scheduler(settings) as api:

        def observe(moment: Moment) -> None:
            draw(moment)
            go_on()

        enter(settings, api.api_url)
        _flow()
        api.wait_until_ready()
        return run(observe)


def _preview_command(parameters: Parameters | None) -> str:
    if parameters is None:
        return "warehouse backfill --from 2021-01 --to 2021-12 --preview"
    words = ["warehouse backfill", "--from", parameters.first_period, "--to", parameters.last_period]
    for name, values in (("--form", parameters.form_ids), ("--unit", parameters.unit_ids)):
        words += [word for value in values for word in (name, value)]
    words += ["--source", parameters.folder] if parameters.folder else []
    said = {
        "--only-missing": parameters.only_missing,
        "--restate": parameters.restates,
        "--reply": parameters.sends_answers,
    }
    return " ".join([*words, *(flag for flag, is_said in said.items() if is_said), "--preview"])


@command("list", "列出执行过的补录，最近的在前。", "List the backfills that were applied, the newest first.")
@json_option
@pass_speaker
def list_backfills(speaker: Speaker, as_json: bool) -> int:
    """List backfills."""
    from connectors.warehouse.backfill.records import read_backfills

    with reading(load_settings()) as conn:
        records = read_backfills(conn)
    if as_json:
        say_json([asdict(record) for record in records])
        return 0
    text = _draw(records, speaker)
    speaker.say(text, text)
    return 0


def _draw(records: Sequence[Record], speaker: Speaker) -> str:
    headings = speaker.words(
        "编号 预览 范围 状态 分区 发布 决定人 理由", "id plan range state partitions release author reason"
    ).split()
    return draw_table(headings, [_line(record, speaker) for record in records], (0, 5))


def _line(record: Record, speaker: Speaker) -> list[object]:
    asked = record.asked
    return [
        *(record.backfill_id, record.plan_id, f"{asked.first_period}—{asked.last_period}"),
        speaker.words(STATES_ZH[record.state], record.state),
        *(f"{record.partitions_read}/{record.partitions}", record.release_id, record.author, record.reason),
    ]


@command(
    "show",
    "一次补录的各个分区（报表 × 期间）和进度。",
    "The partitions (form × period) of a backfill, and how far it is.",
)
@click.argument("backfill_id", type=int, metavar="ID")
@json_option
@pass_speaker
def show_backfill(speaker: Speaker, backfill_id: int, as_json: bool) -> int:
    """Show a backfill."""
    from connectors.warehouse.backfill.records import read_partition_records

    settings = load_settings()
    record = _known(settings, backfill_id)
    with reading(settings) as conn:
        partitions = read_partition_records(conn, backfill_id)
    if as_json:
        say_json({**asdict(record), "partitions": [asdict(partition) for partition in partitions]})
        return 0
    text = _draw([record], speaker)
    headings = speaker.words("报表 期间 状态 原件 新版本", "form period state files versions").split()
    states = {"waiting": "待读取", "read": "已读取", "loaded": "已入库"}
    lines = [
        [
            p.form_id,
            p.period,
            speaker.words(states[p.state], p.state),
            p.files,
            p.versions if p.state == "loaded" else None,
        ]
        for p in partitions
    ]
    text += "\n\n" + draw_table(headings, lines, (3, 4))
    speaker.say(text, text)
    return 0


def _known(settings: Settings, backfill_id: int) -> Record:
    from connectors.warehouse.backfill.records import read_backfills

    with reading(settings) as conn:
        found = read_backfills(conn, backfill_id=backfill_id)
    if not found:
        raise WrongUsage(
            f"没有补录 {backfill_id}（见 warehouse backfill list）。",
            f"There is no backfill {backfill_id}; see `warehouse backfill list`.",
        )
    return found[0]


@command(
    "pause",
    "暂停正在读取的补录；已读取的保留，数据不受影响。",
    "Pause a backfill that is reading; what was read is kept.",
)
@click.argument("backfill_id", type=int, metavar="ID")
@pass_speaker
def pause_backfill(speaker: Speaker, backfill_id: int) -> int:
    """Pause."""
    return _move(speaker, backfill_id, "paused")


@command(
    "cancel",
    "取消还没有入库的补录；数据如同没有执行过。",
    "Cancel a backfill of which nothing is loaded yet; nothing of it is left.",
)
@click.argument("backfill_id", type=int, metavar="ID")
@pass_speaker
def cancel_backfill(speaker: Speaker, backfill_id: int) -> int:
    """Cancel."""
    from connectors.keys import Keyring
    from connectors.warehouse.backfill.staging import Staging

    settings = load_settings()
    plan_id = _known(settings, backfill_id).plan_id
    code = _move(speaker, backfill_id, "cancelled")
    Staging(settings, Keyring.load(settings), plan_id).drop()
    return code


def _move(speaker: Speaker, backfill_id: int, state: State) -> int:
    from connectors.warehouse.backfill.records import move_state

    settings = load_settings()
    record = _known(settings, backfill_id)
    with reading(settings) as conn:
        is_moved = record.state == state or move_state(conn, backfill_id, state)
    if not is_moved:
        raise WrongUsage(
            f"补录 {backfill_id} 现在是“{STATES_ZH[record.state]}”，不能再改；已入库的报送可以用 warehouse withdraw 撤回。",
            f"The backfill {backfill_id} is {record.state} and cannot be changed; what is loaded can be withdrawn by `warehouse withdraw`.",
        )
    speaker.say(f"补录 {backfill_id}：{STATES_ZH[state]}", f"Backfill {backfill_id}: {state}")
    return 0


@command("resume", "继续暂停或中断的补录，从没有读取的分区开始。", "Go on with a backfill that was paused or killed.")
@click.argument("backfill_id", type=int, metavar="ID")
@option("--date", "night", type=DayType(), zh="业务日期，默认今天", en="Business date; today by default")
@json_option
@pass_speaker
def resume_backfill(speaker: Speaker, backfill_id: int, night: date | None, as_json: bool) -> int:
    """Resume."""
    from connectors.warehouse.backfill.records import move_state
    from flows.backfill_run import plan_to_apply

    settings = load_settings()
    record = _known(settings, backfill_id)
    plan = plan_to_apply(settings, None, record.plan_id, _preview_command(record.asked))
    with reading(settings) as conn:
        move_state(conn, backfill_id, "reading")
    return _carry_out(
        settings,
        speaker,
        as_json,
        lambda observe: _flow().apply_watched(plan, record.reason, record.author, night, observe),
    )


for sub_command in (list_backfills, show_backfill, pause_backfill, resume_backfill, cancel_backfill):
    command_line.add_command(sub_command)
