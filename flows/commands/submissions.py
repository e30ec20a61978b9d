"""`warehouse submissions`: what units have handed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.settings import load_settings
from flows.desk import known_form, known_period, reading
from flows.speech import Speaker, command, json_option, option, pass_speaker, say_json
from flows.tables import draw_table, visible

if TYPE_CHECKING:
    from connectors.warehouse.ledger import Row

STATES_ZH = {
    "received": "已收到，未处理",
    "in_force": "有效",
    "superseded": "已被新版代替",
    "corrected": "已更正",
    "refused": "已退回",
    "withdrawn": "已撤回",
    "held": "待重述",
}
CAUSES_ZH = {"delivery": "报送", "replay": "重新判定", "correction": "更正", "backfill": "补录重算"}


@command(
    "submissions",
    "列出报送记录，最近的在前。--history 列出一份报送的全部版本和经过。",
    "List submissions, the latest first; with --history every version of one answer, and what happened to it.",
)
@option("--form", "form_id", zh="报表", en="The form")
@option("--unit", "unit_id", zh="单位代码", en="The unit's code")
@option("--period", zh="期间，如 2021-03", en="The period, such as 2021-03")
@option(
    "--state",
    type=str,
    zh="状态：received 未处理、in_force 有效、superseded 被代替、corrected 已更正、refused 退回、withdrawn 撤回、held 待重述",
    en="received, in_force, superseded, corrected, refused, withdrawn or held",
)
@option(
    "--history",
    "answer",
    nargs=3,
    metavar="FORM UNIT PERIOD",
    zh="某报表某单位某期的每个版本：状态、时间、何人、理由",
    en="Every version of this answer: state, when, by whom, why",
)
@option("--limit", type=int, default=100, show_default=True, zh="最多列出多少条", en="How many at most")
@json_option
@pass_speaker
def command_line(
    speaker: Speaker,
    form_id: str | None,
    unit_id: str | None,
    period: str | None,
    state: str | None,
    answer: tuple[str, str, str] | None,
    limit: int,
    as_json: bool,
) -> int:
    """List submissions."""
    from connectors.warehouse.ledger import STATES, read_submissions
    from flows.usage import WrongUsage

    if answer:
        return _tell_history(speaker, *answer, as_json=as_json)
    known_form(form_id)
    if state is not None and state not in STATES:
        raise WrongUsage(
            f"没有状态 {state}。可以是：{'、'.join(STATES)}。",
            f"There is no state {state}; it may be: {', '.join(STATES)}.",
        )
    asked = known_period(period)
    with reading(load_settings()) as conn:
        rows = read_submissions(
            conn, form_id=form_id, unit_id=unit_id, period=asked.id if asked else None, state=state, limit=limit
        )
    if as_json:
        say_json(rows)
        return 0
    headings = speaker.words(
        "报表 单位 期间 版本 状态 入库 待更正 忽略 收到 文件",
        "form unit period version state loaded waiting ignored received file",
    )
    table = [
        [
            row["form_id"],
            row["unit_id"],
            row["period"],
            row["version"],
            speaker.words(STATES_ZH[row["state"]], row["state"]),
            _loaded(row, speaker),
            row["rows_quarantined"],
            row["rows_ignored"],
            f"{row['received_at']:%Y-%m-%d %H:%M}",
            row["object_name"],
        ]
        for row in rows
    ]
    text = draw_table(headings.split(), table, (3, 5, 6, 7))
    speaker.say(text, text)
    speaker.note(f"共 {len(rows)} 条", f"{len(rows)} submissions")
    return 0


def _tell_history(speaker: Speaker, form_id: str, unit_id: str, period: str, *, as_json: bool) -> int:
    """Tell the life of one answer."""
    from connectors.warehouse.event_log import KINDS_ZH, read_life

    form, asked = known_form(form_id), known_period(period)
    assert form is not None and asked is not None  # noqa: S101, PT018 - neither was None
    with reading(load_settings()) as conn:
        versions = read_life(conn, form.form_id, unit_id, asked.id)
    if as_json:
        say_json(versions)
        return 0
    headings = speaker.words("时间 事件 何人 理由", "at event author reason").split()
    for version in versions:
        name, waiting = visible(version["object_name"]), version["rows_quarantined"]
        loaded = _loaded(version, speaker)
        speaker.say(
            f"第 {version['version']} 版【{STATES_ZH[version['state']]}】{CAUSES_ZH[version['cause']]}，入库 {loaded}，待更正 {waiting}，文件 {name}",
            f"Version {version['version']} [{version['state']}] by {version['cause']}, loaded {loaded}, waiting {waiting}, file {name}",
        )
        lines = [
            [
                f"{e['happened_at']:%Y-%m-%d %H:%M}",
                speaker.words(KINDS_ZH[e["kind"]], e["kind"]),
                *(e["author"], e["reason"] or "、".join(e["details"].get("codes", []))),
            ]
            for e in version["events"]
        ]
        text = draw_table(headings, lines) + "\n"
        speaker.say(text, text)
    speaker.note(f"共 {len(versions)} 个版本", f"{len(versions)} versions")
    return 0


def _loaded(row: Row, speaker: Speaker) -> object:
    return speaker.words("零报告", "nil") if row["is_nil"] else row["rows_loaded"]
