"""`warehouse waiver`: dated exceptions to one rule for one unit."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, timedelta
from typing import TYPE_CHECKING

import click

from connectors.settings import load_settings
from flows.desk import author_option, reading, reason_option, sound_reason
from flows.speech import Speaker, SpokenGroup, command, json_option, option, pass_speaker, say_json
from flows.tables import draw_table
from flows.usage import DayType, WrongUsage

if TYPE_CHECKING:
    from connectors.warehouse.waivers import Waiver


@click.group(
    "waiver",
    cls=SpokenGroup,
    zh="豁免：某单位在一段时间内不受某条规则约束。",
    en="Waivers: a rule that does not bind a unit for some time.",
)
def command_line() -> None:
    """Waivers."""


@command(
    "add",
    "豁免一条规则（RULE 是规则代码，见规则目录）。\n\n"
    "报告期整个落在起止日之内的，该规则的问题改为“告知”，该行照常入库。退回整份的规则、必填项、数值范围、名册代码、重复行、部分不大于总数的规则，以及名册本身的规则不能豁免；读不出来的数值也不能。",
    "Waive a rule (RULE is its code).\n\nIts findings about periods within the dates are told and keep no row from loading. "
    "What refuses a workbook, required fields, ranges, codes of registers, keys, parts of a whole and the rules of registers "
    "cannot be waived; nor can an unreadable value.",
)
@click.argument("rule_code", metavar="RULE")
@option("--unit", "unit_id", required=True, zh="单位代码", en="The unit's code")
@option("--from", "first_day", type=DayType(), required=True, zh="第一天，如 2021-01-01", en="The first day")
@option("--to", "last_day", type=DayType(), required=True, zh="最后一天，如 2021-12-31", en="The last day")
@reason_option
@author_option
@json_option
@pass_speaker
def add(
    speaker: Speaker,
    rule_code: str,
    unit_id: str,
    first_day: date,
    last_day: date,
    reason: str,
    author: str,
    as_json: bool,
) -> int:
    """Add a waiver."""
    from connectors.warehouse.ledger import read_units
    from connectors.warehouse.waivers import add_waiver

    _check_rule(rule_code)
    _check_days(first_day, last_day)
    with reading(load_settings()) as conn:
        if unit_id not in {code for code, _, _ in read_units(conn, first_day, last_day)}:
            raise WrongUsage(
                f"这段时间的单位名册中没有 {unit_id}。", f"The register has no unit {unit_id} in that time."
            )
        waiver_id = add_waiver(
            conn, rule_code, unit_id, first_day, last_day, reason=sound_reason(reason), author=sound_reason(author)
        )
    if as_json:
        say_json({"waiver_id": waiver_id})
        return 0
    speaker.say(
        f"豁免 {waiver_id}：{unit_id} 从 {first_day} 到 {last_day} 不受 {rule_code} 约束。已在待更正的行，用 warehouse quarantine replay 重新判定。",
        f"Waiver {waiver_id}: {rule_code} does not bind {unit_id} from {first_day} to {last_day}. "
        "Rows that wait already are judged again by: warehouse quarantine replay",
    )
    return 0


@command("list", "列出豁免。", "List waivers.")
@option("--ended", "with_ended", is_flag=True, zh="连同已终止的", en="Those that were ended too")
@json_option
@pass_speaker
def list_waivers(speaker: Speaker, with_ended: bool, as_json: bool) -> int:
    """List waivers."""
    from connectors.warehouse.waivers import read_waivers

    with reading(load_settings()) as conn:
        waivers = read_waivers(conn, with_ended=with_ended)
    if as_json:
        say_json([asdict(waiver) for waiver in waivers])
        return 0
    headings = speaker.words("编号 规则 单位 从 到 理由 决定人 终止", "id rule unit from to reason author ended")
    text = draw_table(headings.split(), [_line(waiver) for waiver in waivers], (0,))
    speaker.say(text, text)
    speaker.note(f"共 {len(waivers)} 条", f"{len(waivers)} waivers")
    return 0


@command(
    "end",
    "提前终止一条豁免（编号见 warehouse waiver list）；以后的判定不再豁免，已入库的行不变。",
    "End a waiver (its id is in: warehouse waiver list) for what is decided from now on.",
)
@click.argument("waiver_id", metavar="ID", type=int)
@reason_option
@author_option
@json_option
@pass_speaker
def end(speaker: Speaker, waiver_id: int, reason: str, author: str, as_json: bool) -> int:
    """End a waiver."""
    from connectors.warehouse.waivers import end_waiver

    with reading(load_settings()) as conn:
        if not end_waiver(conn, waiver_id, reason=sound_reason(reason), author=sound_reason(author)):
            raise WrongUsage(
                f"没有豁免 {waiver_id}，或它已经终止。", f"There is no waiver {waiver_id}, or it was ended already."
            )
    if as_json:
        say_json({"waiver_id": waiver_id, "is_ended": True})
        return 0
    speaker.say(f"豁免 {waiver_id} 已终止。", f"Waiver {waiver_id} has ended.")
    return 0


def _check_rule(rule_code: str) -> None:
    from connectors.warehouse.waivers import waivable_rules
    from expectations.contract import forms

    if rule_code in waivable_rules():
        return
    if rule_code in {rule.code for form in forms().values() for rule in form.rules}:
        raise WrongUsage(
            f"{rule_code} 不能豁免：指标和全省的检验建立在它之上（必填项、数值范围、名册代码、重复行、部分不大于总数、名册）。"
            "请改正数据；规则过严的，请维护人员修改规则。",
            f"{rule_code} cannot be waived: figures and the checks of the night are built upon it. Mend the data or the rule.",
        )
    if rule_code.split(".", maxsplit=1)[0] in ("value", "file", "form"):
        raise WrongUsage(
            f"{rule_code} 不能豁免：读不出来的内容不能计数。请填报单位改正后重报。",
            f"{rule_code} cannot be waived: what cannot be read cannot be counted. The unit has to mend it.",
        )
    raise WrongUsage(
        f"没有规则 {rule_code}，见规则目录。", f"There is no rule {rule_code}; see the catalogue of rules."
    )


def _check_days(first_day: date, last_day: date) -> None:
    from connectors.warehouse.waivers import LONGEST_DAYS

    if first_day > last_day:
        raise WrongUsage(f"{first_day} 晚于 {last_day}。", f"{first_day} is after {last_day}.")
    if last_day - first_day > timedelta(days=LONGEST_DAYS):
        raise WrongUsage(
            "一次豁免最长五年；更久的，请维护人员修改规则。",
            "A waiver lasts five years at most; beyond that, change the rule.",
        )


def _line(waiver: Waiver) -> list[object]:
    ended = f"{waiver.ended_at:%Y-%m-%d} {waiver.end_author}：{waiver.end_reason}" if waiver.ended_at else ""
    return [
        *(waiver.waiver_id, waiver.rule_code, waiver.unit_id, waiver.first_day, waiver.last_day),
        *(waiver.reason, waiver.author, ended),
    ]


for sub_command in (add, list_waivers, end):
    command_line.add_command(sub_command)
