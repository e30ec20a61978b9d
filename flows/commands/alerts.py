"""`warehouse alerts`: what is wrong since when and whose it is; acknowledge, silence, remind, send what is due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from connectors.settings import Settings, load_settings
from flows.commands.alerts_messages import known_owners, remind, send
from flows.desk import reading, sound_reason
from flows.speech import Speaker, SpokenGroup, command, json_option, option, pass_speaker, say_json
from flows.tables import draw_table
from flows.usage import DayType, WrongUsage

if TYPE_CHECKING:
    from connectors.alerts.owners import Owners

STATES = {
    "open": ("待处理", "open"),
    "acknowledged": ("已认领", "acknowledged"),
    "silenced": ("已静默", "silenced"),
    "resolved": ("已解决", "resolved"),
}
CHANGES = {
    "opened": ("出现", "opened"),
    "changed": ("情况变化", "facts changed"),
    "acknowledged": ("认领", "acknowledged"),
    "silenced": ("静默", "silenced"),
    "woken": ("静默结束", "silence ended"),
    "resolved": ("解决", "resolved"),
}
SEVERITIES_ZH = {"critical": "紧急", "error": "错误", "warning": "提醒"}


@click.group(
    "alerts",
    cls=SpokenGroup,
    invoke_without_command=True,
    zh="预警：出了什么问题、从哪天起、影响哪些指标、该谁处理。默认列出未解决的。\n\n退出码：0 没有待处理的，1 有。",
    en="Alerts: what is wrong, since when, for which figures, and whose move it is. Lists what is not resolved.\n\n"
    "Exit code 0 where nothing is open, else 1.",
)
@option("--open", "only_open", is_flag=True, zh="只列待处理的（不列已认领、已静默的）", en="Open ones only")
@option("--all", "with_resolved", is_flag=True, zh="连同已解决的", en="Resolved ones too")
@json_option
@click.pass_context
def command_line(ctx: click.Context, only_open: bool, with_resolved: bool, as_json: bool) -> int | None:
    """List alerts, unless a sub-command was named."""
    if ctx.invoked_subcommand is not None:
        return None
    speaker = ctx.find_object(Speaker) or Speaker()
    if only_open and with_resolved:
        raise WrongUsage("--open 和 --all 只能写一个。", "Give --open or --all, not both.")
    return _list(load_settings(), speaker, only_open, with_resolved, as_json)


def _list(settings: Settings, speaker: Speaker, only_open: bool, with_resolved: bool, as_json: bool) -> int:
    from connectors.alerts.ledger import read_alerts

    with reading(settings) as conn:
        rows = read_alerts(conn, with_resolved=with_resolved)
        texts = _texts(conn, settings, rows)
    if only_open:
        rows = [row for row in rows if row["state"] == "open"]
    if as_json:
        say_json([{**row, "text": texts[row["alert_id"]]} for row in rows])
    elif not rows:
        speaker.say("没有预警。", "No alerts.")
    else:
        headings = speaker.words("编号 程度 状态 自 内容", "id severity state since what").split()
        text = draw_table(headings, [_line(row, texts, speaker) for row in rows], (0,))
        speaker.say(text, text)
    speaker.note(f"共 {len(rows)} 条", f"{len(rows)} alerts")
    return 1 if any(row["state"] == "open" for row in rows) else 0


def _line(row: Mapping[str, Any], texts: Mapping[int, str], speaker: Speaker) -> list[object]:
    severity = speaker.words(SEVERITIES_ZH[row["severity"]], row["severity"])
    state = speaker.words(*STATES[row["state"]])
    if row["decided_by"]:
        state += f" {row['decided_by']}"
    return [row["alert_id"], severity, state, row["opened_night"], texts[row["alert_id"]]]


def _texts(conn: Any, settings: Settings, rows: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    from connectors.alerts.lines import sentence
    from connectors.alerts.telling import read_names

    names = read_names(conn, _today(), settings.dbt_project_dir)
    return {row["alert_id"]: sentence(dict(row), names) for row in rows}


def _today() -> date:
    from flows.night import today

    return today()


@command("show", "一条预警的经过和通知记录（ID 为编号）。", "One alert with its history and its deliveries.")
@click.argument("alert_id", metavar="ID", type=int)
@json_option
@pass_speaker
def show(speaker: Speaker, alert_id: int, as_json: bool) -> int:
    """Show one alert."""
    from connectors.alerts.ledger import read_alert

    settings = load_settings()
    with reading(settings) as conn:
        row = read_alert(conn, alert_id)
        if row is None:
            raise _unknown(alert_id)
        text = _texts(conn, settings, [row])[alert_id]
    if as_json:
        say_json({**row, "text": text})
        return 0
    speaker.say(f"预警 {alert_id}：{text}", f"Alert {alert_id}: {text}")
    speaker.say(f"状态：{STATES[row['state']][0]}", f"State: {row['state']}")
    headings = speaker.words("次 时间 业务日期 变化 何人 理由", "no at night change who reason").split()
    history = [
        [c["change_no"], f"{c['happened_at']:%Y-%m-%d %H:%M}", c["night"], speaker.words(*CHANGES[c["kind"]]), c["author"], c["reason"]]
        for c in row["changes"]
    ]  # fmt: skip
    table = draw_table(headings, history, (0,))
    speaker.say(f"\n{table}", f"\n{table}")
    headings = speaker.words(
        "消息 通道 收件人 状态 尝试 结果 状态码 对方的回答", "message channel to state try outcome status answer"
    ).split()
    sent = [
        [d["outbox_id"], d["channel_id"], d["recipient_id"], d["state"], d["attempt"], d["outcome"], d["status"], d["answer"]]
        for d in row["deliveries"]
    ]  # fmt: skip
    table = draw_table(headings, sent, (0,)) if sent else speaker.words("没有通知过。", "Nobody was told.")
    speaker.say(f"\n{table}", f"\n{table}")
    return 0


by_option = option("--by", "author", required=True, zh="何人", en="Who")


@command("ack", "认领一条预警：有人在处理。", "Take care of an alert.")
@click.argument("alert_id", metavar="ID", type=int)
@by_option
@json_option
@pass_speaker
def ack(speaker: Speaker, alert_id: int, author: str, as_json: bool) -> int:
    """Acknowledge an alert."""
    from connectors.alerts.ledger import acknowledge

    with reading(load_settings()) as conn:
        state = acknowledge(conn, alert_id, _today(), sound_reason(author))
    return _decided(speaker, alert_id, state, "acknowledged", as_json)


@command(
    "silence",
    "静默一条预警：到某天为止（--until），或直到情况变化（--until-change）；之后自动恢复。",
    "Say nothing of an alert until a day is over, or until its facts change.",
)
@click.argument("alert_id", metavar="ID", type=int)
@option("--until", type=DayType(), zh="静默到这一天（含）", en="Until this day is over")
@option("--until-change", is_flag=True, zh="直到情况变化", en="Until its facts change")
@by_option
@option("--reason", required=True, zh="理由", en="Why")
@json_option
@pass_speaker
def silence(
    speaker: Speaker, alert_id: int, until: date | None, until_change: bool, author: str, reason: str, as_json: bool
) -> int:
    """Silence an alert."""
    from connectors.alerts.ledger import silence as silence_alert

    if (until is None) == (not until_change):
        raise WrongUsage("--until 和 --until-change 写且只写一个。", "Give --until or --until-change, one of them.")
    if until is not None and until < _today():
        raise WrongUsage(f"{until} 已经过去。", f"{until} is past.")
    with reading(load_settings()) as conn:
        state = silence_alert(conn, alert_id, _today(), sound_reason(author), sound_reason(reason), until)
    return _decided(speaker, alert_id, state, "silenced", as_json)


def _decided(speaker: Speaker, alert_id: int, was: str | None, to: str, as_json: bool) -> int:
    if was is None:
        raise _unknown(alert_id)
    if was == "resolved":
        raise WrongUsage(f"预警 {alert_id} 已经解决。", f"Alert {alert_id} is resolved already.")
    if as_json:
        say_json({"alert_id": alert_id, "state": to})
    else:
        speaker.say(f"预警 {alert_id}：{STATES[to][0]}。", f"Alert {alert_id} is {to}.")
    return 0


def _unknown(alert_id: int) -> WrongUsage:
    return WrongUsage(
        f"没有预警 {alert_id}；编号见 warehouse alerts --all。",
        f"There is no alert {alert_id}; see: warehouse alerts --all",
    )


@command("owners", "检查责任人名册（owners.yaml），列出通道和默认责任人。", "Check the register of owners.")
@json_option
@pass_speaker
def owners_command(speaker: Speaker, as_json: bool) -> int:
    """Check the register of owners."""
    owners = known_owners(load_settings())
    rows = [
        [p.person_id, p.name, "、".join(p.channels), *(_owned(owners, p.person_id))] for p in owners.people.values()
    ]
    if as_json:
        keys = ("person_id", "name", "channels", "routes", "contacts")
        say_json({"default": owners.default, "people": [dict(zip(keys, row, strict=True)) for row in rows]})
        return 0
    text = draw_table(
        speaker.words("代号 姓名 通道 分工 联系单位", "id name channels routes contacts").split(), rows, (3, 4)
    )
    speaker.say(text, text)
    speaker.say(f"默认责任人：{owners.default}", f"Default owner: {owners.default}")
    return 0


def _owned(owners: Owners, person_id: str) -> tuple[int, int]:
    routes = sum(route.owner == person_id for route in owners.routes)
    return routes, sum(contact == person_id for contact in owners.contacts.values())


for sub_command in (show, ack, silence, remind, send, owners_command):
    command_line.add_command(sub_command)
