"""`warehouse submissions`: what units have handed in."""

from __future__ import annotations

from connectors.settings import load_settings
from flows.desk import known_form, known_period, reading
from flows.speech import Speaker, command, json_option, option, pass_speaker, say_json
from flows.tables import draw_table

STATES_ZH = {"in_force": "有效", "superseded": "已被新版代替", "refused": "已退回", "withdrawn": "已撤回"}


@command(
    "submissions",
    "列出报送记录，最近的在前。",
    "List submissions, the latest first.",
)
@option("--form", "form_id", zh="报表", en="The form")
@option("--unit", "unit_id", zh="单位代码", en="The unit's code")
@option("--period", zh="期间，如 2021-03", en="The period, such as 2021-03")
@option(
    "--state",
    type=str,
    zh="状态：in_force 有效、superseded 被代替、refused 退回、withdrawn 撤回",
    en="in_force, superseded, refused or withdrawn",
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
    limit: int,
    as_json: bool,
) -> int:
    """List submissions."""
    from connectors.warehouse.ledger import STATES, read_submissions
    from flows.usage import WrongUsage

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
            speaker.words("零报告", "nil") if row["is_nil"] else row["rows_loaded"],
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
